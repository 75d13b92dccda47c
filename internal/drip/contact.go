package drip

import "strings"

// Contact is a person to write to, as one row of the contacts file.
type Contact struct {
	Row    int      // line of the file the row starts on; the header is line 1
	Email  string   // as in the file, without surrounding blanks
	Owner  string   // an account id or address, or empty
	Values []string // one for each of the roster's Columns, in that order
	// Account is the id of the account that writes to the contact in every step; set once senders
	// are distributed.
	Account string
}

// Person is the key under which one human being is known everywhere: the address in lower case.
// Two spellings of one address are one person.
func Person(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Domain is the part of an address after the @, in lower case.
func Domain(email string) string {
	_, domain, _ := strings.Cut(Person(email), "@")
	if i := strings.LastIndexByte(domain, '@'); i >= 0 {
		domain = domain[i+1:]
	}
	return domain
}

// HeldReason says why a contact is left out before the start.
type HeldReason string

// The reasons, in the order they are looked for: a contact is held for the first that applies.
const (
	HeldInvalidEmail    HeldReason = "invalid_email"
	HeldDuplicate       HeldReason = "duplicate"
	HeldBlocklisted     HeldReason = "blocklisted"
	HeldActiveElsewhere HeldReason = "active_elsewhere"
	HeldAlreadyEngaged  HeldReason = "already_engaged"
	HeldMissingVariable HeldReason = "missing_variable"
	HeldNoOwner         HeldReason = "no_owner"
)

// Held is a contact left out, with its reason.
type Held struct {
	Email  string     `json:"email"`
	Row    int        `json:"row"`
	Reason HeldReason `json:"reason"`
	// Detail says more: the variable that is missing, the row that is repeated, the engagement that
	// has the contact, the blocklist entry, what is wrong with the address.
	Detail string `json:"detail,omitempty"`
}

// Standing is what is known of a person before they are engaged.
type Standing struct {
	Blocked string // the blocklist entry (address or domain) that covers them, or empty
	Active  string // the active engagement they are in, or empty
	Past    string // an earlier engagement that handed them a message (sent or unknown), or empty
}
