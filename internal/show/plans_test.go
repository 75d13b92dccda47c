package show

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// fixture is a test, or a check of a property.
type fixture interface {
	require.TestingT
	Helper()
}

func zoneOf(t fixture, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

// slotOf is a slot whose messages are shared by accounts as evenly as it goes.
func slotOf(start time.Time, limit drip.Limit, step, total int, accounts ...string) drip.PlanSlot {
	slot := drip.PlanSlot{Start: start, Total: total, Limit: limit}
	for i, account := range accounts {
		n := total / len(accounts)
		if i < total%len(accounts) {
			n++
		}
		if n > 0 {
			slot.Sends = append(slot.Sends, drip.Send{Account: account, Step: step, Count: n})
		}
	}
	return slot
}

func planOf(contacts int, accounts []string, slots ...drip.PlanSlot) drip.Plan {
	p := drip.Plan{ID: "launch-x7", Sequence: "Launch", Contacts: contacts, Slots: slots}
	for i, account := range accounts {
		n := contacts / len(accounts)
		if i < contacts%len(accounts) {
			n++
		}
		p.Senders = append(p.Senders, drip.Sender{Account: account, Contacts: n})
	}
	if len(slots) > 0 {
		p.Start = slots[0].Start
		p.Finish = slots[len(slots)-1].Start.Add(drip.SlotLength)
	}
	return p
}

// smallPlan is 150 contacts at 100 a day and 50 an hour.
func smallPlan(t fixture) drip.Plan {
	paris := zoneOf(t, "Europe/Paris")
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, paris) }
	return planOf(150, []string{"ann"},
		slotOf(at(24, 11), drip.LimitSequencePerHour, 1, 50, "ann"),
		slotOf(at(24, 12), drip.LimitSequencePerDay, 1, 50, "ann"),
		slotOf(at(25, 9), drip.LimitContacts, 1, 50, "ann"),
	)
}

// fortnightPlan is three steps from three accounts, over two weeks and the end of a month.
func fortnightPlan(t fixture) drip.Plan {
	paris := zoneOf(t, "Europe/Paris")
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, paris) }
	all := []string{"ann", "ben", "carol"}
	p := planOf(138, all,
		slotOf(at(24, 11), drip.LimitSequencePerHour, 1, 39, all...),
		slotOf(at(24, 12), drip.LimitAccountPerHour, 1, 36, all...),
		slotOf(at(24, 13), drip.LimitSequencePerDay, 1, 24, all...),
		slotOf(at(25, 9), drip.LimitContacts, 1, 39, all...),
		slotOf(at(27, 14), drip.LimitSequencePerHour, 2, 39, all...),
		slotOf(at(27, 15), drip.LimitSequencePerHour, 2, 39, all...),
		slotOf(at(27, 16), drip.LimitAccountPerDay, 2, 21, all...),
		slotOf(at(30, 14), drip.LimitContacts, 2, 39, all...),
		slotOf(at(33, 9), drip.LimitSequencePerHour, 3, 39, all...),
		slotOf(at(33, 10), drip.LimitSequencePerHour, 3, 39, all...),
		slotOf(at(33, 11), drip.LimitSequencePerDay, 3, 21, all...),
		slotOf(at(34, 9), drip.LimitContacts, 3, 39, all...),
	)
	p.Held = heldPeople()
	p.Notes = []string{"--start 10:40 is not on the hour: the next slot is 11:00"}
	return p
}

// clockPlan runs through the night in which 02:00 comes twice.
func clockPlan(t fixture) drip.Plan {
	start := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC).In(zoneOf(t, "Europe/Paris")) // 00:00 there
	var slots []drip.PlanSlot
	for i := range 6 {
		limit := drip.LimitAccountPerHour
		if i == 5 {
			limit = drip.LimitContacts
		}
		slots = append(slots, slotOf(start.Add(time.Duration(i)*time.Hour), limit, 1, 10+i, "ann"))
	}
	return planOf(75, []string{"ann"}, slots...)
}

// longPlanOf is one step over so many weeks, an account with a small quota, and nothing at all in
// the sixth and seventh week.
func longPlanOf(t fixture, weeks int) drip.Plan {
	paris := zoneOf(t, "Europe/Paris")
	var slots []drip.PlanSlot
	for week := range weeks {
		if week == 5 || week == 6 {
			continue
		}
		for day := range 5 {
			for _, hour := range []int{9, 10, 14} {
				start := time.Date(2026, 9, 7+7*week+day, hour, 0, 0, 0, paris)
				slots = append(slots, slotOf(start, drip.LimitAccountPerHour, 1, 400+hour*10, "ann", "ben"))
			}
		}
	}
	slots[len(slots)-1].Limit = drip.LimitContacts
	return planOf(messages(drip.Plan{Slots: slots}), []string{"ann", "ben"}, slots...)
}

