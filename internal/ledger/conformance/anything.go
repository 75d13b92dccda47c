package conformance

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var anything = []behaviour{
	{"whatever is called in whatever order, the sums agree and no quota is exceeded", func(t *testing.T, b *bench) {
		var worlds atomic.Int64 // all share the ledger, none an account, a person or an id
		rapid.Check(t, func(t *rapid.T) {
			w := newWorld(t, b, worlds.Add(1))
			w.engage(t)
			t.Repeat(map[string]func(*rapid.T){
				"engage":   w.engage,
				"replan":   w.replan,
				"pause":    w.pause,
				"end":      w.end,
				"block":    w.block,
				"time":     w.passTime,
				"work":     w.work,
				"work on":  w.work,
				"go on":    w.goOn,
				"settle":   w.settleOnly,
				"too late": w.tooLate,
				"":         w.check,
			})
		})
	}},
}

// The quotas of every account of a world: small, so that they matter, and tighter than the plans, so
// that claims meet them.
var worldQuotas = drip.Quotas{PerHour: 3, PerDay: 7, MinGap: 30 * time.Second}

const worldPerSlot = 4

// world is what a test believes of a few engagements that share two accounts. It knows nothing of how
// the ledger works, only what was answered.
type world struct {
	b        *bench
	name     string
	accounts []string
	people   []string
	blocked  map[string]bool
	now      time.Time
	all      []*believed
	hands    map[string]*handed // by account
	tokens   int
}

// believed is one engagement as the world knows it.
type believed struct {
	id       string
	state    drip.State
	contacts []drip.Contact
	messages map[message]drip.MessageState
	attempts map[string]*attempt // by account, the last one
	fenced   []*attempt
}

// GoString keeps the story that a failing test prints short.
func (e *believed) GoString() string { return e.id + " " + string(e.state) }

// handed is a message that was claimed and not settled.
type handed struct {
	in *believed
	m  ledger.Message
	at time.Time
}

const worldSteps = 2

func newWorld(t *rapid.T, b *bench, number int64) *world {
	w := &world{name: fmt.Sprintf("w%d", number), now: Monday, blocked: map[string]bool{}, hands: map[string]*handed{}}
	w.b = &bench{Ledger: b.Ledger, t: t, ctx: b.ctx}
	w.accounts = []string{w.name + "-ann", w.name + "-bob"}
	for i := range 12 {
		w.people = append(w.people, fmt.Sprintf("%d@%s.test", i, w.name))
	}
	return w
}

// pick draws one of the engagements that a test finds fit.
func (w *world) pick(t *rapid.T, fit func(*believed) bool) *believed {
	var fits []*believed
	for _, e := range w.all {
		if fit(e) {
			fits = append(fits, e)
		}
	}
	if len(fits) == 0 {
		t.Skip("no engagement fits")
	}
	return rapid.SampledFrom(fits).Draw(t, "engagement")
}

// seldom keeps what ends a story from being its second sentence.
func (w *world) seldom(t *rapid.T) {
	if rapid.IntRange(0, 4).Draw(t, "reluctance") > 0 {
		t.Skip("not yet")
	}
}

func sends(e *believed) bool  { return e.state.Sends() }
func goesOn(e *believed) bool { return !e.state.Ended() }

func (w *world) engage(t *rapid.T) {
	if len(w.all) == 4 {
		t.Skip("enough")
	}
	var contacts []drip.Contact
	for i, who := range rapid.SliceOfNDistinct(rapid.SampledFrom(w.people), 4, -1, rapid.ID).Draw(t, "people") {
		contacts = append(contacts, drip.Contact{Row: i + 2, Email: who, Account: rapid.SampledFrom(w.accounts).Draw(t, "account")})
	}
	e := &believed{id: fmt.Sprintf("%s-%d", w.name, len(w.all)), messages: map[message]drip.MessageState{}, attempts: map[string]*attempt{}}
	config := engagement(e.id, worldSteps)
	config.Start = w.nextSlot()
	require.NoError(t, w.b.Create(w.b.ctx, config, w.now))
	busy := map[string]bool{}
	for _, other := range w.all {
		for _, c := range other.contacts {
			busy[c.Email] = busy[c.Email] || goesOn(other)
		}
	}
	for _, c := range contacts {
		if !busy[c.Email] {
			e.contacts = append(e.contacts, c)
		}
	}
	held, err := w.b.AddContacts(w.b.ctx, e.id, contacts, w.now)
	require.NoError(t, err)
	require.Len(t, held, len(contacts)-len(e.contacts))
	for i := range e.contacts {
		for step := range worldSteps {
			e.messages[message{i + 1, step + 1}] = drip.Planned
		}
	}
	w.plan(t, e, drip.StateLoading, drip.StateScheduled)
	w.all = append(w.all, e)
}

