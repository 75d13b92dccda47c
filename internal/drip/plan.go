package drip

import "time"

// Booking is capacity of an account in a slot that an engagement has reserved for one step.
type Booking struct {
	Slot    Slot   `json:"slot"`
	Account string `json:"account"`
	Step    int    `json:"step"` // counted from 1
	Count   int    `json:"count"`
	// Limit is what kept the slot from taking more; the same for all bookings of a slot. It is kept
	// with the booking, so that a plan can be explained as long as it stands.
	Limit Limit `json:"limit"`
}

// Limit says what kept a slot from taking more.
type Limit string

// The limits, in the order they are looked for: a slot names the first that applies.
const (
	LimitContacts        Limit = "contacts" // nobody else was due
	LimitSequencePerHour Limit = "sequence_per_hour"
	LimitSequencePerDay  Limit = "sequence_per_day"
	LimitAccountPerHour  Limit = "account_per_hour"
	LimitAccountPerDay   Limit = "account_per_day"
)

// Plan says for each slot, account and step how many messages. It is the JSON of preview, plan and
// engage; its times carry the offset of the team's zone.
type Plan struct {
	ID       string     `json:"id"`
	Sequence string     `json:"sequence"`
	Contacts int        `json:"contacts"` // without the held
	Start    time.Time  `json:"start"`
	Finish   time.Time  `json:"finish"` // end of the last slot
	Senders  []Sender   `json:"senders"`
	Held     []Held     `json:"held"`
	Slots    []PlanSlot `json:"slots"`
	// Notes are what the user should be told about the plan: a start that was rounded or moved.
	Notes []string `json:"notes,omitempty"`
	// MoreSlots and MoreHeld count what was left out of Slots and Held where the whole would be too
	// large for its place (a query's answer). Only the tail is ever left out.
	MoreSlots int `json:"more_slots,omitempty"`
	MoreHeld  int `json:"more_held,omitempty"`
}

// SetSlots fills Slots, and Finish, from bookings in order of slot, account and step. Times are given
// in the zone.
func (p *Plan) SetSlots(bookings []Booking, zone *time.Location) {
	p.Slots = []PlanSlot{}
	var at Slot
	for i, b := range bookings {
		if i == 0 || b.Slot != at {
			at = b.Slot
			p.Slots = append(p.Slots, PlanSlot{Start: at.Start().In(zone), Limit: b.Limit})
		}
		slot := &p.Slots[len(p.Slots)-1]
		slot.Total += b.Count
		slot.Sends = append(slot.Sends, Send{Account: b.Account, Step: b.Step, Count: b.Count})
	}
	if len(bookings) > 0 {
		p.Finish = at.End().In(zone)
	}
}

// Sender is how many contacts an account writes to.
type Sender struct {
	Account  string `json:"account"`
	Contacts int    `json:"contacts"`
}

// PlanSlot is what leaves in one slot, and what kept it from taking more.
type PlanSlot struct {
	Start time.Time `json:"start"`
	Total int       `json:"total"`
	Limit Limit     `json:"limit"`
	Sends []Send    `json:"sends"`
}

// Send is how many messages of a step leave from an account in a slot.
type Send struct {
	Account string `json:"account"`
	Step    int    `json:"step"`
	Count   int    `json:"count"`
}
