package calendar_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
)

func TestSlotsOfADay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		zone, day string
		slots     int
		around    []string // slots that follow each other where the clock changes
	}{
		{"Europe/Paris", "2026-03-28", 24, nil},
		{"Europe/Paris", "2026-03-29", 23, []string{"01:00 +0100", "03:00 +0200"}},
		{"Europe/Paris", "2026-10-25", 25, []string{"01:00 +0200", "02:00 +0200", "02:00 +0100", "03:00 +0100"}},
		{"Europe/Paris", "2027-03-28", 23, []string{"01:00 +0100", "03:00 +0200"}},
		{"Europe/Paris", "2027-10-31", 25, []string{"02:00 +0200", "02:00 +0100"}},
		{"America/New_York", "2026-03-08", 23, []string{"01:00 -0500", "03:00 -0400"}},
		{"America/New_York", "2026-11-01", 25, []string{"01:00 -0400", "01:00 -0500", "02:00 -0500"}},
		{"America/New_York", "2027-03-14", 23, []string{"01:00 -0500", "03:00 -0400"}},
		{"America/New_York", "2027-11-07", 25, []string{"01:00 -0400", "01:00 -0500"}},
		// Half an hour back at 02:00: the hour that would start at 01:30 never reads a full hour.
		{"Australia/Lord_Howe", "2026-04-05", 24, []string{"00:00 +1100", "01:00 +1100", "02:00 +1030", "03:00 +1030"}},
		// Half an hour on at 02:00: it is 02:30 at once, and 03:00 comes half an hour later.
		{"Australia/Lord_Howe", "2026-10-04", 23, []string{"01:00 +1030", "03:00 +1100"}},
		{"Australia/Lord_Howe", "2027-04-04", 24, []string{"01:00 +1100", "02:00 +1030"}},
		{"Australia/Lord_Howe", "2027-10-03", 23, []string{"01:00 +1030", "03:00 +1100"}},
		{"Asia/Kolkata", "2026-03-29", 24, []string{"01:00 +0530", "02:00 +0530", "03:00 +0530"}},
		{"Asia/Kolkata", "2027-10-31", 24, []string{"01:00 +0530", "02:00 +0530", "03:00 +0530"}},
	} {
		t.Run(tc.zone+" "+tc.day, func(t *testing.T) {
			t.Parallel()
			c := team(t, tc.zone, always())
			midnight := at(t, c, tc.day+" 00:00")
			var slots []string
			for s := c.Next(midnight); c.Day(s) == drip.DateOf(midnight); s = c.After(s) {
				slots = append(slots, s.Start().In(c.Zone()).Format("15:04 -0700"))
				require.True(t, c.Allows("ann", s))
			}
			require.Len(t, slots, tc.slots)
			if tc.around != nil {
				require.Subset(t, slots, tc.around)
				first := 0
				for slots[first] != tc.around[0] {
					first++
				}
				require.Equal(t, tc.around, slots[first:first+len(tc.around)])
			}
		})
	}
}

func TestKolkataSlotsStartAtHalfPastInUTC(t *testing.T) {
	t.Parallel()
	c := team(t, "Asia/Kolkata", drip.DefaultCalendar())
	s := c.Next(time.Date(2026, 11, 23, 3, 0, 1, 0, time.UTC))
	require.Equal(t, "03:30", s.Start().Format("15:04"))
	require.Equal(t, "2026-11-23 09:00 +0530", shown(c, s))
}

func TestNextIsTheSlotThatHasNotBegun(t *testing.T) {
	t.Parallel()
	c := team(t, "Europe/Paris", drip.DefaultCalendar())
	for now, want := range map[string]string{
		"2026-11-23 10:40":    "2026-11-23 11:00 +0100",
		"2026-11-23 11:00:00": "2026-11-23 11:00 +0100",
		"2026-11-23 11:00:01": "2026-11-23 12:00 +0100",
		"2026-11-23 23:59:59": "2026-11-24 00:00 +0100",
	} {
		require.Equal(t, want, shown(c, c.Next(at(t, c, now))), now)
	}
	require.Equal(t, "2026-11-23 12:00 +0100", shown(c, c.Next(at(t, c, "2026-11-23 11:00").Add(time.Nanosecond))))
}

