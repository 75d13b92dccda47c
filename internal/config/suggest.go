package config

import (
	"slices"
	"strings"
)

// places says under which key of an account or a team the keys below it belong.
var places = map[string]string{
	"per_hour": "quotas", "per_day": "quotas", "min_gap": "quotas",
	"days": "calendar", "hours": "calendar", "holidays": "calendar",
	"host": "smtp", "port": "smtp", "tls": "smtp", "username": "smtp",
	"password_env": "smtp", "password_file": "smtp", "insecure": "smtp",
	"subject": "steps", "text": "steps", "html": "steps", "after": "steps", "at": "steps",
}

// literalSecrets are keys that people put a password under.
var literalSecrets = []string{"password", "passwd", "pass", "pwd", "passphrase", "secret", "token", "api_key", "apikey"}

// unknownKey says what a key that is not among those known was probably meant to be.
func unknownKey(e entry, known []field) error {
	keys := make([]string, len(known))
	for i, f := range known {
		keys[i] = f.key
	}
	if slices.Contains(literalSecrets, strings.ToLower(e.key)) {
		return problem(e.line,
			"delete the line, and under smtp: write password_env: with the name of the environment variable that holds the password, or password_file: with the path of a file",
			"%s: a secret is never written in this file", e.key)
	}
	if place, ok := places[e.key]; ok && slices.Contains(keys, place) {
		return problem(e.line, "write it under "+place+":", "the key %s does not belong here", e.key)
	}
	if near := nearest(e.key, keys); near != "" {
		return problem(e.line, "did you mean "+near+"?", "unknown key %s", shown(e.key))
	}
	return problem(e.line, "the keys known here are "+strings.Join(keys, ", "), "unknown key %s", shown(e.key))
}

// shown is a word of the file as an error repeats it: short, and on one line.
func shown(word string) string {
	clean := strings.Map(func(r rune) rune {
		if isLineControl(r) {
			return ' '
		}
		return r
	}, word)
	if runes := []rune(clean); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return clean
}

// nearest is the word that a misspelt one was probably meant to be; empty if none is near.
func nearest(word string, words []string) string {
	if len(word) > 40 {
		return ""
	}
	plain := func(s string) string {
		return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
	}
	best, bestDistance := "", 0
	for _, w := range words {
		d := distance(plain(word), plain(w))
		if near := d <= max(1, len(w)/3); near && (best == "" || d < bestDistance) {
			best, bestDistance = w, d
		}
	}
	return best
}

// distance is how many letters must be added, dropped, replaced or swapped with their neighbour to
// make b of a.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	var before []int
	last := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row := make([]int, len(t)+1)
		row[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}
