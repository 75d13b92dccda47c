package smtp_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
)

// A caller who tries again exactly what surely did not leave never makes the server accept a message
// twice, and never loses one, whatever goes wrong and wherever.
func TestNeverTwiceNeverLost(t *testing.T) {
	t.Parallel()
	faults := []error{
		nil, nil, nil, // mostly nothing
		catcher.Drop,
		catcher.Answer{Code: 421, Enhanced: [3]int{4, 4, 2}, Text: "bye"},
		catcher.Answer{Code: 421, Enhanced: [3]int{4, 7, 0}, Text: "too fast"},
		catcher.Answer{Code: 451, Enhanced: [3]int{4, 3, 0}, Text: "not now"},
		catcher.Answer{Code: 452, Enhanced: [3]int{4, 3, 1}, Text: "no room"},
		catcher.Answer{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "no"},
		catcher.Answer{Code: 550, Enhanced: [3]int{5, 4, 5}, Text: "enough"},
		catcher.AcceptThen(catcher.Drop),
	}
	rapid.Check(t, func(rt *rapid.T) {
		// One number for each time the server is asked, for as long as there are numbers.
		plan := make(chan int, 200)
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, len(faults)-1), 0, 100).Draw(rt, "faults") {
			plan <- n
		}
		c, err := catcher.Start("127.0.0.1:0", catcher.Options{Script: func(catcher.Stage, *catcher.Attempt) error {
			select {
			case n := <-plan:
				return faults[n]
			default:
				return nil
			}
		}})
		require.NoError(rt, err)
		defer func() { require.NoError(rt, c.Close()) }()
		p := newPool(t, nil)
		defer p.Close()
		session := p.Open(accountAt(t, c.Addr()))

		last := map[string]drip.Verdict{}
		for i := range 8 {
			id := strconv.Itoa(i)
			for range 250 {
				last[id] = session.Deliver(t.Context(), numbered(id)).Verdict
				if v := last[id]; v != drip.AccountFault && v != drip.Deferred {
					break
				}
			}
		}
		times := map[string]int{}
		for _, m := range c.Messages() {
			times[m.ID]++
		}
		for id, verdict := range last {
			what := fmt.Sprintf("message %s: %s", id, verdict)
			switch verdict {
			case drip.Delivered:
				require.Equal(rt, 1, times[id], what)
			case drip.Rejected:
				require.Zero(rt, times[id], what)
			case drip.OutcomeUnknown:
				require.LessOrEqual(rt, times[id], 1, what)
			default:
				require.Fail(rt, "no verdict in the end", what)
			}
		}
	})
}
