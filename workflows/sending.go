package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
)

// send has one slot sent: an activity for each account with work in it, all at once.
func (s *sequence) send(ctx workflow.Context, slot drip.AgendaSlot) error {
	s.begin(ctx, slot)
	sending, recall := workflow.WithCancel(ctx)
	defer recall()
	accounts := byAccount(slot.Sends)
	s.recallAll = recall
	for _, sends := range accounts {
		in := drip.SendInput{
			Engagement: s.engagement,
			Account:    sends[0].Account,
			Slot:       drip.SlotAt(slot.Start),
			Now:        workflow.Now(ctx),
			Rehearsal:  s.Agenda.Rehearsal,
		}
		s.senders = append(s.senders,
			workflow.ExecuteActivity(sendOptions(sending, sendSummary(sends)), drip.ActivitySendEmails, in))
	}
	s.tell(ctx)
	for !s.sent() {
		if err := workflow.Await(ctx, func() bool { return s.sent() || s.ordered() }); err != nil {
			return err
		}
		if s.ordered() {
			if err := s.obey(ctx); err != nil {
				return err
			}
		}
	}
	return s.fold(ctx, slot, accounts)
}

// begin notes that the first slot has begun.
func (s *sequence) begin(ctx workflow.Context, slot drip.AgendaSlot) {
	s.State = drip.StateRunning
	if s.Started == nil {
		now := inZoneOf(slot.Start, workflow.Now(ctx))
		s.Started = &now
	}
}

// inZoneOf gives an instant the offset that another is written with. An offset says the same on
// every machine; a location read from JSON may be the machine's own.
func inZoneOf(written, t time.Time) time.Time {
	_, offset := written.Zone()
	return t.In(time.FixedZone("", offset))
}

func (s *sequence) sent() bool {
	for _, sender := range s.senders {
		if !sender.IsReady() {
			return false
		}
	}
	return true
}

// recall makes the senders stop and waits until the last message in hand is settled. The ledger has
// refused their next claim already; this reaches those that no worker has picked up.
func (s *sequence) recall(ctx workflow.Context) {
	if len(s.senders) == 0 {
		return
	}
	s.recallAll()
	// The only error of Await is a cancelled context, and this one is disconnected.
	_ = workflow.Await(ctx, s.sent)
}

// fold takes the senders' results in, and has a new plan made where the old one no longer fits.
func (s *sequence) fold(ctx workflow.Context, slot drip.AgendaSlot, accounts [][]drip.Send) error {
	sums := drip.SlotTotals{Start: slot.Start}
	var why []drip.WhyWaited
	var last time.Time
	replan, lost := false, false
	for i, sender := range s.senders {
		var out drip.SendOutput
		if err := sender.Get(ctx, &out); err != nil {
			// What was recalled is not tried again, whatever it ended with: its worker may be gone.
			// The ledger knows what it sent.
			if s.State.Sends() && !temporal.IsCanceledError(err) {
				return err
			}
			sums.Planned += drip.AgendaSlot{Sends: accounts[i]}.Total()
			replan, lost = true, true
			continue
		}
		if !s.State.Ended() { // the end has told newer totals
			s.setAccount(out.Account)
		}
		sums.Planned += out.Slot.Planned
		sums.Sent += out.Slot.Sent
		sums.Failed += out.Slot.Failed
		sums.Unknown += out.Slot.Unknown
		if out.Why != "" {
			why = append(why, drip.WhyWaited{Account: out.Account.Account, Reason: out.Why})
		}
		replan = replan || out.Replan
		if out.Now.After(last) {
			last = out.Now
		}
	}
	s.senders = nil
	s.remember(sums)
	if len(s.Agenda.Slots) > 0 && s.Agenda.Slots[0].Start.Equal(slot.Start) {
		s.Agenda.Slots = s.Agenda.Slots[1:]
	}
	if !s.State.Sends() { // paused or ended meanwhile; a resume plans anew
		return s.settled(ctx, lost)
	}
	s.Reason = ""
	if s.Agenda.Rehearsal && last.After(workflow.Now(ctx)) {
		// The senders' clock went ahead; in earnest this one would have gone with it.
		if err := s.sleep(ctx, last, "the rest of the slot"); err != nil {
			return err
		}
	}
	if replan {
		return s.plan(ctx, planReason(sums, why), why, false)
	}
	s.tell(ctx)
	return nil
}

// settled is the end of a slot that was stopped. lost says that a sender did not tell what it had
// done by then; the ledger does, unless the end has told already.
func (s *sequence) settled(ctx workflow.Context, lost bool) error {
	if lost && !s.State.Ended() {
		in := drip.AgendaInput{Engagement: s.engagement, Now: workflow.Now(ctx)}
		if err := s.take(ctx, workflow.ExecuteActivity(ledgerOptions(ctx, "read what was sent"), drip.ActivityAgenda, in)); err != nil {
			return err
		}
	}
	s.tell(ctx)
	return nil
}

// byAccount groups a slot's sends, which are in order of account.
func byAccount(sends []drip.Send) [][]drip.Send {
	var groups [][]drip.Send
	for _, send := range sends {
		if n := len(groups); n > 0 && groups[n-1][0].Account == send.Account {
			groups[n-1] = append(groups[n-1], send)
			continue
		}
		groups = append(groups, []drip.Send{send})
	}
	return groups
}

// drain takes in the signals that have arrived but not been received yet.
func (s *sequence) drain() {
	var a arrived
	for s.inOrder.ReceiveAsync(&a) {
		s.orders = append(s.orders, order{command: a.Command, reason: a.Reason})
	}
	for i, channel := range s.signals {
		for {
			var reason converter.RawValue
			if !channel.ReceiveAsync(&reason) {
				break
			}
			s.orders = append(s.orders, order{command: commands[i], reason: reasonOf(reason)})
		}
	}
}

// rootCause is the innermost message of an activity's error, without Temporal's wrapping.
func rootCause(err error) string {
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		return application.Message()
	}
	return err.Error()
}
