package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
)

// The planner asks for every account and slot it comes to: some tens of nanoseconds a question.
func BenchmarkCalendar(b *testing.B) {
	paris, lisbon := zone(b, "Europe/Paris"), zone(b, "Europe/Lisbon")
	team := drip.Team{Zone: paris, Calendar: drip.DefaultCalendar(), Accounts: []drip.Account{{ID: "lia", Zone: lisbon}}}
	from := drip.SlotAt(time.Date(2026, 11, 23, 9, 0, 0, 0, paris))
	for _, bc := range []struct {
		name string
		ask  func(*calendar.Calendar, drip.Slot) drip.Slot
	}{
		{"NextAllowed", func(c *calendar.Calendar, s drip.Slot) drip.Slot {
			next, found := c.NextAllowed("lia", s+1)
			require.True(b, found)
			return next
		}},
		{"Allows", func(c *calendar.Calendar, s drip.Slot) drip.Slot {
			c.Allows("lia", s)
			return s.Add(drip.SlotLength)
		}},
		{"Due", func(c *calendar.Calendar, s drip.Slot) drip.Slot {
			return c.Due("lia", s, drip.Step{After: 1})
		}},
		{"first question of a day", func(_ *calendar.Calendar, s drip.Slot) drip.Slot {
			calendar.New(team).Allows("lia", s)
			return s
		}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			c, s := calendar.New(team), from
			for b.Loop() {
				if s = bc.ask(c, s); s > from.Add(calendar.Horizon) {
					s = from
				}
			}
		})
	}
}
