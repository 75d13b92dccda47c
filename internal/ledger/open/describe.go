package open

import "net/url"

// Describe is a ledger's URL as it may be shown: without a password.
func Describe(ledger string) string {
	u, err := url.Parse(ledger)
	if err != nil {
		return "(unreadable URL)"
	}
	return u.Redacted()
}
