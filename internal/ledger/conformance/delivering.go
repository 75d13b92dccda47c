package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var claiming = []behaviour{
	{"the first take lets it run and says what is left", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 1))
		batch, err := b.Take(b.ctx, ledger.Lease{Engagement: "a", Account: "ann", Slot: Slot(0), Token: "t"}, In(0, 0))
		require.NoError(t, err)
		require.Equal(t, drip.StateRunning, batch.State)
		require.Equal(t, 2, batch.Remaining)
		require.Equal(t, "a", batch.Engagement.ID)
		require.Equal(t, drip.StateRunning, b.state("a"))
		info, err := b.Engagement(b.ctx, "a")
		require.NoError(t, err)
		require.Zero(t, info.Started, "nothing was claimed yet")
	}},
	{"a claim is seen at once, and counts as planned", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		m := a.claim(In(0, time.Minute))
		require.Equal(t, ledger.Message{Contact: 1, Step: 1, Email: "ann-1@example.test", Values: []string{"ann-1"}, Planned: Slot(0)}, m)
		r := b.another().row("a", 1, 1)
		require.Equal(t, drip.Claimed, r.State)
		require.Equal(t, Slot(0), r.Slot)
		require.Equal(t, drip.Totals{Planned: 2}, b.totals("a"))
		tally, err := b.Tally(b.ctx, "a", "ann", Slot(0))
		require.NoError(t, err)
		require.Equal(t, ledger.Tally{Steps: []drip.Totals{{Planned: 2}}, Slot: drip.SlotTotals{Planned: 2}, Left: 1}, tally)
		info, err := b.Engagement(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, In(0, time.Minute), info.Started)
	}},
	{"an engagement has started with its earliest claim, whoever of its accounts is asked first", func(t *testing.T, b *bench) {
		b.load("a", 1, append(people("ann", 2), people("ben", 1)...)...)
		b.schedule("a", book(0, "ann", 1, 2), book(0, "ben", 1, 1))
		ann := b.take("a", "ann", 0, "t")
		ann.send(In(0, 9*time.Minute))
		b.take("a", "ben", 0, "u").send(In(0, time.Minute))
		ann.send(In(0, 30*time.Minute))
		info, err := b.Engagement(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, In(0, time.Minute), info.Started)
	}},
	{"no more than is booked leaves in a slot", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 1))
		a := b.take("a", "ann", 0, "t")
		a.send(In(0, 0))
		a.send(In(0, 0))
		require.Equal(t, ledger.NextNothing, a.wants(In(0, 0)).Kind)
		b.take("a", "ann", 1, "u").send(In(1, 0))
	}},
	{"follow-ups go first, each step in the order its messages were due", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 4)...)
		b.schedule("a", book(0, "ann", 1, 2), book(30, "ann", 1, 2), book(30, "ann", 2, 2))
		a := b.take("a", "ann", 0, "t")
		for _, due := range []int{29, 28} {
			m := a.claim(In(0, 0))
			s := settlement(m, drip.Delivered, In(0, 0))
			s.NextDue = Slot(due)
			_, err := a.next(s, false, In(0, 0))
			require.NoError(t, err)
		}
		a = b.take("a", "ann", 30, "u")
		var got []message
		for range 4 {
			m := a.send(In(30, 0))
			got = append(got, message{m.Contact, m.Step})
		}
		require.Equal(t, []message{{2, 2}, {1, 2}, {3, 1}, {4, 1}}, got)
	}},
	{"what is not due in the slot is not claimed", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 1), book(23, "ann", 2, 1), book(24, "ann", 2, 1))
		b.take("a", "ann", 0, "t").send(In(0, 0)) // step 2 is due in slot 24
		require.Equal(t, ledger.NextNothing, b.take("a", "ann", 23, "u").wants(In(23, 0)).Kind)
		require.Equal(t, 2, b.take("a", "ann", 24, "v").claim(In(24, 0)).Step)
	}},
	{"nothing is claimed once the slot is over", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		m := a.claim(Slot(0).End().Add(-1))
		r, err := a.next(settlement(m, drip.Delivered, Slot(0).End()), true, Slot(0).End())
		require.NoError(t, err)
		require.Equal(t, ledger.NextSlotOver, r.Kind)
		require.Equal(t, drip.Sent, b.row("a", 1, 1).State)
	}},
	{"settle and claim are one", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		r, err := a.next(settlement(a.claim(In(0, 0)), drip.Delivered, In(0, time.Second)), true, In(0, time.Second))
		require.NoError(t, err)
		require.Equal(t, ledger.NextClaimed, r.Kind)
		require.Equal(t, 2, r.Message.Contact)
		r, err = a.next(settlement(r.Message, drip.Delivered, In(0, 2*time.Second)), false, In(0, 2*time.Second))
		require.NoError(t, err)
		require.Equal(t, ledger.NextNothing, r.Kind)
	}},
	{"a second claim without a word about the first is refused", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		m := a.claim(In(0, 0))
		_, err := a.next(nil, true, In(0, 0))
		require.Error(t, err)
		a.settle(m, drip.Delivered, In(0, 0))
	}},
	{"two engagements share an account's one hand", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.load("b", 1, drip.Contact{Row: 2, Email: "x@example.test", Account: "ann"})
		b.schedule("a", book(0, "ann", 1, 1))
		b.schedule("b", book(0, "ann", 1, 1))
		one, two := b.take("a", "ann", 0, "t"), b.take("b", "ann", 0, "t")
		m := one.claim(In(0, 0))
		r := two.wants(In(0, time.Minute))
		require.Equal(t, ledger.NextWait, r.Kind)
		require.Equal(t, "in_hand", r.Why)
		require.True(t, r.Until.After(In(0, time.Minute)))
		require.True(t, r.Until.Before(In(0, time.Minute+time.Second)))
		one.settle(m, drip.Delivered, In(0, time.Minute))
		two.claim(r.Until)
	}},
	{"an account that has nothing left in the slot does not wait", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1))
		a := b.take("a", "ann", 0, "t")
		a.quotas = drip.Quotas{PerHour: 1, PerDay: 1, MinGap: time.Hour}
		a.send(In(0, 0))
		require.Equal(t, ledger.NextNothing, a.wants(In(0, 0)).Kind)
	}},
	{"quotas must be given", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1))
		a := b.take("a", "ann", 0, "t")
		a.quotas = drip.Quotas{}
		_, err := a.next(nil, true, In(0, 0))
		require.Error(t, err)
	}},
	{"an account that is no sender has no lease", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a")
		_, err := b.Take(b.ctx, ledger.Lease{Engagement: "a", Account: "bob", Slot: Slot(0), Token: "t"}, In(0, 0))
		require.Error(t, err)
		_, err = b.Take(b.ctx, ledger.Lease{Engagement: "a", Account: "ann", Slot: Slot(0)}, In(0, 0))
		require.Error(t, err, "without a token")
	}},
}

// message names a message.
type message struct{ contact, step int }

var settling = []behaviour{
	{"delivered is sent, and the next step is due", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1), book(24, "ann", 2, 1))
		a := b.take("a", "ann", 0, "t")
		m := a.claim(In(0, 0))
		a.settle(m, drip.Delivered, In(0, time.Second))
		require.Equal(t, ledger.Row{Contact: 1, Email: m.Email, Account: "ann", Step: 1, State: drip.Sent, Slot: Slot(0),
			SentAt: In(0, time.Second), MessageID: "<1.1@test>", Answer: "250 fine"}, b.row("a", 1, 1))
		basis := b.plan("a", Slot(1), drip.StateRunning, drip.StateRunning)
		require.Equal(t, []ledger.Cohort{{Account: "ann", Step: 2, Due: Slot(24), Count: 1}}, basis.Cohorts)
		tally, err := b.Tally(b.ctx, "a", "ann", Slot(0))
		require.NoError(t, err)
		require.Equal(t, ledger.Tally{Steps: []drip.Totals{{Sent: 1}, {Planned: 1}}, Slot: drip.SlotTotals{Planned: 1, Sent: 1}}, tally)
	}},
	{"rejected, not renderable and put off too long fail, and later steps are skipped", func(t *testing.T, b *bench) {
		verdicts := []drip.Verdict{drip.Rejected, drip.NotRenderable, drip.Deferred}
		b.load("a", 3, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 3))
		a := b.take("a", "ann", 0, "t")
		for i, v := range verdicts {
			a.settle(a.claim(In(0, 0)), v, In(0, 0))
			r := b.row("a", i+1, 1)
			require.Equal(t, drip.Failed, r.State, v)
			require.Equal(t, "250 fine", r.Answer)
			require.NotEmpty(t, r.Reason)
			require.Zero(t, r.SentAt)
			for step := 2; step <= 3; step++ {
				later := b.row("a", i+1, step)
				require.Equal(t, drip.Skipped, later.State)
				require.NotEmpty(t, later.Reason)
			}
		}
		require.Equal(t, ledger.NextNothing, a.wants(In(0, 0)).Kind, "their bookings stay used")
		require.Equal(t, drip.Totals{Failed: 3, Skipped: 6}, b.totals("a"))
	}},
	{"an unknown outcome is unknown, later steps are skipped, and the account may wait", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		s := settlement(a.claim(In(0, 0)), drip.OutcomeUnknown, In(0, time.Minute))
		s.Outcome.RetryAfter = time.Minute
		r, err := a.next(s, true, In(0, time.Minute))
		require.NoError(t, err)
		require.Equal(t, ledger.NextWait, r.Kind)
		require.Equal(t, In(0, 2*time.Minute), r.Until)
		require.Equal(t, drip.Totals{Planned: 2, Unknown: 1, Skipped: 1}, b.totals("a"))
		require.Zero(t, b.row("a", 1, 1).SentAt)
	}},
	{"deferred is planned again, later, and spends its booking", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1), book(1, "ann", 1, 1), book(2, "ann", 1, 1))
		a := b.take("a", "ann", 0, "t")
		s := settlement(a.claim(In(0, 0)), drip.Deferred, In(0, 0))
		s.RetryAt = Slot(2)
		r, err := a.next(s, true, In(0, 0))
		require.NoError(t, err)
		require.Equal(t, ledger.NextNothing, r.Kind)
		require.Equal(t, drip.Totals{Planned: 2}, b.totals("a"))
		require.Equal(t, ledger.NextNothing, b.take("a", "ann", 1, "u").wants(In(1, 0)).Kind)
		m := b.take("a", "ann", 2, "v").claim(In(2, 0))
		require.Equal(t, 1, m.Attempts)
		require.Equal(t, Slot(2), m.Planned)
	}},
	{"an account fault costs the contact nothing", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.load("b", 1, drip.Contact{Row: 2, Email: "x@example.test", Account: "ann"})
		b.schedule("a", book(0, "ann", 1, 1))
		b.schedule("b", book(0, "ann", 1, 1))
		a := b.take("a", "ann", 0, "t")
		m := a.claim(In(0, 0))
		s := settlement(m, drip.AccountFault, In(0, time.Minute))
		s.Outcome.RetryAfter, s.Outcome.Answer = 10*time.Minute, "535 bad password"
		r, err := a.next(s, true, In(0, time.Minute))
		require.NoError(t, err)
		require.Equal(t, ledger.NextWait, r.Kind)
		require.Equal(t, "account: 535 bad password", r.Why)
		require.Equal(t, In(0, 11*time.Minute), r.Until)
		require.Equal(t, r, b.take("b", "ann", 0, "t").wants(In(0, 2*time.Minute)), "the account waits everywhere")

		waits, err := b.Waits(b.ctx, "a", In(0, 2*time.Minute))
		require.NoError(t, err)
		require.Equal(t, []ledger.AccountWait{{Account: "ann", Until: In(0, 11*time.Minute), Reason: "535 bad password"}}, waits)
		waits, err = b.Waits(b.ctx, "a", In(0, 11*time.Minute))
		require.NoError(t, err)
		require.Empty(t, waits)

		again := a.claim(In(0, 11*time.Minute))
		require.Equal(t, m, again, "the same message, no attempt counted")
	}},
	{"what is not in hand cannot be settled", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		for name, s := range map[string]*ledger.Settlement{
			"never claimed": settlement(ledger.Message{Contact: 2, Step: 1}, drip.Delivered, In(0, 0)),
			"no such":       settlement(ledger.Message{Contact: 9, Step: 1}, drip.Delivered, In(0, 0)),
			"wrong step":    settlement(ledger.Message{Contact: 1, Step: 2}, drip.Delivered, In(0, 0)),
		} {
			_, err := a.next(s, true, In(0, 0))
			require.Error(t, err, name)
		}
		m := a.send(In(0, 0))
		_, err := a.next(settlement(m, drip.Rejected, In(0, 0)), false, In(0, 0))
		require.Error(t, err, "settled before")
		_, err = a.next(settlement(m, "shrug", In(0, 0)), false, In(0, 0))
		require.Error(t, err)
		require.Equal(t, drip.Totals{Planned: 3, Sent: 1}, b.totals("a"), "and nothing has changed")
	}},
}

