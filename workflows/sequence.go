package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
)

// Progress is all that an engagement's workflow knows: counts and ids. It is carried along whole
// when the workflow continues as new.
type Progress struct {
	State    drip.State        `json:"state"`
	Reason   string            `json:"reason,omitempty"`
	Started  *time.Time        `json:"started,omitempty"`
	Finished *time.Time        `json:"finished,omitempty"`
	Agenda   drip.Agenda       `json:"agenda"` // what comes next; Slots[0] is the next slot
	Past     []drip.SlotTotals `json:"past,omitempty"`
	Older    int               `json:"older,omitempty"` // slots no longer in Past
}

// sequence is one execution.
type sequence struct {
	Progress
	engagement string
	orders     []order
	signals    []workflow.ReceiveChannel // one for each of commands
	inOrder    workflow.ReceiveChannel
	senders    []workflow.Future // of the slot that is being sent
	recallAll  workflow.CancelFunc
}

// Sequence runs one engagement: it sleeps until each slot, has it sent, plans anew what was not, and
// obeys pause, resume and cancel in between.
func Sequence(ctx workflow.Context, in SequenceInput) (SequenceResult, error) {
	s := &sequence{engagement: in.Engagement}
	s.State = drip.StateScheduled // commands may arrive before the ledger has been asked
	if in.Carried != nil {
		s.Progress = *in.Carried
	}
	if err := s.listen(ctx); err != nil {
		return SequenceResult{}, err
	}
	// A cancellation from outside arrives as an order. What the orders themselves need to run must
	// not be cancelled with it.
	work, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return s.run(work, in.Carried == nil)
}

func (s *sequence) run(ctx workflow.Context, first bool) (SequenceResult, error) {
	if first {
		if err := s.open(ctx); err != nil {
			return SequenceResult{}, s.fail(ctx, err)
		}
	}
	s.tell(ctx)
	for !s.State.Ended() {
		if s.mustContinue(ctx) {
			return SequenceResult{}, s.continueAsNew(ctx)
		}
		if err := s.next(ctx); err != nil {
			return SequenceResult{}, s.fail(ctx, err)
		}
	}
	return s.close(ctx)
}

// next is one turn: an order, a wait, or a slot.
func (s *sequence) next(ctx workflow.Context) error {
	switch {
	case len(s.orders) > 0:
		return s.obey(ctx)
	case s.State == drip.StatePaused:
		return workflow.Await(ctx, s.ordered)
	case len(s.Agenda.Slots) == 0:
		return s.lookFurther(ctx)
	}
	slot := s.Agenda.Slots[0]
	now := workflow.Now(ctx)
	switch {
	case !now.Before(slot.Start.Add(drip.SlotLength)):
		s.pass(now)
		return s.plan(ctx, "the slot passed while nothing was running", nil, false)
	case now.Before(slot.Start):
		return s.sleep(ctx, slot.Start, slotSummary(slot))
	}
	return s.send(ctx, slot)
}

func (s *sequence) ordered() bool { return len(s.orders) > 0 }

// mustCancel says that somebody wants the engagement cancelled.
func (s *sequence) mustCancel() bool {
	for _, o := range s.orders {
		if o.command == Cancel {
			return true
		}
	}
	return false
}

// pass notes the slots that are over and were never begun.
func (s *sequence) pass(now time.Time) {
	for len(s.Agenda.Slots) > 0 {
		slot := s.Agenda.Slots[0]
		if now.Before(slot.Start.Add(drip.SlotLength)) {
			return
		}
		s.remember(drip.SlotTotals{Start: slot.Start, Planned: slot.Total()})
		s.Agenda.Slots = s.Agenda.Slots[1:]
	}
}

// open reads what was engaged.
func (s *sequence) open(ctx workflow.Context) error {
	in := drip.AgendaInput{Engagement: s.engagement, Now: workflow.Now(ctx), Preview: true}
	return s.take(ctx, workflow.ExecuteActivity(ledgerOptions(ctx, "read the plan"), drip.ActivityAgenda, in))
}

