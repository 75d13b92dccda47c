package drip

import "time"

// Names of the activities, as a workflow calls them and a worker registers them.
const (
	ActivityAgenda     = "Agenda"
	ActivityPlan       = "Plan"
	ActivitySendEmails = "SendEmails"
	ActivityPause      = "Pause"
	ActivityEnd        = "End"
)

// AgendaInput asks what comes next, without changing anything.
type AgendaInput struct {
	Engagement string    `json:"engagement"`
	Now        time.Time `json:"now"`
	// Preview also asks for the whole plan, for the preview query.
	Preview bool `json:"preview,omitempty"`
}

// PlanInput asks for a new plan of all that is left, from the first slot that has not begun.
type PlanInput struct {
	Engagement string    `json:"engagement"`
	Now        time.Time `json:"now"`
	// Reason says why the plan is made anew; Why says it for single accounts.
	Reason string      `json:"reason"`
	Why    []WhyWaited `json:"why,omitempty"`
	// Resume lets a paused engagement run again.
	Resume bool `json:"resume,omitempty"`
}

// WhyWaited is why an account did not send what a slot had planned for it.
type WhyWaited struct {
	Account string `json:"account"`
	Reason  string `json:"reason"`
}

// Agenda is what a workflow needs to know of its engagement: counts and ids, no contacts. Only the
// next slots are in it; More says how many come after, and the workflow asks again when it gets there.
type Agenda struct {
	Sequence  string         `json:"sequence"`
	State     State          `json:"state"`
	Contacts  int            `json:"contacts"`
	Held      int            `json:"held"`
	Rehearsal bool           `json:"rehearsal,omitempty"`
	Slots     []AgendaSlot   `json:"slots"`
	More      int            `json:"more,omitempty"`
	Accounts  []AccountSteps `json:"accounts"`
	Preview   *Plan          `json:"preview,omitempty"`
	// Zoned is the input's Now in the team's zone: the offset to write times with.
	Zoned time.Time `json:"zoned"`
}

// AgendaSlot is one slot's work.
type AgendaSlot struct {
	Start time.Time `json:"start"` // in the team's zone
	Sends []Send    `json:"sends"`
}

// Total is how many messages the slot has.
func (s AgendaSlot) Total() int {
	n := 0
	for _, send := range s.Sends {
		n += send.Count
	}
	return n
}

// AccountSteps are an account's totals, one for each step.
type AccountSteps struct {
	Account string   `json:"account"`
	Steps   []Totals `json:"steps"`
}

// SendInput asks for an account's messages of one slot to be sent.
type SendInput struct {
	Engagement string `json:"engagement"`
	Account    string `json:"account"`
	Slot       Slot   `json:"slot"`
	// Now is the workflow's time. In a rehearsal it is the clock; else the clock is the worker's.
	Now       time.Time `json:"now"`
	Rehearsal bool      `json:"rehearsal,omitempty"`
}

// SendOutput is what became of them, in absolute numbers read from the ledger, so that an attempt
// that followed a killed one tells the whole.
type SendOutput struct {
	Account AccountSteps `json:"account"` // all its slots
	Slot    SlotTotals   `json:"slot"`    // this slot, this account
	// Now is the sender's clock at its end; in a rehearsal it runs ahead of the workflow's.
	Now time.Time `json:"now"`
	// Left is how many messages the slot had planned that were not handed over, and Why.
	Left int    `json:"left,omitempty"`
	Why  string `json:"why,omitempty"`
	// Replan says that the plan no longer fits what is left, because something was not sent, or
	// was refused, or need not be sent any more.
	Replan bool `json:"replan,omitempty"`
}

// PauseInput asks for nothing to be handed over any more until the engagement is resumed.
type PauseInput struct {
	Engagement string    `json:"engagement"`
	Now        time.Time `json:"now"`
	Reason     string    `json:"reason,omitempty"`
}

// EndInput asks for an engagement to end: State is StateCompleted, StateCancelled or StateFailed.
type EndInput struct {
	Engagement string    `json:"engagement"`
	Now        time.Time `json:"now"`
	State      State     `json:"state"`
	Reason     string    `json:"reason,omitempty"`
}

// EndOutput is how things stand at the end.
type EndOutput struct {
	Accounts []AccountSteps `json:"accounts"`
	Zoned    time.Time      `json:"zoned"` // the input's Now in the team's zone
}
