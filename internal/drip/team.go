package drip

import "time"

// Defaults of every account whose team file says nothing else.
const (
	DefaultPerHour = 50
	DefaultPerDay  = 400
)

// Team is who mail may leave from, and when.
type Team struct {
	Zone     *time.Location // the zone of the team: of its calendar, its days and its slots
	Calendar Calendar
	Accounts []Account
}

// Account finds an account by its id.
func (t Team) Account(id string) (Account, bool) {
	for _, a := range t.Accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}

// Account is a mailbox that mail leaves from. Its quotas are complete: the team's defaults are
// already filled in.
type Account struct {
	ID     string
	Name   string
	Email  string
	SMTP   SMTP
	Quotas Quotas
	// Zone and Calendar restrict the team's calendar further; nil means no restriction of its own.
	// Calendar is complete (keys the file leaves out are the team's), and is read in Zone, or in
	// the team's zone when the account has none.
	Zone     *time.Location
	Calendar *Calendar
}

// Quotas say how many messages may leave an account at most, over all engagements together.
type Quotas struct {
	PerHour int           // in a slot and in any sliding 60 minutes
	PerDay  int           // in any sliding 24 hours
	MinGap  time.Duration // between two messages, from the end of one to the start of the next
}

// PerSlot is how many messages fit into one slot: PerHour, or fewer where MinGap leaves room for
// fewer.
func (q Quotas) PerSlot() int {
	if q.MinGap <= 0 {
		return q.PerHour
	}
	return min(q.PerHour, int(SlotLength/q.MinGap))
}

// TLSMode says how the connection to the mail server is protected.
type TLSMode string

// The modes of a team file's `tls`.
const (
	StartTLS    TLSMode = "starttls" // mandatory: never falls back to plain text
	ImplicitTLS TLSMode = "implicit"
	NoTLS       TLSMode = "none" // loopback hosts only, unless SMTP.Insecure
)

// SMTP is where and how an account hands its mail over. The password itself is never in it: it is
// read, when a connection is made, from the environment variable or the file named here.
type SMTP struct {
	Host         string
	Port         int
	TLS          TLSMode
	Username     string // empty: no login
	PasswordEnv  string
	PasswordFile string
	Insecure     bool // allows TLS "none" to a host that is not on loopback
}