func TestNextAllowed(t *testing.T) {
	t.Parallel()
	working := drip.DefaultCalendar()
	working.Holidays = []drip.Date{{Year: 2026, Month: 12, Day: 25}}
	newYork := drip.Account{ID: "nia", Zone: zone(t, "America/New_York")}
	early := drip.DefaultCalendar()
	early.Hours = drip.Hours{From: 7*60 + 30, To: 11*60 + 30}
	for _, tc := range []struct{ name, account, from, want string }{
		{"inside the hours it is the slot itself", "ann", "2026-11-23 09:00", "2026-11-23 09:00 +0100"},
		{"the last slot ends with the hours", "ann", "2026-11-23 17:00", "2026-11-23 17:00 +0100"},
		{"after the last slot it is the next morning", "ann", "2026-11-23 18:00", "2026-11-24 09:00 +0100"},
		{"Friday evening it is Monday", "ann", "2026-11-27 18:00", "2026-11-30 09:00 +0100"},
		{"a holiday on a Friday makes it Monday", "ann", "2026-12-24 18:00", "2026-12-28 09:00 +0100"},
		{"an account in New York works when both are at work", "nia", "2026-11-23 09:00", "2026-11-23 15:00 +0100"},
		{"which is an hour earlier while only Europe is on winter time", "nia", "2026-10-26 09:00", "2026-10-26 14:00 +0100"},
		{"and stops when the team does", "nia", "2026-11-23 18:00", "2026-11-24 15:00 +0100"},
		{"hours that begin at half past begin with the first whole slot", "eve", "2026-11-22 00:00", "2026-11-23 09:00 +0100"},
		{"and end with the last whole one", "eve", "2026-11-23 11:00", "2026-11-24 09:00 +0100"},
		{"an account nobody knows is bound by the team alone", "zoe", "2026-11-22 00:00", "2026-11-23 09:00 +0100"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := team(t, "Europe/Paris", working, newYork, drip.Account{ID: "eve", Calendar: &early})
			got, found := c.NextAllowed(tc.account, slot(t, c, tc.from))
			require.True(t, found)
			require.Equal(t, tc.want, shown(c, got))
			require.True(t, c.Allows(tc.account, got))
		})
	}
	t.Run("none within the horizon", func(t *testing.T) {
		t.Parallel()
		c := team(t, "Europe/Paris", drip.Calendar{Days: 1 << time.Monday, Hours: drip.Hours{From: 9*60 + 1, To: 10 * 60}})
		_, found := c.NextAllowed("ann", slot(t, c, "2026-11-23 09:00"))
		require.False(t, found)
	})
}

func TestTheLastDayOfALeapYearIsADayLikeAnyOther(t *testing.T) {
	t.Parallel()
	c := team(t, "Europe/Paris", always())
	for _, year := range []string{"2028", "2040", "2096"} {
		s := slot(t, c, year+"-12-31 00:00")
		for range 24 {
			s = c.After(s)
		}
		require.Equal(t, drip.SlotAt(at(t, c, year+"-12-31 00:00").AddDate(0, 0, 1)), s)
	}
}

func TestASlotOffTheGridIsNeverAllowed(t *testing.T) {
	t.Parallel()
	c := team(t, "Europe/Paris", always())
	s := slot(t, c, "2026-11-23 09:00")
	require.True(t, c.Allows("", s))
	require.False(t, c.Allows("", s.Add(time.Second)))
	require.False(t, c.Allows("", s.Add(30*time.Minute)))
}

func TestATeamWithoutAZoneLivesInUTC(t *testing.T) {
	t.Parallel()
	require.Equal(t, time.UTC, calendar.New(drip.Team{Calendar: always()}).Zone())
}

func TestCalendarIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	c := team(t, "Australia/Lord_Howe", drip.DefaultCalendar())
	from := slot(t, c, "2026-11-23 09:00")
	var wg sync.WaitGroup
	ends := make([]drip.Slot, 8)
	for i := range ends {
		wg.Go(func() {
			s := from
			for range 500 {
				s, _ = c.NextAllowed("ann", c.After(s))
			}
			ends[i] = s
		})
	}
	wg.Wait()
	for _, end := range ends {
		require.Equal(t, ends[0], end)
	}
}

func TestGridAndCalendarsByTheirDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := oracle{drawTeam(t)}
		c := calendar.New(o.team)
		from := drawTime(t, o.team.Zone)
		slots := o.slots(from, from.Add(4*24*time.Hour))

		require.Equal(t, slots[0], c.Next(from))
		for i, s := range slots[1:] {
			require.Equal(t, s, c.After(slots[i]))
			require.Equal(t, s, c.Next(slots[i].Start().Add(time.Nanosecond)))
			require.Equal(t, s, c.Next(s.Start()))
			require.GreaterOrEqual(t, s, slots[i].Add(drip.SlotLength), "slots overlap")
			require.Equal(t, drip.DateOf(s.Start().In(o.team.Zone)), c.Day(s))
		}
		for _, account := range []string{"", "ann", "bob", "cy"} {
			last := 0
			for i, s := range slots {
				require.Equal(t, o.allows(account, s), c.Allows(account, s), "%s %s", account, s.Start())
				if !c.Allows(account, s) {
					continue
				}
				for _, earlier := range slots[last : i+1] {
					got, found := c.NextAllowed(account, earlier)
					require.True(t, found)
					require.Equal(t, s, got)
				}
				last = i + 1
			}
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	night := drip.DefaultCalendar()
	night.Hours = drip.Hours{From: 20 * 60, To: 23 * 60}
	weekend := drip.DefaultCalendar()
	weekend.Days = drip.WeekdaysOf(time.Saturday, time.Sunday)
	rare := drip.DefaultCalendar() // 09:00 in Paris is 04:00 in New York only while one has changed its clock
	rare.Hours = drip.Hours{From: 4 * 60, To: 5 * 60}
	morning := drip.DefaultCalendar()
	morning.Hours = drip.Hours{From: 9 * 60, To: 10 * 60}
	short := drip.DefaultCalendar()
	short.Hours = drip.Hours{From: 9*60 + 30, To: 10*60 + 30}
	far := drip.DefaultCalendar()
	far.Holidays = []drip.Date{{Year: 2999, Month: 12, Day: 25}}
	newYork := zone(t, "America/New_York")
	for _, tc := range []struct {
		name    string
		team    drip.Calendar
		account drip.Account
		problem string
	}{
		{"default calendars are fine", drip.DefaultCalendar(), drip.Account{}, ""},
		{"a holiday far away is fine", far, drip.Account{}, ""},
		{"hours that meet a few weeks a year are fine", morning, drip.Account{Zone: newYork, Calendar: &rare}, ""},
		{"hours that never meet the team's", drip.DefaultCalendar(), drip.Account{Calendar: &night}, "account bob's calendar"},
		{"days that never meet the team's", drip.DefaultCalendar(), drip.Account{Calendar: &weekend}, "account bob's calendar"},
		{"a zone on the other side of the world", drip.DefaultCalendar(), drip.Account{Zone: zone(t, "Pacific/Auckland")}, "account bob's calendar"},
		{"an hour that is no whole slot", short, drip.Account{}, "the team's calendar"},
		{"no day at all", drip.Calendar{Hours: morning.Hours}, drip.Account{}, "the team's calendar"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.account.ID = "bob"
			err := team(t, "Europe/Paris", tc.team, tc.account).Check()
			if tc.problem == "" {
				require.NoError(t, err)
				return
			}
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Contains(t, input.Problem, tc.problem)
			require.NotEmpty(t, input.Fix)
		})
	}
}
