package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/message"
	"github.com/dripline/dripline/internal/smtp"
)

const (
	// claimGuard is how long before a slot's end the last message may be claimed: time for the
	// dialogue, so that the server's book has it inside the slot too.
	claimGuard = 5 * time.Second
	// placeGuard is how long before a slot's end the last message is placed. What lies between the
	// two guards takes up the small delays of every day's dialogue.
	placeGuard = time.Minute
	// watch is how often a waiting sender looks whether it should still be waiting.
	watch = time.Second
)

// errDraining ends an attempt whose worker is being stopped; another attempt goes on. It is benign:
// nobody needs to read of it in a log.
var errDraining = temporal.NewApplicationErrorWithOptions("this worker is stopping: another one goes on with the slot",
	"Draining", temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign})

// batch is one attempt to send an account's messages of one slot.
type batch struct {
	*Activities
	in        drip.SendInput
	lease     ledger.Lease
	clock     Clock
	account   drip.Account
	taken     ledger.Batch
	templates *message.Templates
	session   *smtp.Session
	stopping  <-chan struct{}
	before    ledger.Tally
	faults    int // in a row
	shaken    bool
	why       string
}

// SendEmails sends an account's messages of one slot, one after the other, each after a look at every
// rule. What it does not send, because the slot, a quota or a fault does not let it, is left to be
// planned anew.
func (a *Activities) SendEmails(ctx context.Context, in drip.SendInput) (drip.SendOutput, error) {
	b := &batch{Activities: a, in: in, clock: a.Clock, stopping: activity.GetWorkerStopChannel(ctx)}
	if in.Rehearsal {
		b.clock = &workflowClock{now: in.Now}
	}
	info := activity.GetInfo(ctx)
	// What an earlier attempt met is known to nobody: the plan may not fit any more.
	b.shaken = info.Attempt > 1
	b.lease = ledger.Lease{
		Engagement: in.Engagement,
		Account:    in.Account,
		Slot:       in.Slot,
		Token:      fmt.Sprintf("%s/%s/%d", info.WorkflowExecution.RunID, info.ActivityID, info.Attempt),
	}
	stop := beat(ctx)
	defer stop()
	if err := b.open(ctx); err != nil {
		return drip.SendOutput{}, lasting(err)
	}
	defer b.session.Close()
	if err := b.run(ctx); err != nil {
		return drip.SendOutput{}, lasting(err)
	}
	return b.output(context.WithoutCancel(ctx))
}

// beat tells the server every second that the attempt lives, also while it waits for an answer, and
// also when it has been recalled: whoever recalled it waits until the message in hand is settled.
// Outside of a worker nobody listens.
func beat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	ctx = context.WithoutCancel(ctx)
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(watch)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}

func (b *batch) open(ctx context.Context) error {
	account, ok := b.Team.Account(b.in.Account)
	if !ok {
		return fmt.Errorf("account %s is not in this worker's team file: put it back and restart the worker", b.in.Account)
	}
	b.account = account
	var err error
	if b.taken, err = b.Ledger.Take(ctx, b.lease, b.clock.Now()); err != nil {
		return fmt.Errorf("take the slot: %w", err)
	}
	if b.before, err = b.Ledger.Tally(ctx, b.in.Engagement, b.in.Account, b.in.Slot); err != nil {
		return fmt.Errorf("read the slot: %w", err)
	}
	e := b.taken.Engagement
	if b.templates, err = message.Compile(e.Sequence, e.Columns); err != nil {
		return fmt.Errorf("compile the sequence: %w", err)
	}
	b.session = b.SMTP.Open(account)
	return nil
}

