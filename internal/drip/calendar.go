package drip

import (
	"fmt"
	"time"
)

// Calendar says which hours of which days may be used, in a zone given beside it.
type Calendar struct {
	Days     Weekdays
	Hours    Hours
	Holidays []Date
}

// DefaultCalendar is Monday to Friday, 09:00 to 18:00, no holidays.
func DefaultCalendar() Calendar {
	return Calendar{
		Days:  WeekdaysOf(time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday),
		Hours: Hours{From: 9 * 60, To: 18 * 60},
	}
}

// Weekdays is a set of days of the week, one bit a day.
type Weekdays uint8

// WeekdaysOf is the set of the days given.
func WeekdaysOf(days ...time.Weekday) Weekdays {
	var w Weekdays
	for _, d := range days {
		w |= 1 << d
	}
	return w
}

// Has says whether the set holds the day.
func (w Weekdays) Has(d time.Weekday) bool { return w&(1<<d) != 0 }

// Hours is a window of the day, [From, To), in minutes after midnight; To is at most 24*60.
type Hours struct{ From, To int }

func (h Hours) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// Date is a day of the calendar, without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that t falls on, in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }
