package e2e

// What is below is a backend service's view: Temporal's own packages and the names and JSON of the
// contract, written out. Nothing of Dripline's code is used.

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// query asks, and returns the JSON.
func query(t testing.TB, c client.Client, id, name string) map[string]any {
	t.Helper()
	answer, err := c.QueryWorkflow(t.Context(), "sequence/"+id, "", name)
	require.NoError(t, err)
	var raw json.RawMessage
	require.NoError(t, answer.Get(&raw))
	var v map[string]any
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}

// keys are those of a JSON object, in order.
func keys(t testing.TB, v any) []string {
	t.Helper()
	object, ok := v.(map[string]any)
	require.True(t, ok, "%v is no object", v)
	return slices.Sorted(maps.Keys(object))
}

// one is the only element of a JSON array.
func one(t testing.TB, v any) any {
	t.Helper()
	require.Len(t, v, 1)
	return v.([]any)[0]
}

func testQueries(t *testing.T, s *site) {
	s.write(t, "asked.csv", contactsFile("asked", 4)+"asked0001@"+domainWord+","+nameWord+"\n")
	s.engage(t, "asked", 0, "eve", far)
	c := s.dial(t)
	awaitSleep(t, c, "asked")

	p := query(t, c, "asked", "preview")
	require.Equal(t, []string{"contacts", "finish", "held", "id", "senders", "sequence", "slots", "start"}, keys(t, p))
	require.Equal(t, "asked", p["id"])
	require.Equal(t, "Launch", p["sequence"])
	require.EqualValues(t, 4, p["contacts"])
	require.Equal(t, map[string]any{"account": "eve", "contacts": 4.0}, one(t, p["senders"]))
	held := one(t, p["held"]).(map[string]any)
	require.Equal(t, "duplicate", held["reason"])
	require.EqualValues(t, 6, held["row"])
	require.Empty(t, held["email"], "an address in a query's answer")
	slot := one(t, p["slots"]).(map[string]any)
	require.Equal(t, []string{"limit", "sends", "start", "total"}, keys(t, slot))
	require.Equal(t, "contacts", slot["limit"])
	require.Equal(t, map[string]any{"account": "eve", "step": 1.0, "count": 4.0}, one(t, slot["sends"]))
	require.Equal(t, "2036-03-03T10:00:00"+s.slot.Format("Z07:00"), slot["start"], "times are in the team's zone")

	r := query(t, c, "asked", "report")
	require.Equal(t, []string{"accounts", "contacts", "finished", "held", "id", "next_slot", "reason", "sequence",
		"slots", "started", "state", "steps", "totals"}, keys(t, r))
	sums := map[string]any{"planned": 4.0, "sent": 0.0, "failed": 0.0, "skipped": 0.0, "unknown": 0.0}
	require.Equal(t, sums, r["totals"])
	require.Equal(t, "scheduled", r["state"])
	require.EqualValues(t, 1, r["held"])
	require.Equal(t, slot["start"], r["next_slot"])
	require.Nil(t, r["started"])
	require.Equal(t, []string{"account", "failed", "planned", "sent", "skipped", "unknown"}, keys(t, one(t, r["accounts"])))
	require.Equal(t, []string{"failed", "planned", "sent", "skipped", "step", "unknown"}, keys(t, one(t, r["steps"])))
	require.Equal(t, []string{"failed", "planned", "sent", "start", "unknown"}, keys(t, one(t, r["slots"])))

	var command map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.starter(t, "report", "asked", "--json")), &command))
	require.Equal(t, command, r, "the query and the command answer the same")
}

// awaitSleep returns when a workflow has read its plan and sleeps until its first slot.
func awaitSleep(t testing.TB, c client.Client, id string) {
	t.Helper()
	events := c.GetWorkflowHistory(t.Context(), "sequence/"+id, "", true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if event.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED {
			return
		}
	}
	t.Fatal("it ended without a sleep")
}

