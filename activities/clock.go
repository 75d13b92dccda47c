package activities

import (
	"context"
	"time"
)

// Clock is what an activity knows of time.
type Clock interface {
	Now() time.Time
	// Sleep returns when d has passed, or earlier with the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// WallClock is the machine's clock.
type WallClock struct{}

// Now is the machine's time.
func (WallClock) Now() time.Time { return time.Now() }

// Sleep waits in real time.
func (WallClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// workflowClock is the clock of a rehearsal. It starts at the workflow's time and moves only when
// somebody sleeps, and then at once.
type workflowClock struct{ now time.Time }

func (c *workflowClock) Now() time.Time { return c.now }

func (c *workflowClock) Sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		c.now = c.now.Add(d)
	}
	return ctx.Err()
}