// lookFurther is called when the agenda is used up: there is more, or something is left that has no
// slot any more, or all is done.
func (s *sequence) lookFurther(ctx workflow.Context) error {
	in := drip.AgendaInput{Engagement: s.engagement, Now: workflow.Now(ctx)}
	if s.Agenda.More > 0 {
		return s.take(ctx, workflow.ExecuteActivity(ledgerOptions(ctx, "read the plan"), drip.ActivityAgenda, in))
	}
	if s.totals().Planned > 0 {
		if err := s.plan(ctx, "something is left", nil, false); err != nil || len(s.Agenda.Slots) > 0 || s.ordered() {
			return err
		}
	}
	// What still counts as planned now is a message whose sender was lost with it in hand: the end
	// makes it unknown.
	return s.end(ctx, drip.StateCompleted, "")
}

// plan has everything that is left planned anew. That may take for as long as the ledger is away, or
// an account missing from the worker's team file; whoever cancels meanwhile need not wait for it. A
// plan that is given up so changes nothing here, and the ledger refuses it once it has ended.
func (s *sequence) plan(ctx workflow.Context, reason string, why []drip.WhyWaited, resume bool) error {
	in := drip.PlanInput{Engagement: s.engagement, Now: workflow.Now(ctx), Reason: reason, Why: why, Resume: resume}
	planning, giveUp := workflow.WithCancel(ctx)
	defer giveUp()
	made := workflow.ExecuteActivity(ledgerOptions(planning, reason), drip.ActivityPlan, in)
	err := workflow.Await(ctx, func() bool { return made.IsReady() || s.mustCancel() })
	if err != nil || !made.IsReady() {
		return err
	}
	if err := s.take(ctx, made); err != nil {
		return err
	}
	s.Reason = ""
	if !resume {
		s.Reason = reason
	}
	s.tell(ctx)
	return nil
}

// take makes an activity's agenda the current one. The preview, read once, is kept.
func (s *sequence) take(ctx workflow.Context, future workflow.Future) error {
	var agenda drip.Agenda
	if err := future.Get(ctx, &agenda); err != nil {
		return err
	}
	if agenda.Preview == nil {
		agenda.Preview = s.Agenda.Preview
	}
	s.Agenda, s.State = agenda, agenda.State
	return nil
}

// sleep waits for an instant, or for an order.
func (s *sequence) sleep(ctx workflow.Context, until time.Time, summary string) error {
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, until.Sub(workflow.Now(ctx)), workflow.TimerOptions{Summary: summary})
	return workflow.Await(ctx, func() bool { return timer.IsReady() || s.ordered() })
}

func (s *sequence) end(ctx workflow.Context, state drip.State, reason string) error {
	now := workflow.Now(ctx)
	in := drip.EndInput{Engagement: s.engagement, Now: now, State: state, Reason: reason}
	var out drip.EndOutput
	err := workflow.ExecuteActivity(ledgerOptions(ctx, "end: "+string(state)), drip.ActivityEnd, in).Get(ctx, &out)
	if err != nil {
		return err
	}
	s.Agenda.Accounts, s.Agenda.Slots, s.Agenda.More = out.Accounts, nil, 0
	s.State, s.Reason, s.Finished = state, reason, &out.Zoned
	s.tell(ctx)
	return nil
}

// fail ends an engagement whose plan cannot be made, and says so in the ledger first. A ledger that
// refuses has ended it, or never promised it; either way the cause is what has to be told.
func (s *sequence) fail(ctx workflow.Context, cause error) error {
	s.recall(ctx)
	if err := s.end(ctx, drip.StateFailed, rootCause(cause)); err != nil {
		s.State, s.Reason = drip.StateFailed, rootCause(cause)
	}
	_, _ = s.close(ctx)
	return cause
}

// close lets every handler answer before the execution ends.
func (s *sequence) close(ctx workflow.Context) (SequenceResult, error) {
	s.drain()
	for _, o := range s.orders {
		o.done("", "", refuse(o.command, s.State))
	}
	s.orders = nil
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return SequenceResult{}, err
	}
	result := SequenceResult{Engagement: s.engagement, State: s.State, Totals: s.totals()}
	if s.State == drip.StateCancelled {
		// However it was asked for, Temporal shows it as what it is: cancelled.
		return result, temporal.NewCanceledError(result)
	}
	return result, nil
}

// mustContinue says that the history has grown long enough and nothing is on its way in.
func (s *sequence) mustContinue(ctx workflow.Context) bool {
	if !workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
		return false
	}
	s.drain()
	return !s.ordered() && workflow.AllHandlersFinished(ctx)
}

func (s *sequence) continueAsNew(ctx workflow.Context) error {
	return workflow.NewContinueAsNewError(ctx, Sequence, SequenceInput{Engagement: s.engagement, Carried: &s.Progress})
}
