package drip

import "time"

// SlotLength is how long every slot lasts, in real time. A slot is never shorter or longer, even on
// the day a clock changes.
const SlotLength = time.Hour

// Slot is one hour in which mail may leave: [Start, Start+1h). It is the Unix time, in seconds, of
// its start, so slots compare, sort and subtract like numbers, whatever zone they are shown in.
type Slot int64

// SlotAt is the slot that starts at t, to the second.
func SlotAt(t time.Time) Slot { return Slot(t.Unix()) }

// Start is the instant the slot begins, in UTC.
func (s Slot) Start() time.Time { return time.Unix(int64(s), 0).UTC() }

// End is the first instant after the slot.
func (s Slot) End() time.Time { return s.Start().Add(SlotLength) }

// Add is the slot that starts d later.
func (s Slot) Add(d time.Duration) Slot { return s + Slot(d/time.Second) }

// Contains says whether t lies in the slot.
func (s Slot) Contains(t time.Time) bool { return !t.Before(s.Start()) && t.Before(s.End()) }