// run claims, delivers and settles until the slot holds nothing more for the account or something
// says stop. A settlement and the next claim share a commit where nothing lies between them.
func (b *batch) run(ctx context.Context) error {
	// The worker's clock may run behind the server's, by which the slot has begun.
	if goOn, err := b.wait(ctx, b.in.Slot.Start()); err != nil || !goOn {
		return err
	}
	pace := b.newPacer()
	var settle *ledger.Settlement
	for {
		if next := pace.next(b.clock.Now()); next.After(b.clock.Now()) {
			if err := b.settle(ctx, settle); err != nil {
				return err
			}
			settle = nil
			if goOn, err := b.wait(ctx, next); err != nil || !goOn {
				return err
			}
		}
		claim := b.mayClaim(ctx)
		res, err := b.next(ctx, settle, claim)
		if err != nil {
			return err
		}
		if !claim {
			return b.drained()
		}
		settle = nil
		switch res.Kind {
		case ledger.NextClaimed:
			pace.left()
			settle = b.deliver(ctx, res.Message)
			if settle.Outcome.Verdict == drip.AccountFault {
				pace.back(b.clock.Now())
			}
		case ledger.NextWait:
			b.why = res.Why
			if !res.Until.Before(b.until()) {
				return nil
			}
			if goOn, err := b.wait(ctx, res.Until); err != nil || !goOn {
				return err
			}
			pace.waited(b.clock.Now())
		default:
			return nil
		}
	}
}

// until is when claims end.
func (b *batch) until() time.Time { return b.in.Slot.End().Add(-claimGuard) }

// mayClaim says that nobody wants this attempt to stop.
func (b *batch) mayClaim(ctx context.Context) bool {
	return ctx.Err() == nil && b.drained() == nil
}

func (b *batch) drained() error {
	select {
	case <-b.stopping:
		return errDraining
	default:
		return nil
	}
}

func (b *batch) settle(ctx context.Context, settle *ledger.Settlement) error {
	if settle == nil {
		return nil
	}
	_, err := b.next(ctx, settle, false)
	return err
}

// next is one commit of the ledger. It outlives the attempt's own end: a message in hand is settled
// whatever else is over.
func (b *batch) next(ctx context.Context, settle *ledger.Settlement, claim bool) (ledger.NextResult, error) {
	res, err := b.commit(ctx, settle, claim)
	if settle == nil {
		return res, err
	}
	// What became of a message is known here alone: an attempt that gave up now would make it
	// unknown. The ledger gets time to come back.
	pause := firstPause
	for waited := time.Duration(0); err != nil && !final(err) && waited < settleFor; waited += pause {
		pause = min(2*pause, watch)
		if b.Clock.Sleep(context.WithoutCancel(ctx), pause) != nil {
			break
		}
		res, err = b.commit(ctx, settle, claim)
	}
	return res, err
}

const (
	firstPause = 25 * time.Millisecond
	// settleFor is how long a settlement is tried. It is below the time that a worker takes to stop,
	// and below ledger.ClaimTimeout, after which others take the message for lost.
	settleFor = 10 * time.Minute
)

// final says that trying again is no use: the attempt has lost its right, or its engagement.
func final(err error) bool {
	return errors.Is(err, ledger.ErrFenced) || errors.Is(err, ledger.ErrState) || errors.Is(err, ledger.ErrNotFound)
}

func (b *batch) commit(ctx context.Context, settle *ledger.Settlement, claim bool) (ledger.NextResult, error) {
	res, err := b.Ledger.Next(context.WithoutCancel(ctx), ledger.NextRequest{
		Lease:  b.lease,
		Settle: settle,
		Claim:  claim,
		Quotas: b.account.Quotas,
		Now:    b.clock.Now(),
		Until:  b.until(),
	})
	if err != nil {
		return res, fmt.Errorf("settle and claim: %w", err)
	}
	return res, nil
}

// wait waits until an instant, or says false when there is a reason to stop before: the attempt was
// recalled, or the engagement paused or ended.
func (b *batch) wait(ctx context.Context, until time.Time) (bool, error) {
	step := watch
	if b.in.Rehearsal {
		step = drip.SlotLength // its clock costs nothing, and nobody pauses inside it
	}
	for {
		left := until.Sub(b.clock.Now())
		if left <= 0 {
			return true, nil
		}
		if err := b.clock.Sleep(ctx, min(left, step)); err != nil {
			return false, nil
		}
		if err := b.drained(); err != nil {
			return false, err
		}
		state, _, err := b.Ledger.State(ctx, b.in.Engagement)
		if ctx.Err() != nil {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("look at the engagement's state: %w", err)
		}
		if !state.Sends() {
			return false, nil
		}
	}
}

