package drip

import "time"

// Report is what became of an engagement. Its times carry the offset of the team's zone.
type Report struct {
	ID       string     `json:"id"`
	Sequence string     `json:"sequence"`
	State    State      `json:"state"`
	Contacts int        `json:"contacts"` // without the held
	Held     int        `json:"held"`     // contacts left out
	NextSlot *time.Time `json:"next_slot"`
	Started  *time.Time `json:"started"`  // when the first message was claimed
	Finished *time.Time `json:"finished"` // when it ended
	// Reason says why it is as it is: why it waits, who paused it and why, why it failed.
	Reason   string          `json:"reason"`
	Totals   Totals          `json:"totals"`
	Accounts []AccountTotals `json:"accounts"`
	Steps    []StepTotals    `json:"steps"`
	Slots    []SlotTotals    `json:"slots"`
	// MoreSlots counts the slots left out where the whole would be too large for its place.
	MoreSlots int `json:"more_slots,omitempty"`
}

// Totals count messages (contacts x steps), each in exactly one of the fields. A message that is
// being handed over at this moment (claimed) still counts as planned.
type Totals struct {
	Planned int `json:"planned"`
	Sent    int `json:"sent"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Unknown int `json:"unknown"`
}

// Add counts other in.
func (t *Totals) Add(other Totals) {
	t.Planned += other.Planned
	t.Sent += other.Sent
	t.Failed += other.Failed
	t.Skipped += other.Skipped
	t.Unknown += other.Unknown
}

// Count adds n messages of a state.
func (t *Totals) Count(state MessageState, n int) {
	switch state {
	case Planned, Claimed:
		t.Planned += n
	case Sent:
		t.Sent += n
	case Failed:
		t.Failed += n
	case Skipped:
		t.Skipped += n
	case Unknown:
		t.Unknown += n
	}
}

// Sum is how many messages there are in all.
func (t Totals) Sum() int { return t.Planned + t.Sent + t.Failed + t.Skipped + t.Unknown }

// AccountTotals are the totals of one account.
type AccountTotals struct {
	Account string `json:"account"`
	Totals
	// Waiting says why the account is not sending now, and until when, where it is not.
	Waiting string     `json:"waiting,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
}

// StepTotals are the totals of one step, counted from 1.
type StepTotals struct {
	Step int `json:"step"`
	Totals
}

// SlotTotals hold the plan of one slot against what happened in it. Planned is what the slot's plan
// was, whatever became of it; the others count the messages that were handed over in it.
type SlotTotals struct {
	Start   time.Time `json:"start"`
	Planned int       `json:"planned"`
	Sent    int       `json:"sent"`
	Failed  int       `json:"failed"`
	Unknown int       `json:"unknown"`
}

// MessageRow is one contact and step in `report --contacts`.
type MessageRow struct {
	Email     string       `json:"email"`
	Account   string       `json:"account"`
	Step      int          `json:"step"`
	State     MessageState `json:"state"`
	Slot      *time.Time   `json:"slot"` // planned slot, or the slot it was handed over in
	SentAt    *time.Time   `json:"sent_at"`
	MessageID string       `json:"message_id"`
	Answer    string       `json:"answer"`
	Reason    string       `json:"reason"`
}
