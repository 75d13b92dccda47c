package sqlite

import (
	"fmt"
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// The numbers under which states are stored. They are part of the file's format: only ever append.
const (
	planned = iota
	sent
	failed
	skipped
	unknown
)

var messageStates = []drip.MessageState{drip.Planned, drip.Sent, drip.Failed, drip.Skipped, drip.Unknown}

// abandoned is a state that only this store knows: an engagement that is being removed, in pieces.
const abandoned = drip.State("abandoned")

var engagementStates = []drip.State{
	drip.StateLoading, drip.StateScheduled, drip.StateRunning, drip.StatePaused,
	drip.StateCompleted, drip.StateCancelled, drip.StateFailed, abandoned,
}

const abandonedCode = 7 // of engagementStates

func stateCode(s drip.State) (int, error) {
	if i := slices.Index(engagementStates, s); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("no such state of an engagement: %q", s)
}

// nanos is how a time is stored; the zero time is 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// instant is the time that was stored, in UTC.
func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
