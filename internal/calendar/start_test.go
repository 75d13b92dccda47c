package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
)

func TestStart(t *testing.T) {
	t.Parallel()
	const monday, friday = "2026-11-23 10:40", "2026-11-27 18:30"
	for _, tc := range []struct {
		name, zone, now, text, want string
		notes                       []string
	}{
		{"now is the next slot", "Europe/Paris", monday, "now", "2026-11-23 11:00 +0100", nil},
		{"now on the hour is this slot", "Europe/Paris", "2026-11-23 11:00", "now", "2026-11-23 11:00 +0100", nil},
		{"now on a Friday evening", "Europe/Paris", friday, "now", "2026-11-30 09:00 +0100",
			[]string{"Friday 27 November 19:00 is not in the calendar; the start moves to Monday 30 November 09:00"}},
		{"now on a Saturday", "Europe/Paris", "2026-11-28 12:00", " NOW ", "2026-11-30 09:00 +0100",
			[]string{"Saturday 28 November is not in the calendar; the start moves to Monday 30 November 09:00"}},
		{"a date and time", "Europe/Paris", monday, "2026-11-24 10:00", "2026-11-24 10:00 +0100", nil},
		{"the same with a T", "Europe/Paris", monday, "2026-11-24T10:00", "2026-11-24 10:00 +0100", nil},
		{"the same with seconds", "Europe/Paris", monday, "2026-11-24T10:00:00", "2026-11-24 10:00 +0100", nil},
		{"with an offset", "Europe/Paris", monday, "2026-11-24T10:00:00-05:00", "2026-11-24 16:00 +0100", nil},
		{"in UTC, without seconds", "Europe/Paris", monday, "2026-11-24T10:00Z", "2026-11-24 11:00 +0100", nil},
		{"the slot that begins now", "Europe/Paris", "2026-11-23 11:00", "2026-11-23 11:00", "2026-11-23 11:00 +0100", nil},
		{"not on the hour", "Europe/Paris", monday, "2026-11-24 10:20", "2026-11-24 11:00 +0100",
			[]string{"10:20 is not on the hour; the start is rounded up to 11:00"}},
		{"not on the hour by a second", "Europe/Paris", monday, "2026-11-24 10:00:01", "2026-11-24 11:00 +0100",
			[]string{"10:00:01 is not on the hour; the start is rounded up to 11:00"}},
		{"later in this hour", "Europe/Paris", monday, "2026-11-23 10:50", "2026-11-23 11:00 +0100",
			[]string{"10:50 is not on the hour; the start is rounded up to 11:00"}},
		{"not on the hour, and then too late", "Europe/Paris", monday, "2026-11-27 17:20", "2026-11-30 09:00 +0100",
			[]string{"17:20 is not on the hour; the start is rounded up to 18:00",
				"Friday 27 November 18:00 is not in the calendar; the start moves to Monday 30 November 09:00"}},
		{"not on the hour of Kolkata", "Asia/Kolkata", monday, "2026-11-24T10:00:00+01:00", "2026-11-24 15:00 +0530",
			[]string{"14:30 is not on the hour; the start is rounded up to 15:00"}},
		{"a day the calendar does not allow", "Europe/Paris", monday, "2026-11-28 10:00", "2026-11-30 09:00 +0100",
			[]string{"Saturday 28 November is not in the calendar; the start moves to Monday 30 November 09:00"}},
		{"an hour the calendar does not allow", "Europe/Paris", monday, "2026-11-24 07:00", "2026-11-24 09:00 +0100",
			[]string{"Tuesday 24 November 07:00 is not in the calendar; the start moves to Tuesday 24 November 09:00"}},
		{"a holiday, over new year", "Europe/Paris", monday, "2027-01-01 10:00", "2027-01-04 09:00 +0100",
			[]string{"Friday 1 January 2027 is not in the calendar; the start moves to Monday 4 January 2027 09:00"}},
		{"a bare date is its first slot", "Europe/Paris", monday, "2026-11-24", "2026-11-24 09:00 +0100", nil},
		{"a bare date that is not allowed", "Europe/Paris", monday, "2026-11-29", "2026-11-30 09:00 +0100",
			[]string{"Sunday 29 November is not in the calendar; the start moves to Monday 30 November 09:00"}},
		{"today before the first slot", "Europe/Paris", "2026-11-23 08:10", "2026-11-23", "2026-11-23 09:00 +0100", nil},
		{"today after the first slot", "Europe/Paris", monday, "2026-11-23", "2026-11-23 11:00 +0100",
			[]string{"Monday 23 November has begun; the start is the next slot, 11:00"}},
		{"today after the last slot", "Europe/Paris", friday, "2026-11-27", "2026-11-30 09:00 +0100",
			[]string{"Friday 27 November 19:00 is not in the calendar; the start moves to Monday 30 November 09:00"}},
		{"the last second of a Friday", "Europe/Paris", "2026-11-27 23:59:59", "2026-11-27", "2026-11-30 09:00 +0100",
			[]string{"Saturday 28 November is not in the calendar; the start moves to Monday 30 November 09:00"}},
		{"over a clock change the hour is that of the day", "Europe/Paris", monday, "2027-03-29 09:00", "2027-03-29 09:00 +0200", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			working := drip.DefaultCalendar()
			working.Holidays = []drip.Date{{Year: 2027, Month: 1, Day: 1}}
			c := team(t, tc.zone, working)
			got, notes, err := c.Start(tc.text, at(t, c, tc.now))
			require.NoError(t, err)
			require.Equal(t, tc.want, shown(c, got))
			require.Equal(t, tc.notes, notes)
		})
	}
}