var leases = []behaviour{
	{"a take fences every earlier attempt", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		old := b.take("a", "ann", 0, "old")
		fresh := b.another().take("a", "ann", 0, "new")
		_, err := old.next(nil, true, In(0, 0))
		require.ErrorIs(t, err, ledger.ErrFenced)
		fresh.claim(In(0, 0))
	}},
	{"without a take there is no right", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1))
		for _, token := range []string{"", "guess"} {
			_, err := b.Next(b.ctx, ledger.NextRequest{Lease: ledger.Lease{Engagement: "a", Account: "ann", Slot: Slot(0), Token: token},
				Claim: true, Quotas: roomy, Now: In(0, 0), Until: Slot(0).End()})
			require.ErrorIs(t, err, ledger.ErrFenced)
		}
	}},
	{"one account's take leaves the others alone", func(t *testing.T, b *bench) {
		b.load("a", 1, append(people("ann", 1), people("bob", 1)...)...)
		b.schedule("a", book(0, "ann", 1, 1), book(0, "bob", 1, 1))
		ann := b.take("a", "ann", 0, "t")
		b.take("a", "bob", 0, "u")
		ann.claim(In(0, 0))
	}},
	{"what a lost attempt had in hand is unknown, never sent again", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		b.take("a", "ann", 0, "old").claim(In(0, time.Minute))
		fresh := &attempt{bench: b, quotas: roomy, lease: ledger.Lease{Engagement: "a", Account: "ann", Slot: Slot(0), Token: "new"}}
		batch, err := b.Take(b.ctx, fresh.lease, In(0, 2*time.Minute))
		require.NoError(t, err)
		require.Equal(t, 1, batch.Remaining)
		r := b.row("a", 1, 1)
		require.Equal(t, drip.Unknown, r.State)
		require.Equal(t, Slot(0), r.Slot)
		require.NotEmpty(t, r.Reason)
		require.Equal(t, drip.Skipped, b.row("a", 1, 2).State)
		require.Equal(t, 2, fresh.send(In(0, 2*time.Minute)).Contact)
		require.Equal(t, ledger.NextNothing, fresh.wants(In(0, 2*time.Minute)).Kind)
		require.Equal(t, drip.Totals{Planned: 1, Sent: 1, Unknown: 1, Skipped: 1}, b.totals("a"))
	}},
	{"a fenced attempt may still say the truth, and must stop", func(t *testing.T, b *bench) {
		for _, c := range []struct {
			verdict drip.Verdict
			state   drip.MessageState
		}{
			{drip.Delivered, drip.Sent}, {drip.Rejected, drip.Failed}, {drip.NotRenderable, drip.Failed},
			{drip.Deferred, drip.Failed}, {drip.AccountFault, drip.Failed}, {drip.OutcomeUnknown, drip.Unknown},
		} {
			id := string(c.verdict)
			b.load(id, 2, people(id, 2)...)
			b.schedule(id, book(0, id, 1, 2))
			old := b.take(id, id, 0, "old")
			m := old.claim(In(0, 0))
			b.take(id, id, 0, "new")
			r, err := old.next(settlement(m, c.verdict, In(0, time.Minute)), true, In(0, time.Minute))
			require.ErrorIs(t, err, ledger.ErrFenced)
			require.Zero(t, r)
			require.Equal(t, c.state, b.row(id, 1, 1).State, id)
			require.Equal(t, drip.Skipped, b.row(id, 1, 2).State, "what was skipped stays skipped")
			var want drip.Totals
			want.Count(c.state, 1)
			want.Add(drip.Totals{Planned: 2, Skipped: 1})
			require.Equal(t, want, b.totals(id))
			_, err = old.next(settlement(m, drip.Delivered, In(0, time.Minute)), false, In(0, time.Minute))
			require.ErrorIs(t, err, ledger.ErrFenced)
		}
	}},
	{"a fenced attempt can say nothing about what it never had", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		old := b.take("a", "ann", 0, "old")
		fresh := b.take("a", "ann", 0, "new")
		m := fresh.claim(In(0, 0))
		_, err := old.next(settlement(m, drip.Rejected, In(0, 0)), false, In(0, 0))
		require.ErrorIs(t, err, ledger.ErrFenced)
		require.Equal(t, drip.Claimed, b.row("a", m.Contact, 1).State)
		fresh.settle(m, drip.Delivered, In(0, 0))
	}},
	{"a claim nobody settles is given up after the timeout by whoever needs the account", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.load("b", 1, drip.Contact{Row: 2, Email: "x@example.test", Account: "ann"})
		b.schedule("a", book(0, "ann", 1, 1))
		b.schedule("b", book(0, "ann", 1, 1))
		one, two := b.take("a", "ann", 0, "t"), b.take("b", "ann", 0, "t")
		m := one.claim(In(0, 0))
		require.Equal(t, "in_hand", two.wants(In(0, ledger.ClaimTimeout)).Why)
		two.claim(In(0, ledger.ClaimTimeout+1))
		require.Equal(t, drip.Unknown, b.row("a", m.Contact, 1).State)
		_, err := one.next(settlement(m, drip.Delivered, In(0, ledger.ClaimTimeout+2)), false, In(0, ledger.ClaimTimeout+2))
		require.NoError(t, err, "the late truth of an attempt that is not fenced")
		require.Equal(t, drip.Sent, b.row("a", m.Contact, 1).State)
		require.Equal(t, drip.Claimed, b.row("b", 1, 1).State)
	}},
	{"a take, too, gives up what is too old", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.load("b", 1, drip.Contact{Row: 2, Email: "x@example.test", Account: "ann"})
		b.schedule("a", book(0, "ann", 1, 1))
		b.schedule("b", book(1, "ann", 1, 1))
		b.take("a", "ann", 0, "t").claim(In(0, 59*time.Minute))
		b.take("b", "ann", 1, "t") // a minute later: left alone
		require.Equal(t, drip.Claimed, b.row("a", 1, 1).State)
		_, err := b.Take(b.ctx, ledger.Lease{Engagement: "b", Account: "ann", Slot: Slot(1), Token: "u"}, In(1, 30*time.Minute))
		require.NoError(t, err)
		require.Equal(t, drip.Unknown, b.row("a", 1, 1).State)
	}},
}
