package calendar_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests need no zone files on the machine

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
)

// always is every hour of every day.
func always() drip.Calendar {
	return drip.Calendar{Days: 1<<7 - 1, Hours: drip.Hours{To: 24 * 60}}
}

func zone(t require.TestingT, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// team has one account without a restriction of its own, ann, and those given.
func team(t require.TestingT, zoneName string, of drip.Calendar, accounts ...drip.Account) *calendar.Calendar {
	return calendar.New(drip.Team{
		Zone:     zone(t, zoneName),
		Calendar: of,
		Accounts: append([]drip.Account{{ID: "ann"}}, accounts...),
	})
}

// at reads a time on the calendar's clock; where it comes twice, the offset tells which.
func at(t *testing.T, c *calendar.Calendar, text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02 15:04 -0700"} {
		if read, err := time.ParseInLocation(layout, text, c.Zone()); err == nil {
			return read
		}
	}
	require.FailNow(t, "not a time", text)
	return time.Time{}
}

func slot(t *testing.T, c *calendar.Calendar, text string) drip.Slot {
	return drip.SlotAt(at(t, c, text))
}

// shown is a slot as the calendar's clock shows its start.
func shown(c *calendar.Calendar, s drip.Slot) string {
	return s.Start().In(c.Zone()).Format("2006-01-02 15:04 -0700")
}

// zones have whole, half and quarter offsets, changes by an hour, half an hour and two hours, at
// midnight and at noon of UTC, and both sides of the date line.
var zones = []string{
	"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Asia/Kathmandu",
	"Pacific/Chatham", "America/Santiago", "Africa/Cairo", "Asia/Beirut", "Pacific/Kiritimati",
	"Pacific/Pago_Pago", "America/St_Johns", "Africa/Casablanca", "Antarctica/Troll",
}

func drawCalendar(t *rapid.T, label string) drip.Calendar {
	edge := rapid.OneOf(rapid.SampledFrom([]int{0, 9 * 60, 24 * 60}), rapid.IntRange(0, 24*60))
	from, to := edge.Draw(t, label+" from"), edge.Draw(t, label+" to")
	c := drip.Calendar{
		Days:  drip.Weekdays(rapid.OneOf(rapid.Just(uint8(1<<7-1)), rapid.Uint8Range(1, 1<<7-1)).Draw(t, label+" days")),
		Hours: drip.Hours{From: min(from, to), To: max(from, to)},
	}
	if rapid.Bool().Draw(t, label+" whole days") {
		c.Hours = drip.Hours{To: 24 * 60}
	}
	for range rapid.IntRange(0, 4).Draw(t, label+" holidays") {
		day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 600).Draw(t, label+" holiday"))
		c.Holidays = append(c.Holidays, drip.DateOf(day))
	}
	return c
}

// drawTeam is a team of three accounts: bound by the team alone, in another zone, and with hours of
// its own.
func drawTeam(t *rapid.T) drip.Team {
	zoneName := rapid.SampledFrom(zones)
	own := drawCalendar(t, "own")
	both := drip.Account{ID: "cy", Calendar: &own}
	if rapid.Bool().Draw(t, "cy has a zone") {
		both.Zone = zone(t, zoneName.Draw(t, "cy's zone"))
	}
	return drip.Team{
		Zone:     zone(t, zoneName.Draw(t, "zone")),
		Calendar: drawCalendar(t, "team"),
		Accounts: []drip.Account{{ID: "ann"}, {ID: "bob", Zone: zone(t, zoneName.Draw(t, "bob's zone"))}, both},
	}
}

// drawTime is a time of 2026 or 2027, often close to a change of the zone's clock.
func drawTime(t *rapid.T, in *time.Location) time.Time {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := from.Add(time.Duration(rapid.Int64Range(0, int64(2*365*24*time.Hour/time.Second)).Draw(t, "second")) * time.Second)
	if _, change := at.In(in).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "close to a change") {
		at = change.Add(time.Duration(rapid.IntRange(-50*60, 50*60).Draw(t, "minutes from the change")) * time.Minute)
	}
	return at
}