func testSignals(t *testing.T, s *site) {
	s.engage(t, "signalled", 4, "eve", far)
	c := s.dial(t)
	garbage := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("binary/unheard-of")}, Data: []byte{0xff, 0}}
	broken := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`{"reason`)}
	for _, with := range []struct {
		name    string
		payload any
		reason  string
	}{
		{"nothing", nil, "paused"},
		{"a reason", "noon", "paused: noon"},
		{"a reason of several lines", " at\n noon ", "paused: at noon"},
		{"a number", 7, "paused"},
		{"an object", map[string]any{"reason": "noon"}, "paused"},
		{"bytes", []byte("noon"), "paused"},
		{"an unknown encoding", converter.NewRawValue(garbage), "paused"},
		{"JSON that ends early", converter.NewRawValue(broken), "paused"},
	} {
		require.NoError(t, c.SignalWorkflow(t.Context(), "sequence/signalled", "", "pause", with.payload))
		eventually(t, 30*time.Second, func() string {
			r := query(t, c, "signalled", "report")
			return unless(r["state"] == "paused" && r["reason"] == with.reason, with.name+" does not pause: "+r["reason"].(string))
		})
		require.Equal(t, "paused", s.report(t, "signalled").State)
		require.NoError(t, c.SignalWorkflow(t.Context(), "sequence/signalled", "", "resume", with.payload))
		eventually(t, 30*time.Second, func() string {
			return unless(query(t, c, "signalled", "report")["state"] == "scheduled", with.name+" does not resume")
		})
	}
	// A signal that makes no sense is left alone.
	require.NoError(t, c.SignalWorkflow(t.Context(), "sequence/signalled", "", "resume", nil))
	require.NoError(t, c.SignalWorkflow(t.Context(), "sequence/signalled", "", "cancel", "enough"))
	eventually(t, 30*time.Second, func() string {
		r := query(t, c, "signalled", "report")
		return unless(r["state"] == "cancelled" && r["reason"] == "cancelled: enough", "cancel does not cancel")
	})
	require.Equal(t, "cancelled", s.report(t, "signalled").State)
	holdStatus(t, c, "signalled", enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED)
}

// holdStatus waits for the status that Temporal shows.
func holdStatus(t testing.TB, c client.Client, id string, want enumspb.WorkflowExecutionStatus) {
	t.Helper()
	eventually(t, 30*time.Second, func() string {
		d, err := c.DescribeWorkflow(t.Context(), "sequence/"+id, "")
		require.NoError(t, err)
		return unless(d.Status == want, "the workflow is "+d.Status.String())
	})
}

// update sends one and waits for its answer.
func update(t testing.TB, c client.Client, id, name string, args ...any) (map[string]any, error) {
	t.Helper()
	handle, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: "sequence/" + id, UpdateName: name, Args: args, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	return answer, handle.Get(t.Context(), &answer)
}

func testUpdates(t *testing.T, s *site) {
	s.engage(t, "updated", 4, "eve", far)
	c := s.dial(t)
	awaitSleep(t, c, "updated") // what is refused from then on must leave no trace
	refused := func(name, why string, args ...any) {
		t.Helper()
		before := len(history(t, c, "updated"))
		_, err := update(t, c, "updated", name, args...)
		require.ErrorContains(t, err, why)
		require.Len(t, history(t, c, "updated"), before, "a refusal is in the history")
	}
	refused("resume", "not paused: it is scheduled")
	refused("resume", "not paused", "please")
	refused("halt", "halt")

	answer, err := update(t, c, "updated", "pause", "noon")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"state": "paused", "reason": "paused: noon"}, answer)
	require.Equal(t, "paused", s.report(t, "updated").State, "it is answered once it holds")
	refused("pause", "paused already")

	answer, err = update(t, c, "updated", "resume")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"state": "scheduled"}, answer)
	require.Equal(t, totals{Planned: 4}, s.report(t, "updated").Totals)

	answer, err = update(t, c, "updated", "cancel", 42)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"state": "cancelled", "reason": "cancelled"}, answer)
	require.Equal(t, totals{Skipped: 4}, s.report(t, "updated").Totals)
	holdStatus(t, c, "updated", enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED)
	_, err = update(t, c, "updated", "resume")
	require.Error(t, err)
}

func testTemporalCancel(t *testing.T, s *site) {
	s.engage(t, "stopped", 4, "eve", far)
	c := s.dial(t)
	require.NoError(t, c.CancelWorkflow(t.Context(), "sequence/stopped", ""))
	holdStatus(t, c, "stopped", enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED)
	r := s.report(t, "stopped")
	require.Equal(t, "cancelled", r.State)
	require.Contains(t, r.Reason, "cancelled")
	require.Equal(t, totals{Skipped: 4}, r.Totals)
}
