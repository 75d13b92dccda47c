package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
)

func TestDue(t *testing.T) {
	t.Parallel()
	working, every := drip.DefaultCalendar(), always()
	working.Holidays = []drip.Date{{Year: 2026, Month: 12, Day: 25}, {Year: 2027, Month: 1, Day: 1}}
	tuesdays := drip.DefaultCalendar()
	tuesdays.Days = drip.WeekdaysOf(time.Tuesday)
	never := drip.DefaultCalendar()
	never.Days = 0
	hour := func(h int) *int { return &h }
	for _, tc := range []struct {
		name, zone string
		team       drip.Calendar
		account    drip.Account
		sent       string
		after      int
		at         *int
		want       string
	}{
		{"Friday + 1 is Monday, at the same hour", "Europe/Paris", working, drip.Account{}, "2026-11-27 11:00", 1, nil, "2026-11-30 11:00 +0100"},
		{"Friday + 2 is Tuesday", "Europe/Paris", working, drip.Account{}, "2026-11-27 11:00", 2, nil, "2026-12-01 11:00 +0100"},
		{"Friday evening's last slot + 1", "Europe/Paris", working, drip.Account{}, "2026-11-27 17:00", 1, nil, "2026-11-30 17:00 +0100"},
		{"at an hour of that day", "Europe/Paris", working, drip.Account{}, "2026-11-27 11:00", 3, hour(14), "2026-12-02 14:00 +0100"},
		{"at an hour after the calendar's: the next morning", "Europe/Paris", working, drip.Account{}, "2026-11-27 11:00", 1, hour(20), "2026-12-01 09:00 +0100"},
		{"at an hour before the calendar's: the first slot", "Europe/Paris", working, drip.Account{}, "2026-11-27 11:00", 1, hour(6), "2026-11-30 09:00 +0100"},
		{"0 days: later the same day", "Europe/Paris", working, drip.Account{}, "2026-11-27 11:00", 0, nil, "2026-11-27 12:00 +0100"},
		{"0 days at an hour that is still to come", "Europe/Paris", working, drip.Account{}, "2026-11-27 11:00", 0, hour(15), "2026-11-27 15:00 +0100"},
		{"0 days at an hour that is past", "Europe/Paris", working, drip.Account{}, "2026-11-27 16:00", 0, hour(15), "2026-11-27 17:00 +0100"},
		{"0 days from the last slot", "Europe/Paris", working, drip.Account{}, "2026-11-27 17:00", 0, nil, "2026-11-30 09:00 +0100"},
		{"holidays do not count", "Europe/Paris", working, drip.Account{}, "2026-12-24 10:00", 5, nil, "2027-01-04 10:00 +0100"},
		{"days the account does not work do not count", "Europe/Paris", working, drip.Account{Calendar: &tuesdays}, "2026-11-24 10:00", 2, nil, "2026-12-08 10:00 +0100"},
		{"an account in New York: hours are the team's", "Europe/Paris", working, drip.Account{Zone: zone(t, "America/New_York")}, "2026-11-27 16:00", 1, nil, "2026-11-30 16:00 +0100"},
		{"and its slots are those it shares with the team", "Europe/Paris", working, drip.Account{Zone: zone(t, "America/New_York")}, "2026-11-27 16:00", 1, hour(10), "2026-11-30 15:00 +0100"},
		{"over a change the hour stays that of the clock", "Europe/Paris", working, drip.Account{}, "2026-03-27 10:00", 1, nil, "2026-03-30 10:00 +0200"},
		{"Paris skips 02:00: the next slot", "Europe/Paris", every, drip.Account{}, "2026-03-28 02:00", 1, nil, "2026-03-29 03:00 +0200"},
		{"Paris has 02:00 twice: the first", "Europe/Paris", every, drip.Account{}, "2026-10-24 02:00", 1, nil, "2026-10-25 02:00 +0200"},
		{"sent in the first 02:00, due in the second", "Europe/Paris", every, drip.Account{}, "2026-10-25 02:00 +0200", 0, nil, "2026-10-25 02:00 +0100"},
		{"sent in the second 02:00, due the day after", "Europe/Paris", every, drip.Account{}, "2026-10-25 02:00 +0100", 1, nil, "2026-10-26 02:00 +0100"},
		{"New York skips 02:00", "America/New_York", every, drip.Account{}, "2027-03-13 02:00", 1, nil, "2027-03-14 03:00 -0400"},
		{"New York has 01:00 twice", "America/New_York", every, drip.Account{}, "2027-11-06 01:00", 1, nil, "2027-11-07 01:00 -0400"},
		{"Lord Howe skips 02:00", "Australia/Lord_Howe", every, drip.Account{}, "2026-10-03 02:00", 1, nil, "2026-10-04 03:00 +1100"},
		{"Lord Howe's grid moves by half an hour", "Australia/Lord_Howe", every, drip.Account{}, "2026-04-04 02:00", 1, nil, "2026-04-05 02:00 +1030"},
		{"and back", "Australia/Lord_Howe", working, drip.Account{}, "2026-10-02 10:00", 1, nil, "2026-10-05 10:00 +1100"},
		{"Kolkata never changes", "Asia/Kolkata", working, drip.Account{}, "2026-10-23 10:00", 1, nil, "2026-10-26 10:00 +0530"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.account.ID = "bob"
			c := team(t, tc.zone, tc.team, tc.account)
			due := c.Due("bob", slot(t, c, tc.sent), drip.Step{After: tc.after, At: tc.at})
			require.Equal(t, tc.want, shown(c, due))
		})
	}
	t.Run("never is at least the horizon away", func(t *testing.T) {
		t.Parallel()
		c := team(t, "Europe/Paris", working, drip.Account{ID: "bob", Calendar: &never})
		sent := slot(t, c, "2026-11-27 11:00")
		for after := range 2 {
			require.GreaterOrEqual(t, c.Due("bob", sent, drip.Step{After: after}), sent.Add(calendar.Horizon))
		}
		require.GreaterOrEqual(t, c.Due("ann", sent, drip.Step{After: 1 << 40}), sent.Add(calendar.Horizon))
	})
}

func TestDueByItsDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := oracle{drawTeam(t)}
		c := calendar.New(o.team)
		sent := c.Next(drawTime(t, o.team.Zone))
		account := rapid.SampledFrom([]string{"ann", "bob", "cy"}).Draw(t, "account")
		step := drip.Step{After: rapid.IntRange(0, 3).Draw(t, "after")}
		if rapid.Bool().Draw(t, "with an hour") {
			hour := rapid.IntRange(0, 23).Draw(t, "at")
			step.At = &hour
		}
		slots := o.slots(sent.Start().Add(-24*time.Hour), sent.Start().Add(10*24*time.Hour))
		due := c.Due(account, sent, step)
		require.Greater(t, due, sent)
		if want, found := o.due(slots, account, sent, step); found {
			require.Equal(t, want, due)
		} else {
			require.Greater(t, due, slots[len(slots)-1])
		}
	})
}
