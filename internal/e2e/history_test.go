package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// history is a workflow's, as far as it goes.
func history(t testing.TB, c client.Client, id string) []*historypb.HistoryEvent {
	t.Helper()
	var events []*historypb.HistoryEvent
	iterator := c.GetWorkflowHistory(t.Context(), "sequence/"+id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iterator.HasNext() {
		event, err := iterator.Next()
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

// summary is what the web UI writes beside an event.
func summary(t testing.TB, event *historypb.HistoryEvent) string {
	t.Helper()
	payload := event.GetUserMetadata().GetSummary()
	if payload == nil {
		return ""
	}
	var text string
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(payload, &text))
	return text
}

// metadata is what the workflow says of itself, and how it stands.
func metadata(t testing.TB, c client.Client, id string) *sdkpb.WorkflowMetadata {
	t.Helper()
	answer, err := c.QueryWorkflow(t.Context(), "sequence/"+id, "", "__temporal_workflow_metadata")
	require.NoError(t, err)
	var m sdkpb.WorkflowMetadata
	require.NoError(t, answer.Get(&m))
	return &m
}

// secretWords are found in every address, name and text of a site's people.
var secretWords = []string{domainWord, nameWord, subjectWord, bodyWord}

// holdNoPeople sees to it that nothing of anybody is in a workflow's history, in any payload, summary
// or error of it, and returns all the text in it.
func (s *site) holdNoPeople(t testing.TB, id string) {
	t.Helper()
	c := s.dial(t)
	var all strings.Builder
	for _, event := range history(t, c, id) {
		raw, err := proto.Marshal(event) // payloads stay as they were written
		require.NoError(t, err)
		all.Write(raw)
		for _, word := range secretWords {
			require.NotContains(t, strings.ToLower(string(raw)), strings.ToLower(word), "%s", event)
		}
	}
	details := metadata(t, c, id).GetCurrentDetails()
	for _, word := range secretWords {
		require.NotContains(t, strings.ToLower(details), strings.ToLower(word))
	}
	require.Contains(t, all.String(), id, "the text is there to be searched")
}

func testQuietSlot(t *testing.T, s *site) {
	const people = 50
	s.write(t, "quiet.csv", contactsFile("quiet", people)+
		"quiet-at-"+domainWord+","+nameWord+"X\n"+
		"quiet0001@"+domainWord+","+nameWord+"Y\n"+
		"quiet9999@"+domainWord+",\n")
	p := s.engage(t, "quiet", 0, "ann", s.slot.Format(time.RFC3339), "--pace", "burst")
	require.Equal(t, people, p.Contacts)
	c := s.dial(t)
	require.NoError(t, c.GetWorkflow(t.Context(), "sequence/quiet", "").Get(t.Context(), nil))
	require.Len(t, s.caught(ann), people)

	events := history(t, c, "quiet")
	first, last := -1, -1
	var summaries []string
	for i, event := range events {
		text := summary(t, event)
		switch {
		case event.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED:
			first = i
		case event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "End":
			last = i
		}
		if text != "" {
			summaries = append(summaries, text)
		}
	}
	require.Equal(t, []string{
		"Launch: 50 contacts, 1 sender",
		"read the plan",
		s.slot.Format("15:04") + " slot, 50 messages, 1 account",
		"ann: step 1, 50 messages",
		"end: completed",
	}, summaries)
	t.Logf("a slot of %d messages costs %d events of %d", people, last-first, len(events))
	require.LessOrEqual(t, last-first, 15)

	m := metadata(t, c, "quiet")
	require.Equal(t, "Sequence", m.GetDefinition().GetType())
	require.Contains(t, m.GetCurrentDetails(), "**completed**")
	require.Contains(t, m.GetCurrentDetails(), "| **all** | 0 | 50 | 0 | 0 | 0 |")
	require.Contains(t, m.GetCurrentDetails(), "50 contacts engaged, 3 held.")
	s.holdNoPeople(t, "quiet")
	s.holdNoPeopleOnDisk(t)
}

// holdNoPeopleOnDisk looks through all that the Temporal server keeps.
func (s *site) holdNoPeopleOnDisk(t *testing.T) {
	files, err := filepath.Glob(s.path("data/temporal.db*"))
	require.NoError(t, err)
	var all strings.Builder
	for _, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(raw)
	}
	require.Contains(t, all.String(), "sequence/quiet", "the text is there to be searched")
	for _, word := range secretWords {
		require.NotContains(t, all.String(), word)
	}
}
