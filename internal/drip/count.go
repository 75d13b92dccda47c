package drip

import "fmt"

// Count is a number of things in words that are not for a table: "1 message", "50 messages".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
