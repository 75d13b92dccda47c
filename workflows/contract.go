// Package workflows holds the one workflow of Dripline, Sequence, and the names under which programs
// reach it. It decides when and how many; activities know who and what. Everything in it is
// deterministic: what varies (the plan, the zone, what became of a slot) comes as the result of an
// activity, so that a replay on any machine, at any time, takes the same way.
//
// What a failure means: an activity that cannot reach the ledger is tried again for as long as it
// takes, and the engagement waits. A slot that passed meanwhile is never caught up in a burst; what
// it had is planned anew. Only a plan that cannot be made at all fails the workflow, after the
// ledger has been told.
package workflows

import (
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// TaskQueue is where workers of Dripline listen.
const TaskQueue = "dripline"

// TypeSequence is the workflow's type: one execution for each engagement.
const TypeSequence = "Sequence"

// Queries. QueryPreview answers a drip.Plan, the plan as it was engaged; QueryReport a drip.Report,
// as of the last slot that ended or the last command. Both stay below 2 MiB at any size: what does
// not fit is counted in more_slots and more_held. The contacts held are told by row, not by address.
const (
	QueryPreview = "preview"
	QueryReport  = "report"
)

// Command is the name of a signal, and of the update that does the same and answers once it holds.
// Both take an optional JSON string, the reason.
type Command string

// The commands.
const (
	Pause  Command = "pause"  // nothing leaves after the message in hand
	Resume Command = "resume" // what is left is planned anew
	Cancel Command = "cancel" // ends for good, as Temporal's own cancel does
)

// CommandResult answers an update.
type CommandResult struct {
	State  drip.State `json:"state"`
	Reason string     `json:"reason,omitempty"`
}

// SequenceInput starts the workflow. The engagement is already in the ledger, planned and booked.
type SequenceInput struct {
	Engagement string `json:"engagement"`
	// Carried is set by the workflow itself when it continues as new.
	Carried *Progress `json:"carried,omitempty"`
}

// SequenceResult is what a completed workflow returns.
type SequenceResult struct {
	Engagement string      `json:"engagement"`
	State      drip.State  `json:"state"`
	Totals     drip.Totals `json:"totals"`
}

const idPrefix = "sequence/"

// WorkflowID is the id of an engagement's workflow.
func WorkflowID(engagement string) string { return idPrefix + engagement }

// EngagementID is the engagement of a workflow's id; false if it is none of ours.
func EngagementID(workflowID string) (string, bool) { return strings.CutPrefix(workflowID, idPrefix) }
