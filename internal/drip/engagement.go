package drip

import "time"

// Mode says how fast an engagement may go.
type Mode string

// The modes of `--mode`.
const (
	ModeASAP   Mode = "asap"   // each account up to its own quotas
	ModeSpread Mode = "spread" // also at most PerHour and PerDay over all accounts
)

// Pace says how messages are placed inside a slot.
type Pace string

// The paces of `--pace`.
const (
	PaceHuman Pace = "human" // one at random in each n-th part of what is left of the hour
	PaceBurst Pace = "burst" // at once
)

// From says which accounts an engagement's mail leaves from.
type From struct {
	Kind     FromKind `json:"kind"`
	Accounts []string `json:"accounts,omitempty"` // of FromMe (one) and FromList
}

// FromKind is one of the three ways to choose senders.
type FromKind string

// The kinds of `--from`.
const (
	FromMe     FromKind = "me"     // one account
	FromOwners FromKind = "owners" // each contact's owner
	FromList   FromKind = "list"   // spread at random over a list, shares equal to within one
)

// Engagement is one set of contacts engaged in one sequence with one configuration.
type Engagement struct {
	ID       string   `json:"id"`
	Sequence Sequence `json:"sequence"`
	Zone     string   `json:"zone"` // IANA name of the team's zone when it was engaged
	From     From     `json:"from"`
	Mode     Mode     `json:"mode"`
	PerHour  int      `json:"per_hour,omitempty"` // spread only; 0 means no limit
	PerDay   int      `json:"per_day,omitempty"`  // spread only; 0 means no limit
	Pace     Pace     `json:"pace"`
	Seed     uint64   `json:"seed"`
	Again    bool     `json:"again,omitempty"`
	Columns  []string `json:"columns"` // names of the contacts' Values
	// Start is the first slot that may be used.
	Start   Slot      `json:"start"`
	Created time.Time `json:"created"`
	// Rehearsal makes the workflow's clock the only clock: nothing waits in real time, and every
	// time that is judged or written is the workflow's.
	Rehearsal bool `json:"rehearsal,omitempty"`
}

// State is where an engagement stands.
type State string

// The states of an engagement. StateLoading is inside the ledger only: contacts are still being
// written, nothing has been promised yet, and no list shows it.
const (
	StateLoading   State = "loading"
	StateScheduled State = "scheduled" // engaged, its first slot has not begun
	StateRunning   State = "running"
	StatePaused    State = "paused"
	StateCompleted State = "completed"
	StateCancelled State = "cancelled"
	StateFailed    State = "failed"
)

// Ended says that nothing will be sent any more.
func (s State) Ended() bool {
	return s == StateCompleted || s == StateCancelled || s == StateFailed
}

// Sends says that messages may leave in this state.
func (s State) Sends() bool { return s == StateScheduled || s == StateRunning }
