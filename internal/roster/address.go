package roster

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longest parts of an address (RFC 5321, 4.5.3.1; the whole leaves room for the angle brackets).
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// addressFault says what is wrong with an address; empty if nothing is. It takes what mail servers
// deliver to: one bare address, unquoted and in ASCII before the @, at a domain name. What RFC 5322 allows beyond that
// (comments, quoted local parts, address literals) is, in a contacts file, a slip.
func addressFault(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case len(s) > maxAddress:
		return "it is longer than 254 characters"
	case strings.ContainsAny(s, "<>"):
		return "it is more than an address"
	case strings.ContainsAny(s, ",;"):
		return "it is more than one address"
	case strings.ContainsFunc(s, unicode.IsSpace):
		return "it has a blank inside"
	case strings.ContainsFunc(s, isInvisible):
		return "it has an invisible character"
	}
	local, domain, found := strings.Cut(s, "@")
	switch {
	case !found:
		return "it has no @"
	case strings.Contains(domain, "@"):
		return "it has more than one @"
	}
	if fault := localFault(local); fault != "" {
		return fault
	}
	return domainFault(domain)
}

func localFault(local string) string {
	switch {
	case local == "":
		return "nothing stands before the @"
	case len(local) > maxLocal:
		return "more than 64 characters stand before the @"
	case strings.HasPrefix(local, "."), strings.HasSuffix(local, "."), strings.Contains(local, ".."):
		return "a dot before the @ is out of place"
	}
	for _, r := range local {
		// Beyond ASCII it would take SMTPUTF8 (RFC 6531) at every server on the way.
		if isAlphanumeric(r) || strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r) {
			continue
		}
		return "it has the character " + string(r) + " before the @"
	}
	return ""
}

func domainFault(domain string) string {
	if domain == "" {
		return "nothing stands after the @"
	}
	if !strings.Contains(domain, ".") {
		return "its domain has no dot"
	}
	if domain[0] == '.' || domain[len(domain)-1] == '.' || strings.Contains(domain, "..") {
		return "a dot in its domain is out of place"
	}
	digits := false // of the last label
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > maxLabel {
			return "a part of its domain is longer than 63 characters"
		}
		if label[0] == '-' || label[len(label)-1] == '-' {
			return "a dash in its domain is out of place"
		}
		digits = true
		for _, r := range label {
			if r < utf8.RuneSelf && !isAlphanumeric(r) && r != '-' ||
				r >= utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				return "its domain has the character " + string(r)
			}
			digits = digits && r >= '0' && r <= '9'
		}
	}
	if digits {
		return "its domain is a number"
	}
	return ""
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// isInvisible is what can be seen in no editor: control and format characters (zero-width blanks, marks
// of direction), which come with text that was copied from a page.
func isInvisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
