package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Layouts of a date and time: without an offset it is read on the team's clock.
var (
	localLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}
	zonedLayouts = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"}
)

// Start is the slot that a `--start` means at the time now: "now", a date, a date and time, or RFC
// 3339 with an offset. It is always a slot the team's calendar allows and that has not begun. The
// notes say where it is not what was written. An error is a *drip.InputError.
func (c *Calendar) Start(text string, now time.Time) (drip.Slot, []string, error) {
	w := wish{calendar: c, text: strings.TrimSpace(text), now: now}
	if strings.EqualFold(w.text, "now") {
		return w.settle(c.Next(now))
	}
	if date, err := time.Parse(time.DateOnly, w.text); err == nil {
		return w.onDay(date)
	}
	for _, layout := range localLayouts {
		if t, err := time.Parse(layout, w.text); err == nil {
			return w.onClock(t)
		}
	}
	for _, layout := range zonedLayouts {
		if t, err := time.Parse(layout, w.text); err == nil {
			return w.at(t)
		}
	}
	return 0, nil, w.refuse("is not a time",
		`write now, a date (2026-11-24), a date and time ("2026-11-24 10:00") or one with an offset (2026-11-24T10:00:00+01:00)`)
}

// wish is one `--start` on its way to a slot.
type wish struct {
	calendar *Calendar
	text     string
	now      time.Time
	notes    []string
}

// onDay takes the first slot of a day, or of what is left of it.
func (w *wish) onDay(date time.Time) (drip.Slot, []string, error) {
	c, local := w.calendar, date.Unix()
	if c.instant(local+daySeconds) <= w.now.Unix() {
		return 0, nil, w.past()
	}
	first, found := c.nextAllowed(0, c.instant(local))
	if !found || c.local(int64(first)) >= local+daySeconds {
		return w.settle(c.next(c.instant(local)))
	}
	next := c.Next(w.now)
	if next <= first {
		return w.settle(first)
	}
	if c.Allows("", next) {
		w.note("%s has begun; the start is the next slot, %s", w.date(first.Start()), w.beside(first.Start(), next))
	}
	return w.settle(next)
}

// onClock takes a time read on the team's clock, given as if that were UTC.
func (w *wish) onClock(read time.Time) (drip.Slot, []string, error) {
	spans := w.calendar.day(floorDiv(read.Unix(), daySeconds)).team
	at, exists := instant(spans, read.Unix())
	if exists {
		return w.at(time.Unix(at, int64(read.Nanosecond())))
	}
	slot := w.calendar.next(at)
	if slot.Start().Before(w.now) {
		return 0, nil, w.past()
	}
	w.note("%s does not exist on %s, when the clock changes; the start moves to %s",
		read.Format("15:04"), w.date(time.Unix(at, 0)), w.beside(time.Unix(at, 0), slot))
	return w.settle(slot)
}

// at takes an instant.
func (w *wish) at(t time.Time) (drip.Slot, []string, error) {
	if t.Before(w.now) {
		return 0, nil, w.past()
	}
	slot := w.calendar.Next(t)
	if !slot.Start().Equal(t) {
		w.note("%s is not on the hour; the start is rounded up to %s", w.hour(t), w.beside(t, slot))
	}
	return w.settle(slot)
}

// settle takes a slot, or the next one that the team's calendar allows.
func (w *wish) settle(slot drip.Slot) (drip.Slot, []string, error) {
	c := w.calendar
	if slot.Start().Sub(w.now) > Horizon {
		return 0, nil, w.refuse("is more than ten years away", "give an earlier time")
	}
	allowed, found := c.NextAllowed("", slot)
	if !found {
		return 0, nil, noSlot("the team's calendar")
	}
	if allowed != slot {
		w.note("%s is not in the calendar; the start moves to %s %s",
			w.closed(slot), w.date(allowed.Start()), w.hour(allowed.Start()))
	}
	return allowed, w.notes, nil
}

// closed names what the calendar does not allow: the day if it has no allowed slot at all, else the
// slot.
func (w *wish) closed(slot drip.Slot) string {
	c := w.calendar
	begin := floorDiv(c.local(int64(slot)), daySeconds) * daySeconds
	first, found := c.nextAllowed(0, c.instant(begin))
	if found && c.local(int64(first)) < begin+daySeconds {
		return w.date(slot.Start()) + " " + w.hour(slot.Start())
	}
	return w.date(slot.Start())
}

func (w *wish) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// date is the day of an instant as people write it, with the year where that is not this year.
func (w *wish) date(t time.Time) string {
	t = t.In(w.calendar.zone)
	if t.Year() != w.now.In(w.calendar.zone).Year() {
		return t.Format("Monday 2 January 2006")
	}
	return t.Format("Monday 2 January")
}

// hour is the time of day of an instant, with the seconds where there are any.
func (w *wish) hour(t time.Time) string {
	t = t.In(w.calendar.zone)
	if t.Second() != 0 || t.Nanosecond() != 0 {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

// beside names a slot where t was named before: without the day if it is the same.
func (w *wish) beside(t time.Time, slot drip.Slot) string {
	zone := w.calendar.zone
	if drip.DateOf(t.In(zone)) == drip.DateOf(slot.Start().In(zone)) {
		return w.hour(slot.Start())
	}
	return w.date(slot.Start()) + " " + w.hour(slot.Start())
}

func (w *wish) past() error {
	next := w.calendar.Next(w.now).Start()
	return w.refuse("is in the past",
		fmt.Sprintf("give a later time, or now, which is %s %s", w.date(next), w.hour(next)))
}

func (w *wish) refuse(problem, fix string) error {
	const longest = 40
	text := []rune(w.text)
	if len(text) > longest {
		text = append(text[:longest], '…')
	}
	return &drip.InputError{File: "--start", Problem: fmt.Sprintf("%q %s", string(text), problem), Fix: fix}
}
