package workflows

import (
	"errors"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
)

// send has one slot sent: an activity for each account with work in it, all at once.
func (s *sequence) send(ctx workflow.Context, slot drip.AgendaSlot) error {
	s.begin(ctx)
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
func (s *sequence) begin(ctx workflow.Context) {
	s.State = drip.StateRunning
	if s.Started == nil {
		now := workflow.Now(ctx).In(s.Agenda.Zoned.Location())
		s.Started = &now
	}
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
	replan := false
	for i, sender := range s.senders {
		var out drip.SendOutput
		if err := sender.Get(ctx, &out); err != nil {
			if !recalled(err) {
				return err
			}
			// Recalled before any worker had it: nothing of it was sent.
			sums.Planned += drip.AgendaSlot{Sends: accounts[i]}.Total()
			replan = true
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
	}
	s.senders = nil
	s.remember(sums)
	if len(s.Agenda.Slots) > 0 && s.Agenda.Slots[0].Start.Equal(slot.Start) {
		s.Agenda.Slots = s.Agenda.Slots[1:]
	}
	if !s.State.Sends() { // paused or ended meanwhile; a resume plans anew
		s.tell(ctx)
		return nil
	}
	s.Reason = ""
	if replan {
		return s.plan(ctx, planReason(sums, why), why, false)
	}
	s.tell(ctx)
	return nil
}

func recalled(err error) bool {
	return temporal.IsCanceledError(err)
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
