package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// InOrder is for a worker's Interceptors. A workflow hears each name's signals in order, but not of
// two names: a resume and a pause that arrive together, as after an hour without a worker, would be
// obeyed in whichever order the workflow listens. InOrder puts the commands into one channel, as they
// arrived. Without it each still comes through by its own name.
func InOrder() interceptor.WorkerInterceptor { return &inOrder{} }

// channelInOrder is the signal under which commands come in order; nobody sends it.
const channelInOrder = "in-order"

// arrived is a command in that channel.
type arrived struct {
	Command Command `json:"command"`
	Reason  string  `json:"reason"`
}

type inOrder struct {
	interceptor.WorkerInterceptorBase
}

func (*inOrder) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &orderedSignals{}
	i.Next = next
	return i
}

type orderedSignals struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (i *orderedSignals) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	if workflow.GetInfo(ctx).WorkflowType.Name == TypeSequence {
		for _, command := range commands {
			if in.SignalName == string(command) {
				return i.handle(ctx, command, in)
			}
		}
	}
	return i.Next.HandleSignal(ctx, in)
}

func (i *orderedSignals) handle(ctx workflow.Context, command Command, in *interceptor.HandleSignalInput) error {
	a := arrived{Command: command}
	if payloads := in.Arg.GetPayloads(); len(payloads) > 0 {
		a.Reason = reasonOf(converter.NewRawValue(payloads[0]))
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(a)
	if err != nil {
		return err
	}
	ordered := *in
	ordered.SignalName, ordered.Arg = channelInOrder, payloads
	return i.Next.HandleSignal(ctx, &ordered)
}
