package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
)

// order is a command that has arrived and waits to be carried out. Orders are carried out one after
// the other by the main routine, between its own steps.
type order struct {
	command Command
	reason  string
	answer  workflow.Settable // of the update that brought it; nil for a signal
}

func (o order) done(state drip.State, reason string, err error) {
	if o.answer != nil {
		o.answer.Set(CommandResult{State: state, Reason: reason}, err)
	}
}

var commands = []Command{Pause, Resume, Cancel}

// listen registers everything that can arrive, before anything blocks.
func (s *sequence) listen(ctx workflow.Context) error {
	// Signals first: an update that came with the first task is judged, by them too, as soon as its
	// handler is there.
	for _, command := range commands {
		s.listenSignal(ctx, command)
	}
	s.listenInOrder(ctx)
	for _, command := range commands {
		if err := s.listenUpdate(ctx, command); err != nil {
			return fmt.Errorf("register update %s: %w", command, err)
		}
	}
	workflow.GoNamed(ctx, "temporal-cancel", func(ctx workflow.Context) {
		ctx.Done().Receive(ctx, nil)
		if ctx.Err() != nil && !s.State.Ended() {
			s.orders = append(s.orders, order{command: Cancel, reason: "cancelled in Temporal"})
		}
	})
	return s.listenQueries(ctx)
}

func (s *sequence) listenUpdate(ctx workflow.Context, command Command) error {
	handle := func(ctx workflow.Context, reason converter.RawValue) (CommandResult, error) {
		future, answer := workflow.NewFuture(ctx)
		s.orders = append(s.orders, order{command, reasonOf(reason), answer})
		var result CommandResult
		err := future.Get(ctx, &result)
		return result, err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, string(command), handle, workflow.UpdateHandlerOptions{
		Validator:   func(_ workflow.Context, _ converter.RawValue) error { return refuse(command, s.expected()) },
		Description: describe(command),
	})
}

func (s *sequence) listenSignal(ctx workflow.Context, command Command) {
	channel := workflow.GetSignalChannelWithOptions(ctx, string(command),
		workflow.SignalChannelOptions{Description: describe(command)})
	s.signals = append(s.signals, channel)
	workflow.GoNamed(ctx, "signal-"+string(command), func(ctx workflow.Context) {
		for {
			var reason converter.RawValue
			if !channel.Receive(ctx, &reason) {
				return
			}
			s.orders = append(s.orders, order{command: command, reason: reasonOf(reason)})
		}
	})
}

// listenInOrder takes the commands that InOrder delivers.
func (s *sequence) listenInOrder(ctx workflow.Context) {
	s.inOrder = workflow.GetSignalChannel(ctx, channelInOrder)
	workflow.GoNamed(ctx, "signals-in-order", func(ctx workflow.Context) {
		for {
			var a arrived
			if !s.inOrder.Receive(ctx, &a) {
				return
			}
			s.orders = append(s.orders, order{command: a.Command, reason: a.Reason})
		}
	})
}

func describe(command Command) string {
	switch command {
	case Pause:
		return "Nothing leaves after the message in hand. Takes an optional reason."
	case Resume:
		return "What is left is planned anew, from the next slot. Takes an optional reason."
	default:
		return "Ends the engagement for good and gives its bookings back. Takes an optional reason."
	}
}

// refuse says why a command makes no sense in a state.
func refuse(command Command, state drip.State) error {
	switch {
	case !slices.Contains(commands, command):
		return temporal.NewApplicationError("there is no such command", "Refused")
	case state.Ended():
		return temporal.NewApplicationError(fmt.Sprintf("the engagement is %s", state), "Refused")
	case command == Pause && state == drip.StatePaused:
		return temporal.NewApplicationError("the engagement is paused already", "Refused")
	case command == Resume && state != drip.StatePaused:
		return temporal.NewApplicationError(fmt.Sprintf("the engagement is not paused: it is %s", state), "Refused")
	}
	return nil
}

// expected is the state once everything that has arrived is carried out: an update right behind a
// signal is judged by what the signal leads to.
func (s *sequence) expected() drip.State {
	state := s.State
	for i, command := range commands {
		if s.signals[i].Len() > 0 {
			state = after(command, state)
		}
	}
	for _, o := range s.orders {
		state = after(o.command, state)
	}
	return state
}

func after(command Command, state drip.State) drip.State {
	switch {
	case refuse(command, state) != nil:
		return state
	case command == Pause:
		return drip.StatePaused
	case command == Resume:
		return drip.StateRunning
	}
	return drip.StateCancelled
}

// obey carries out the oldest order. One that makes no sense by now is refused, or, as a signal,
// left alone.
func (s *sequence) obey(ctx workflow.Context) error {
	o := s.orders[0]
	defer func() { s.orders = s.orders[1:] }() // it counts as pending while it is carried out
	if err := refuse(o.command, s.State); err != nil {
		o.done("", "", err)
		return nil
	}
	var err error
	switch o.command {
	case Pause:
		err = s.pause(ctx, o.reason)
	case Resume:
		err = s.plan(ctx, because("resumed", o.reason), nil, true)
		if err == nil && s.State == drip.StatePaused { // given up, for an order that is next
			err = temporal.NewApplicationError("the engagement is being cancelled", "Refused")
			o.done("", "", err)
			return nil
		}
	case Cancel:
		err = s.cancel(ctx, o.reason)
	}
	s.tell(ctx)
	o.done(s.State, s.Reason, err)
	return err
}

// pause stops the senders: the ledger refuses their next claim from this instant on.
func (s *sequence) pause(ctx workflow.Context, reason string) error {
	in := drip.PauseInput{Engagement: s.engagement, Now: workflow.Now(ctx), Reason: reason}
	err := workflow.ExecuteActivity(ledgerOptions(ctx, "stop"), drip.ActivityPause, in).Get(ctx, nil)
	if err != nil {
		return err
	}
	s.recall(ctx)
	s.State, s.Reason = drip.StatePaused, because("paused", reason)
	s.Agenda.Slots, s.Agenda.More = nil, 0
	return nil
}

func (s *sequence) cancel(ctx workflow.Context, reason string) error {
	if s.State != drip.StatePaused {
		if err := s.pause(ctx, reason); err != nil {
			return err
		}
	}
	return s.end(ctx, drip.StateCancelled, because("cancelled", reason))
}

func because(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}

// reasonOf reads the optional reason. What is not a JSON string is no reason, and no ground to drop
// a command.
func reasonOf(raw converter.RawValue) string {
	var reason string
	if raw.Payload() == nil || converter.GetDefaultDataConverter().FromPayload(raw.Payload(), &reason) != nil {
		return ""
	}
	reason = strings.Join(strings.Fields(reason), " ")
	if runes := []rune(reason); len(runes) > 200 {
		reason = string(runes[:199]) + "…"
	}
	return reason
}