func (w *world) nextSlot() drip.Slot {
	return drip.SlotAt(w.now.Add(drip.SlotLength - 1).Truncate(drip.SlotLength))
}

// plan books greedily, so many in a slot.
func (w *world) plan(t *rapid.T, e *believed, in, to drip.State) {
	from := w.nextSlot()
	require.NoError(t, w.b.Plan(w.b.ctx, ledger.PlanRequest{ID: e.id, From: from, Now: w.now, Require: []drip.State{in}, To: to, Reason: "again"},
		func(basis ledger.Basis) ([]drip.Booking, error) {
			var all []drip.Booking
			fill := func(account string, step, count int, slot drip.Slot) {
				for ; count > 0; slot = slot.Add(drip.SlotLength) {
					if n := min(count, worldPerSlot-basis.Used[account][slot]); n > 0 {
						all = append(all, drip.Booking{Slot: slot, Account: account, Step: step, Count: n})
						basis.Used[account][slot] += n
						count -= n
					}
				}
			}
			for _, c := range basis.Cohorts {
				for step := c.Step; step <= worldSteps; step++ {
					fill(c.Account, step, c.Count, max(from, c.Due).Add(time.Duration(step-c.Step)*5*time.Hour))
				}
			}
			return all, nil
		}))
	e.state = to
}

func (w *world) replan(t *rapid.T) {
	e := w.pick(t, goesOn)
	w.plan(t, e, e.state, drip.StateRunning)
}

func (w *world) pause(t *rapid.T) {
	w.seldom(t)
	e := w.pick(t, sends)
	require.NoError(t, w.b.Pause(w.b.ctx, e.id, "a pause", w.now))
	e.state = drip.StatePaused
}

func (w *world) end(t *rapid.T) {
	w.seldom(t)
	e := w.pick(t, goesOn)
	require.NoError(t, w.b.End(w.b.ctx, e.id, drip.StateCancelled, "the end", w.now))
	e.state = drip.StateCancelled
	for _, account := range w.accounts {
		if h := w.hands[account]; h != nil && h.in == e {
			w.lose(account)
		}
	}
	for m, state := range e.messages {
		if state == drip.Planned {
			e.messages[m] = drip.Skipped
		}
	}
}

func (w *world) block(t *rapid.T) {
	w.seldom(t)
	who := rapid.SampledFrom(w.people).Draw(t, "who")
	_, err := w.b.Block(w.b.ctx, []string{who}, w.now)
	require.NoError(t, err)
	w.blocked[who] = true
}

func (w *world) passTime(t *rapid.T) {
	w.now = w.now.Add(rapid.SampledFrom([]time.Duration{
		0, time.Second, time.Minute, time.Minute, 5 * time.Minute, 21 * time.Minute, time.Hour, -time.Second,
	}).Draw(t, "passes"))
}

// lose is what happens to a message whose holder is taken for gone.
func (w *world) lose(account string) {
	h := w.hands[account]
	delete(w.hands, account)
	h.in.conclude(h.m, drip.Unknown)
}

// conclude writes what became of a message, and skips those after it unless it was sent.
func (e *believed) conclude(m ledger.Message, state drip.MessageState) {
	e.messages[message{m.Contact, m.Step}] = state
	for step := m.Step + 1; step <= worldSteps && state != drip.Sent; step++ {
		e.messages[message{m.Contact, step}] = drip.Skipped
	}
}

// loseOld is what the next to meet a claim does when it is too old.
func (w *world) loseOld(account string) {
	if h := w.hands[account]; h != nil && w.now.Sub(h.at) > ledger.ClaimTimeout {
		w.lose(account)
	}
}

// work goes to the next slot that has something for an account and sends there for a while.
func (w *world) work(t *rapid.T) {
	e := w.pick(t, sends)
	bookings, _, err := w.b.Bookings(w.b.ctx, e.id, drip.SlotAt(w.now.Truncate(drip.SlotLength)), 1)
	require.NoError(t, err)
	if len(bookings) == 0 {
		w.plan(t, e, e.state, drip.StateRunning)
		return
	}
	b := rapid.SampledFrom(bookings).Draw(t, "booking")
	if b.Slot.Start().After(w.now) {
		w.now = b.Slot.Start()
	}
	w.take(t, e, b.Account)
	for range rapid.IntRange(1, 5).Draw(t, "messages") {
		w.next(t, e, b.Account, true)
		w.passTime(t)
	}
	if rapid.Bool().Draw(t, "plan what is left") {
		w.plan(t, e, e.state, drip.StateRunning)
	}
}