// deliver hands one message over and says what became of it.
func (b *batch) deliver(ctx context.Context, m ledger.Message) *ledger.Settlement {
	settle := &ledger.Settlement{Contact: m.Contact, Step: m.Step}
	mail, err := b.templates.Render(message.Letter{
		Engagement: b.in.Engagement,
		Contact:    m.Contact,
		Step:       m.Step,
		Date:       b.clock.Now().In(b.Calendar.Zone()),
		From:       b.account,
		To:         m.Email,
		Values:     m.Values,
	})
	if err != nil {
		settle.Outcome = drip.Outcome{Verdict: drip.NotRenderable, Answer: "the message could not be made for this contact"}
	} else {
		settle.MessageID = mail.MessageID
		settle.Outcome = b.session.Deliver(ctx, smtp.Envelope{From: mail.From, To: mail.To, Raw: mail.Raw})
	}
	settle.Outcome.At = b.clock.Now()
	b.judge(ctx, m, settle)
	return settle
}

// judge adds what follows from the verdict: when the next step, or the next try, may be.
func (b *batch) judge(ctx context.Context, m ledger.Message, settle *ledger.Settlement) {
	out := &settle.Outcome
	switch out.Verdict {
	case drip.Delivered:
		b.faults = 0
		b.why = ""
		if steps := b.taken.Engagement.Sequence.Steps; m.Step < len(steps) {
			settle.NextDue = b.Calendar.Due(b.in.Account, b.in.Slot, steps[m.Step])
		}
		return
	case drip.Rejected:
		b.faults = 0
	case drip.Deferred:
		b.faults = 0
		settle.RetryAt = b.retryAt(m)
	case drip.AccountFault:
		if ctx.Err() != nil && out.RetryAfter == 0 {
			break // the attempt was stopped before the server heard of the message: nobody's fault
		}
		b.why = out.Answer
		out.RetryAfter = b.backOff(out.RetryAfter)
	case drip.OutcomeUnknown:
		// A server that loses connections after the final dot would make one unknown message after
		// the other: the account rests between them.
		out.RetryAfter = b.backOff(out.RetryAfter)
	}
	b.shaken = true
}

const (
	firstBackOff = time.Minute
	mostBackOff  = 15 * time.Minute
)

// backOff is how long an account rests after a fault: longer with each in a row.
func (b *batch) backOff(atLeast time.Duration) time.Duration {
	rest := min(firstBackOff<<min(b.faults, 10), mostBackOff)
	b.faults++
	return max(rest, atLeast)
}

const (
	firstRetry = time.Hour
	giveUp     = 4 * 24 * time.Hour // RFC 5321 4.5.4.1 asks for four to five days
)

// retryAt is the slot in which a deferred message may be tried again, at growing distance; 0 when it
// has been tried for long enough.
func (b *batch) retryAt(m ledger.Message) drip.Slot {
	slot := b.Calendar.Next(b.clock.Now().Add(firstRetry << min(m.Attempts, 7)))
	if slot.Start().After(m.Planned.Start().Add(giveUp)) {
		return 0
	}
	return slot
}

// output tells what became of the slot, in the ledger's numbers.
func (b *batch) output(ctx context.Context) (drip.SendOutput, error) {
	tally, err := b.Ledger.Tally(ctx, b.in.Engagement, b.in.Account, b.in.Slot)
	if err != nil {
		return drip.SendOutput{}, fmt.Errorf("read the slot: %w", err)
	}
	tally.Slot.Start = b.in.Slot.Start().In(b.Calendar.Zone())
	out := drip.SendOutput{
		Account: drip.AccountSteps{Account: b.in.Account, Steps: tally.Steps},
		Slot:    tally.Slot,
		Now:     b.clock.Now(),
		Left:    tally.Left,
	}
	if out.Left > 0 {
		out.Why = b.why
		if out.Why == "" {
			out.Why = fmt.Sprintf("%d of %d did not leave before the slot was over", out.Left, tally.Slot.Planned)
		}
	}
	out.Replan = out.Left > 0 || b.shaken || tally.Slot.Failed > 0 || tally.Slot.Unknown > 0 ||
		skipped(tally) != skipped(b.before)
	return out, nil
}

func skipped(t ledger.Tally) int {
	n := 0
	for _, step := range t.Steps {
		n += step.Skipped
	}
	return n
}