func heldPeople() []drip.Held {
	return []drip.Held{
		{Email: "max.at.example.test", Row: 4, Reason: drip.HeldInvalidEmail, Detail: "no @"},
		{Email: "zoë@example.test", Row: 7, Reason: drip.HeldMissingVariable, Detail: "first_name"},
		{Email: "lee@example.test", Row: 9, Reason: drip.HeldDuplicate, Detail: "row 2"},
		{Email: "kim@rival.test", Row: 31, Reason: drip.HeldBlocklisted, Detail: "rival.test"},
		{Email: "ada@example.test", Row: 56, Reason: drip.HeldActiveElsewhere, Detail: "spring-k2"},
		{Email: "bob@example.test", Row: 57, Reason: drip.HeldAlreadyEngaged, Detail: "winter-a1"},
		{Email: "eve@example.test", Row: 1200, Reason: drip.HeldNoOwner},
		{Email: "sue@rival.test", Row: 1201, Reason: drip.HeldBlocklisted, Detail: "rival.test"},
	}
}

func manyHeld(n int) []drip.Held {
	held := make([]drip.Held, n)
	for i := range held {
		held[i] = drip.Held{Email: fmt.Sprintf("p%d@example.test", i), Row: i + 2, Reason: drip.HeldDuplicate}
	}
	return held
}

// reportIn is a report in a state, half way through but for the ended ones.
func reportIn(t fixture, state drip.State) drip.Report {
	paris := zoneOf(t, "Europe/Paris")
	at := func(day, hour, minute int) *time.Time {
		at := time.Date(2026, 11, day, hour, minute, 0, 0, paris)
		return &at
	}
	r := drip.Report{ID: "launch-x7", Sequence: "Launch", State: state, Contacts: 150, Held: 8}
	half := drip.Totals{Planned: 160, Sent: 280, Failed: 4, Skipped: 4, Unknown: 2}
	switch state {
	case drip.StateScheduled:
		r.NextSlot, r.Totals = at(24, 11, 0), drip.Totals{Planned: 450}
		r.Reason = "waits for the 11:00 slot of Tuesday 24 November"
	case drip.StateRunning:
		r.NextSlot, r.Started, r.Totals = at(26, 10, 0), at(24, 11, 2), half
		r.Reason = "today's 100 messages are sent; waits for the 10:00 slot of Thursday"
	case drip.StatePaused:
		r.Started, r.Totals, r.Reason = at(24, 11, 2), half, "paused by ann: prices change on Monday"
	case drip.StateCompleted:
		r.Started, r.Finished = at(24, 11, 2), at(34, 11, 48)
		r.Totals = drip.Totals{Sent: 440, Failed: 4, Skipped: 4, Unknown: 2}
	case drip.StateCancelled:
		r.Started, r.Finished, r.Reason = at(24, 11, 2), at(25, 12, 0), "cancelled by ann"
		r.Totals = drip.Totals{Sent: 280, Failed: 4, Skipped: 164, Unknown: 2}
	case drip.StateFailed:
		r.Finished, r.Reason = at(24, 11, 2), "the sequence's account bob is no longer in the team"
		r.Totals = drip.Totals{Skipped: 450}
	}
	first := r.Totals
	first.Planned, first.Sent, first.Skipped = first.Planned/2, first.Sent/2, first.Skipped/2
	first.Failed, first.Unknown = first.Failed/2, first.Unknown/2
	second := drip.Totals{
		Planned: r.Totals.Planned - first.Planned, Sent: r.Totals.Sent - first.Sent,
		Failed: r.Totals.Failed - first.Failed, Skipped: r.Totals.Skipped - first.Skipped,
		Unknown: r.Totals.Unknown - first.Unknown,
	}
	r.Accounts = []drip.AccountTotals{{Account: "ann", Totals: first}, {Account: "ben", Totals: second}}
	if state == drip.StateRunning {
		r.Accounts[1].Waiting, r.Accounts[1].Until = "the mail server refuses the login (535 5.7.8)", at(25, 12, 30)
	}
	r.Steps = []drip.StepTotals{{Step: 1, Totals: first}, {Step: 2, Totals: second}}
	r.Slots = []drip.SlotTotals{
		{Start: *at(24, 11, 0), Planned: 50, Sent: 50},
		{Start: *at(24, 12, 0), Planned: 50, Sent: 44, Failed: 4, Unknown: 2},
		{Start: *at(25, 9, 0), Planned: 50},
	}
	return r
}