func (w *world) take(t *rapid.T, e *believed, account string) {
	w.tokens++
	slot := drip.SlotAt(w.now.Truncate(drip.SlotLength))
	a := &attempt{bench: w.b, quotas: worldQuotas, lease: ledger.Lease{Engagement: e.id, Account: account, Slot: slot, Token: fmt.Sprint(w.tokens)}}
	batch, err := w.b.Take(w.b.ctx, a.lease, w.now)
	require.NoError(t, err)
	if h := w.hands[account]; h != nil && h.in == e {
		w.lose(account)
	}
	w.loseOld(account)
	if e.state == drip.StateScheduled {
		e.state = drip.StateRunning
	}
	require.Equal(t, e.state, batch.State)
	if old := e.attempts[account]; old != nil {
		e.fenced = append(e.fenced, old)
	}
	e.attempts[account] = a
}

// tooLate is an attempt that was taken over and does not know it.
func (w *world) tooLate(t *rapid.T) {
	e := w.pick(t, func(e *believed) bool { return len(e.fenced) > 0 })
	_, err := rapid.SampledFrom(e.fenced).Draw(t, "attempt").next(nil, true, w.now)
	require.ErrorIs(t, err, ledger.ErrFenced)
}

// attempted draws an attempt that may send.
func (w *world) attempted(t *rapid.T) (*believed, string) {
	e := w.pick(t, func(e *believed) bool { return len(e.attempts) > 0 })
	var accounts []string
	for _, account := range w.accounts {
		if e.attempts[account] != nil {
			accounts = append(accounts, account)
		}
	}
	return e, rapid.SampledFrom(accounts).Draw(t, "account")
}

func (w *world) settleOnly(t *rapid.T) {
	e, account := w.attempted(t)
	w.next(t, e, account, false)
}

func (w *world) goOn(t *rapid.T) {
	e, account := w.attempted(t)
	w.next(t, e, account, true)
}

// next settles what the attempt has in hand, with any verdict, and claims the next if asked to.
func (w *world) next(t *rapid.T, e *believed, account string, claim bool) {
	a := e.attempts[account]
	var settle *ledger.Settlement
	if h := w.hands[account]; h != nil && h.in == e {
		settle = w.outcome(t, h)
		delete(w.hands, account)
	} else if claim {
		w.loseOld(account)
	}
	r, err := a.next(settle, claim, w.now)
	require.NoError(t, err)
	require.Equal(t, e.state, r.State)
	if r.Kind != ledger.NextClaimed {
		return
	}
	require.True(t, claim)
	require.True(t, sends(e))
	require.True(t, a.lease.Slot.End().After(w.now))
	require.Nil(t, w.hands[account], "two messages in hand")
	require.Equal(t, drip.Planned, e.messages[message{r.Message.Contact, r.Message.Step}])
	require.LessOrEqual(t, r.Message.Planned, a.lease.Slot)
	require.False(t, w.blocked[r.Message.Email])
	require.Equal(t, e.contacts[r.Message.Contact-1].Email, r.Message.Email)
	e.messages[message{r.Message.Contact, r.Message.Step}] = drip.Claimed
	w.hands[account] = &handed{in: e, m: r.Message, at: w.now}
}

// outcome draws what became of a message.
func (w *world) outcome(t *rapid.T, h *handed) *ledger.Settlement {
	verdict := rapid.SampledFrom([]drip.Verdict{drip.Delivered, drip.Delivered, drip.Delivered,
		drip.Rejected, drip.NotRenderable, drip.OutcomeUnknown, drip.Deferred, drip.AccountFault}).Draw(t, "verdict")
	s := settlement(h.m, verdict, w.now)
	s.NextDue = drip.SlotAt(w.now.Truncate(drip.SlotLength)).Add(2 * time.Hour)
	s.Outcome.RetryAfter = time.Minute
	switch verdict {
	case drip.Delivered:
		h.in.conclude(h.m, drip.Sent)
	case drip.OutcomeUnknown:
		h.in.conclude(h.m, drip.Unknown)
	case drip.Rejected, drip.NotRenderable:
		h.in.conclude(h.m, drip.Failed)
	case drip.Deferred:
		s.RetryAt = s.NextDue
		fallthrough
	default:
		h.in.messages[message{h.m.Contact, h.m.Step}] = drip.Planned
	}
	return s
}
