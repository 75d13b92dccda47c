package calendar

import "time"

// span is a stretch of time over which a clock runs evenly: from from to before to, in Unix seconds,
// it shows the Unix time plus offset.
type span struct{ from, to, offset int64 }

// spansOf cuts the time between two instants where a zone's offset changes.
func spansOf(zone *time.Location, from, to int64) []span {
	spans := make([]span, 0, 1)
	for t := from; t < to; {
		at := time.Unix(t, 0).In(zone)
		_, offset := at.Zone()
		end := to
		if _, change := at.ZoneBounds(); !change.IsZero() {
			// The time package takes every year for 365 days: on the last day of a leap year it
			// gives an end that is past. No clock changes then, so an hour on is as good.
			if change.Unix() <= t {
				change = at.Add(time.Hour)
			}
			end = min(end, change.Unix())
		}
		if last := len(spans) - 1; last >= 0 && spans[last].offset == int64(offset) {
			spans[last].to = end // what changed was only the name of the offset
		} else {
			spans = append(spans, span{from: t, to: end, offset: int64(offset)})
		}
		t = end
	}
	return spans
}

// fullHour is the first instant at or after t at which the clock reads a full hour; false if there
// is none in the spans.
func fullHour(spans []span, t int64) (int64, bool) {
	for _, s := range spans {
		if t >= s.to {
			continue
		}
		shown := max(t, s.from) + s.offset
		if at := -floorDiv(-shown, slotSeconds)*slotSeconds - s.offset; at < s.to {
			return at, true
		}
	}
	return 0, false
}

// instant is the first instant at which the clock shows a local time, in seconds like Unix time.
// Where a change skips that time it is the instant of the change, and false.
func instant(spans []span, local int64) (int64, bool) {
	for _, s := range spans {
		switch at := local - s.offset; {
		case at < s.from:
			return s.from, false
		case at < s.to:
			return at, true
		}
	}
	return spans[len(spans)-1].to, false
}

// shown is what the clock shows at an instant.
func shown(spans []span, at int64) int64 {
	for _, s := range spans {
		if at < s.to {
			return at + s.offset
		}
	}
	return at + spans[len(spans)-1].offset
}

// clocks are the zones in use, each once; the first is the team's.
type clocks []*time.Location

// add finds or adds a zone and says its place.
func (c *clocks) add(zone *time.Location) int {
	for i, known := range *c {
		if known == zone {
			return i
		}
	}
	*c = append(*c, zone)
	return len(*c) - 1
}

// around is what every clock shows from a good day before a day to a good day after it: enough to
// read any local time of that day, as no zone is a day away from UTC.
func (c clocks) around(number int64) [][]span {
	const margin = daySeconds + 2*slotSeconds
	spans := make([][]span, len(c))
	for i, zone := range c {
		spans[i] = spansOf(zone, number*daySeconds-margin, (number+1)*daySeconds+margin)
	}
	return spans
}