func TestStartWhereTheClockChanges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, zone, now, text, want string
		notes                       []string
	}{
		{"Paris skips 02:30", "Europe/Paris", "2027-03-01 12:00", "2027-03-28 02:30", "2027-03-28 03:00 +0200",
			[]string{"02:30 does not exist on Sunday 28 March, when the clock changes; the start moves to 03:00"}},
		{"Paris has 02:00 twice: the first", "Europe/Paris", "2027-10-01 12:00", "2027-10-31 02:00", "2027-10-31 02:00 +0200", nil},
		{"an offset picks the second", "Europe/Paris", "2027-10-01 12:00", "2027-10-31T02:00:00+01:00", "2027-10-31 02:00 +0100", nil},
		{"New York skips 02:00", "America/New_York", "2027-03-01 12:00", "2027-03-14 02:00", "2027-03-14 03:00 -0400",
			[]string{"02:00 does not exist on Sunday 14 March, when the clock changes; the start moves to 03:00"}},
		{"Lord Howe skips 02:15", "Australia/Lord_Howe", "2026-10-01 12:00", "2026-10-04 02:15", "2026-10-04 03:00 +1100",
			[]string{"02:15 does not exist on Sunday 4 October, when the clock changes; the start moves to 03:00"}},
		{"Lord Howe has 01:45 twice: the first", "Australia/Lord_Howe", "2026-04-01 12:00", "2026-04-05 01:45", "2026-04-05 02:00 +1030",
			[]string{"01:45 is not on the hour; the start is rounded up to 02:00"}},
		{"a day that begins at 01:00", "Africa/Cairo", "2026-04-01 12:00", "2026-04-24", "2026-04-24 01:00 +0300", nil},
		{"rounded up into the next day", "Europe/Paris", "2026-11-23 12:00", "2026-11-23 23:20", "2026-11-24 00:00 +0100",
			[]string{"23:20 is not on the hour; the start is rounded up to Tuesday 24 November 00:00"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := team(t, tc.zone, always())
			got, notes, err := c.Start(tc.text, at(t, c, tc.now))
			require.NoError(t, err)
			require.Equal(t, tc.want, shown(c, got))
			require.Equal(t, tc.notes, notes)
		})
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	long := make([]byte, 1<<20)
	for _, tc := range []struct{ name, text, problem, fix string }{
		{"a time that is past", "2026-11-23 10:00", `"2026-11-23 10:00" is in the past`, "now, which is Monday 23 November 11:00"},
		{"a time past by a minute", "2026-11-23 10:39", "is in the past", "give a later time"},
		{"a past time with an offset", "2026-11-23T11:30:00+02:00", "is in the past", "give a later time"},
		{"a day that is past", "2026-11-22", "is in the past", "give a later time"},
		{"a skipped time that is past", "2026-03-29 02:30", "is in the past", "give a later time"},
		{"the wrong century", "2126-11-24 10:00", "is more than ten years away", "give an earlier time"},
		{"a word", "tomorrow", `"tomorrow" is not a time`, "2026-11-24 10:00"},
		{"nothing", "", `"" is not a time`, "write now"},
		{"a day there is not", "2026-02-30", "is not a time", "write now"},
		{"an hour there is not", "2026-11-24 24:00", "is not a time", "write now"},
		{"a day the other way round", "24.11.2026", "is not a time", "write now"},
		{"a megabyte", string(long), "is not a time", "write now"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := team(t, "Europe/Paris", drip.DefaultCalendar())
			_, _, err := c.Start(tc.text, at(t, c, "2026-11-23 10:40"))
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, "--start", input.File)
			require.Contains(t, input.Problem, tc.problem)
			require.Contains(t, input.Fix, tc.fix)
			require.Less(t, len(input.Problem), 500)
		})
	}
	t.Run("a calendar without a slot", func(t *testing.T) {
		t.Parallel()
		c := team(t, "Europe/Paris", drip.Calendar{})
		_, _, err := c.Start("now", at(t, c, "2026-11-23 10:40"))
		require.ErrorContains(t, err, "the team's calendar")
	})
}

// requireStart is what holds of Start for every text, time and team.
func requireStart(t require.TestingT, c *calendar.Calendar, text string, now time.Time) {
	slot, _, err := c.Start(text, now)
	if err != nil {
		var input *drip.InputError
		require.ErrorAs(t, err, &input)
		require.NotEmpty(t, input.Problem)
		require.NotEmpty(t, input.Fix)
		return
	}
	require.True(t, c.Allows("", slot), "not in the calendar")
	require.False(t, slot.Start().Before(now), "has begun")
}

func TestStartIsTheFirstAllowedSlotFromTheTimeWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := oracle{drawTeam(t)}
		c := calendar.New(o.team)
		now := drawTime(t, o.team.Zone)
		wish := now.Add(time.Duration(rapid.IntRange(0, 48*3600).Draw(t, "seconds ahead")) * time.Second)
		text := wish.In(o.team.Zone).Format(time.RFC3339)
		if rapid.Bool().Draw(t, "now") {
			text, wish = "now", now
		}
		requireStart(t, c, text, now)
		slot, notes, err := c.Start(text, now)
		for _, s := range o.slots(wish, wish.Add(4*24*time.Hour)) {
			if o.allows("", s) {
				require.NoError(t, err)
				require.Equal(t, s, slot)
				require.Equal(t, text != "now" && !wish.Equal(c.Next(wish).Start()) || s != c.Next(wish), len(notes) > 0)
				return
			}
		}
	})
}

func FuzzStart(f *testing.F) {
	for _, text := range []string{
		"now", "2026-11-24", "2026-11-24 10:00", "2026-11-24T10:00:30", "2026-11-24T10:00:00.5+01:00", "2028-12-31 23:59Z",
		"2026-10-25 02:00", "2027-03-28 02:30", "0000-01-01", "9999-12-31", "2026-02-30", "", "\x00",
	} {
		f.Add(text, int64(1795430400), uint8(len(text)))
	}
	f.Fuzz(func(t *testing.T, text string, now int64, place uint8) {
		const aThousandYears = 1000 * 366 * 24 * 3600
		c := team(t, zones[int(place)%len(zones)], drip.DefaultCalendar())
		requireStart(t, c, text, time.Unix(now%aThousandYears, 0))
	})
}
