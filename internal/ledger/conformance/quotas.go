package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// sender is an engagement of one account with n messages booked in each of the first slots.
func (b *bench) sender(id, account string, n, slots int) *attempt {
	b.load(id, 1, people(account, n*slots)...)
	var all []drip.Booking
	for i := range slots {
		all = append(all, book(i, account, 1, n))
	}
	b.schedule(id, all...)
	return b.take(id, account, 0, "t")
}

// at is the same attempt in another slot.
func (a *attempt) at(slot int) *attempt {
	return a.take(a.lease.Engagement, a.lease.Account, slot, "t")
}

func (a *attempt) waits(why string, until, now time.Time) {
	r := a.wants(now)
	require.Equal(a.t, ledger.NextWait, r.Kind)
	require.Equal(a.t, why, r.Why)
	require.Equal(a.t, until, r.Until)
}

var quotas = []behaviour{
	{"per_hour holds in any sliding hour", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 5, 2)
		a.quotas = drip.Quotas{PerHour: 2, PerDay: 100}
		a.send(In(0, 10*time.Minute))
		a.send(In(0, 50*time.Minute))
		a.waits("per_hour", In(1, 10*time.Minute), In(0, 51*time.Minute))
		a = a.at(1)
		a.quotas = drip.Quotas{PerHour: 2, PerDay: 100}
		a.waits("per_hour", In(1, 10*time.Minute), In(1, 10*time.Minute-1))
		a.send(In(1, 10*time.Minute))
		a.waits("per_hour", In(1, 50*time.Minute), In(1, 10*time.Minute))
	}},
	{"per_day holds in any sliding 24 hours", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 3, 30)
		a.quotas = drip.Quotas{PerHour: 100, PerDay: 2}
		a.send(In(0, 10*time.Minute))
		a.send(In(0, 20*time.Minute))
		a.waits("per_day", In(24, 10*time.Minute), In(0, 30*time.Minute))
		a = a.at(24)
		a.quotas = drip.Quotas{PerHour: 100, PerDay: 2}
		a.waits("per_day", In(24, 10*time.Minute), In(24, 10*time.Minute-1))
		a.send(In(24, 10*time.Minute))
		a.waits("per_day", In(24, 20*time.Minute), In(24, 10*time.Minute))
	}},
	{"min_gap holds from the end of one to the start of the next", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 3, 1)
		a.quotas = drip.Quotas{PerHour: 100, PerDay: 100, MinGap: 20 * time.Second}
		m := a.claim(In(0, 0))
		a.settle(m, drip.Delivered, In(0, 7*time.Second))
		a.waits("min_gap", In(0, 27*time.Second), In(0, 27*time.Second-1))
		a.claim(In(0, 27*time.Second))
	}},
	{"a quota of one is one", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 3, 2)
		a.quotas = drip.Quotas{PerHour: 1, PerDay: 5}
		r, err := a.next(settlement(a.claim(In(0, 0)), drip.Delivered, In(0, time.Second)), true, In(0, time.Second))
		require.NoError(t, err)
		require.Equal(t, "per_hour", r.Why)
		require.Equal(t, In(1, time.Second), r.Until)
	}},
	{"the last of several limits is named, with the instant all are met", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 3, 1)
		a.quotas = drip.Quotas{PerHour: 2, PerDay: 2, MinGap: 90 * time.Minute}
		a.send(In(0, 0))
		a.waits("min_gap", In(1, 30*time.Minute), In(0, time.Minute))
		a.quotas.MinGap = 0
		a.send(In(0, time.Minute))
		a.waits("per_day", In(24, 0), In(0, 2*time.Minute))
	}},
	{"the time that counts is when the outcome was known", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 2, 2)
		a.quotas = drip.Quotas{PerHour: 1, PerDay: 100}
		a.settle(a.claim(In(0, 0)), drip.Delivered, In(0, 9*time.Minute))
		a.waits("per_hour", In(1, 9*time.Minute), In(0, 10*time.Minute))
	}},
	{"sent and unknown count, all else does not", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 10, 1)
		a.quotas = drip.Quotas{PerHour: 3, PerDay: 100, MinGap: time.Second}
		for _, v := range []drip.Verdict{drip.Rejected, drip.NotRenderable, drip.Deferred, drip.AccountFault} {
			a.settle(a.claim(In(0, 0)), v, In(0, 0))
		}
		a.send(In(0, 0))
		a.settle(a.claim(In(0, time.Second)), drip.OutcomeUnknown, In(0, time.Second))
		for _, v := range []drip.Verdict{drip.Rejected, drip.AccountFault} {
			a.settle(a.claim(In(0, 2*time.Second)), v, In(0, 2*time.Second))
		}
		a.claim(In(0, 2*time.Second))
		a = a.at(0) // the claim becomes unknown now
		a.quotas = drip.Quotas{PerHour: 3, PerDay: 100}
		a.waits("per_hour", In(1, 0), In(0, time.Minute))
	}},
	{"what is unknown counts from when it became so", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 2, 1)
		a.claim(In(0, 0))
		fresh := &attempt{bench: b, lease: a.lease, quotas: drip.Quotas{PerHour: 1, PerDay: 9}}
		fresh.lease.Token = "new"
		_, err := b.Take(b.ctx, fresh.lease, In(0, 5*time.Minute))
		require.NoError(t, err)
		fresh.waits("per_hour", In(1, 5*time.Minute), In(0, 6*time.Minute))
	}},
	{"a late truth counts from when it is told", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 5, 2)
		m := a.claim(In(0, 0))
		fresh := &attempt{bench: b, lease: a.lease, quotas: roomy}
		fresh.lease.Token = "new"
		_, err := b.Take(b.ctx, fresh.lease, In(0, 5*time.Minute))
		require.NoError(t, err)
		fresh.send(In(0, 10*time.Minute))
		fresh.send(In(0, 20*time.Minute))
		_, err = a.next(settlement(m, drip.Delivered, In(0, 15*time.Minute)), false, In(0, 15*time.Minute))
		require.ErrorIs(t, err, ledger.ErrFenced)
		require.Equal(t, In(0, 15*time.Minute), b.row("a", m.Contact, 1).SentAt)
		for per, until := range map[int]time.Duration{3: 10, 2: 15, 1: 20} {
			fresh.quotas = drip.Quotas{PerHour: per, PerDay: 100}
			fresh.waits("per_hour", In(1, until*time.Minute), In(0, 21*time.Minute))
		}
	}},
	{"a late truth may be the latest", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 3, 1)
		m := a.claim(In(0, 0))
		fresh := &attempt{bench: b, lease: a.lease, quotas: drip.Quotas{PerHour: 100, PerDay: 100, MinGap: time.Minute}}
		fresh.lease.Token = "new"
		_, err := b.Take(b.ctx, fresh.lease, In(0, 5*time.Minute))
		require.NoError(t, err)
		_, err = a.next(settlement(m, drip.Delivered, In(0, 6*time.Minute)), false, In(0, 6*time.Minute))
		require.ErrorIs(t, err, ledger.ErrFenced)
		fresh.waits("min_gap", In(0, 7*time.Minute), In(0, 6*time.Minute))
	}},
	{"an account's quotas hold over all its engagements, ended ones too", func(t *testing.T, b *bench) {
		one := b.sender("a", "ann", 2, 1)
		one.send(In(0, 0))
		require.NoError(t, b.End(b.ctx, "a", drip.StateCompleted, "", In(0, time.Minute)))
		b.load("b", 1, drip.Contact{Row: 2, Email: "x@example.test", Account: "ann"})
		b.schedule("b", book(0, "ann", 1, 1))
		two := b.another().take("b", "ann", 0, "t")
		two.quotas = drip.Quotas{PerHour: 1, PerDay: 1}
		two.waits("per_day", In(24, 0), In(0, 2*time.Minute))
	}},
	{"a quota that grows or shrinks is judged by what was sent", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 20, 1)
		for i := range 10 {
			a.quotas = drip.Quotas{PerHour: 10, PerDay: 10}
			a.send(In(0, time.Duration(i)*time.Second))
		}
		a.quotas = drip.Quotas{PerHour: 3, PerDay: 10}
		a.waits("per_day", In(24, 0), In(0, time.Minute))
		a.quotas = drip.Quotas{PerHour: 3, PerDay: 50}
		a.waits("per_hour", In(1, 7*time.Second), In(0, time.Minute))
		a.quotas = drip.Quotas{PerHour: 11, PerDay: 11}
		a.claim(In(0, time.Minute))
	}},
	{"a clock that runs backwards gains nothing", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 5, 2)
		a.quotas = drip.Quotas{PerHour: 2, PerDay: 100}
		a.send(In(0, 30*time.Minute))
		a.send(In(0, 10*time.Minute))
		require.Equal(t, In(0, 30*time.Minute), b.row("a", 2, 1).SentAt)
		a.waits("per_hour", In(1, 30*time.Minute), In(0, 11*time.Minute))
	}},
	{"an outcome before its claim counts from the claim", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 2, 1)
		a.quotas = drip.Quotas{PerHour: 1, PerDay: 9}
		a.settle(a.claim(In(0, 10*time.Minute)), drip.Delivered, In(0, 0))
		a.waits("per_hour", In(1, 10*time.Minute), In(0, 11*time.Minute))
	}},
	{"quotas are judged right however many messages and days", func(t *testing.T, b *bench) {
		a := b.sender("a", "ann", 10, 100)
		for slot := 0; slot < 100; slot++ {
			a = a.at(slot)
			a.quotas = drip.Quotas{PerHour: 4, PerDay: 7}
			for r := a.wants(In(slot, 0)); r.Kind == ledger.NextClaimed; r = a.wants(In(slot, 0)) {
				a.settle(r.Message, drip.Delivered, In(slot, 0))
			}
		}
		sent := map[int]int{}
		for _, r := range b.rows("a") {
			if r.State == drip.Sent {
				sent[int(r.SentAt.Sub(In(0, 0))/time.Hour)]++
			}
		}
		require.Equal(t, map[int]int{0: 4, 1: 3, 24: 4, 25: 3, 48: 4, 49: 3, 72: 4, 73: 3, 96: 4, 97: 3}, sent)
	}},
}
