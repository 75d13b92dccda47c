package activities_test

import (
	"context"
	"sync"
	"time"
)

// simulated is a clock that moves only while everybody sleeps, to the first instant that somebody
// wants to be woken at. Whoever runs on it is started with start, and only one runs at a time, so
// that a run is the same every time.
type simulated struct {
	mu       sync.Mutex
	now      time.Time
	sleepers []*sleeper
	order    int
	at       []appointment
}

type sleeper struct {
	wake  time.Time
	order int
	awake chan struct{}
}

// appointment is something that happens at an instant.
type appointment struct {
	at time.Time
	do func()
}

func newSimulated(now time.Time) *simulated { return &simulated{now: now} }

func (c *simulated) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets others run until d has passed. Who is not run by start may sleep too, alone.
func (c *simulated) Sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		s := c.lie(d)
		c.wakeNext()
		<-s.awake
	}
	return ctx.Err()
}

func (c *simulated) lie(d time.Duration) *sleeper {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order++
	s := &sleeper{wake: c.now.Add(d), order: c.order, awake: make(chan struct{})}
	c.sleepers = append(c.sleepers, s)
	return s
}

// wakeNext hands on to whoever is to be woken first.
func (c *simulated) wakeNext() {
	c.mu.Lock()
	first := -1
	for i, s := range c.sleepers {
		if f := first; f < 0 || s.wake.Before(c.sleepers[f].wake) || s.wake.Equal(c.sleepers[f].wake) && s.order < c.sleepers[f].order {
			first = i
		}
	}
	if first < 0 {
		c.mu.Unlock()
		return
	}
	s := c.sleepers[first]
	c.sleepers = append(c.sleepers[:first], c.sleepers[first+1:]...)
	var due []func()
	for len(c.at) > 0 && !c.at[0].at.After(s.wake) {
		due, c.at = append(due, c.at[0].do), c.at[1:]
	}
	if s.wake.After(c.now) {
		c.now = s.wake
	}
	c.mu.Unlock()
	for _, do := range due {
		do()
	}
	close(s.awake)
}

// when has something happen before anybody is woken at or after an instant. Instants ascend.
func (c *simulated) when(at time.Time, do func()) { c.at = append(c.at, appointment{at, do}) }

// run runs all at once and returns when the last is done. Its caller sleeps meanwhile.
func (c *simulated) run(all ...func()) {
	done := make(chan struct{})
	left := len(all)
	if left == 0 {
		return
	}
	for _, f := range all {
		s := c.lie(0)
		go func() {
			<-s.awake
			f()
			c.mu.Lock()
			left--
			last := left == 0
			c.mu.Unlock()
			if last {
				close(done) // the caller runs on
			} else {
				c.wakeNext()
			}
		}()
	}
	c.wakeNext()
	<-done
}
