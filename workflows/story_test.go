package workflows

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/drip"
)

var ten = time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", 3600))

func agendaSlot(sends ...drip.Send) drip.AgendaSlot { return drip.AgendaSlot{Start: ten, Sends: sends} }

func TestSummaries(t *testing.T) {
	t.Parallel()
	ann, ben := drip.Send{Account: "ann", Step: 1, Count: 25}, drip.Send{Account: "ben", Step: 2, Count: 1}
	again := drip.Send{Account: "ann", Step: 2, Count: 24}
	require.Equal(t, "10:00 slot, 50 messages, 2 accounts", slotSummary(agendaSlot(ann, again, ben)))
	require.Equal(t, "10:00 slot, 1 message, 1 account", slotSummary(agendaSlot(ben)))
	require.Equal(t, "ann: step 1, 25 messages", sendSummary([]drip.Send{ann}))
	require.Equal(t, "ann: step 1, 25 messages; step 2, 24 messages", sendSummary([]drip.Send{ann, again}))
	require.Equal(t, "not all of the Mon 2 Mar 10:00 slot went as planned", planReason(drip.SlotTotals{Start: ten}, nil))
	require.Equal(t, "Mon 2 Mar 10:00 slot: ann: per_day; ben: the login failed", planReason(drip.SlotTotals{Start: ten},
		[]drip.WhyWaited{{Account: "ann", Reason: "per_day"}, {Account: "ben", Reason: "the login failed"}}))
}

func TestCutBoundsTheJSON(t *testing.T) {
	t.Parallel()
	require.Equal(t, "short", cut("short", 300))
	require.Equal(t, "ab…", cut("abcdef", 5))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		most := rapid.IntRange(3, 60).Draw(t, "most")
		short := cut(text, most)
		data, err := json.Marshal(short)
		require.NoError(t, err)
		require.LessOrEqual(t, len(data)-2, most)
		if short != text {
			require.True(t, strings.HasPrefix(text, strings.TrimSuffix(short, "…")))
		}
	})
}

func TestReasonOf(t *testing.T) {
	t.Parallel()
	raw := func(v any) converter.RawValue {
		payload, err := converter.GetDefaultDataConverter().ToPayload(v)
		require.NoError(t, err)
		return converter.NewRawValue(payload)
	}
	require.Equal(t, "prices change", reasonOf(raw(" prices\n change ")))
	require.Empty(t, reasonOf(raw(42)))
	require.Empty(t, reasonOf(raw(nil)))
	require.Empty(t, reasonOf(converter.RawValue{}))
	require.Len(t, []rune(reasonOf(raw(strings.Repeat("漢", 1000)))), 200)
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for state, allowed := range map[drip.State]map[Command]bool{
		drip.StateScheduled: {Pause: true, Cancel: true},
		drip.StateRunning:   {Pause: true, Cancel: true},
		drip.StatePaused:    {Resume: true, Cancel: true},
		drip.StateCompleted: {}, drip.StateCancelled: {}, drip.StateFailed: {},
	} {
		for _, command := range []Command{Pause, Resume, Cancel, "explode"} {
			require.Equal(t, allowed[command], refuse(command, state) == nil, "%s when %s", command, state)
		}
	}
}

// TestAnswersStaySmall fills an engagement of a million contacts: a thousand accounts, ten steps, a
// report of every slot that is kept, and the largest preview that an agenda brings.
func TestAnswersStaySmall(t *testing.T) {
	t.Parallel()
	const limit = 2 << 20
	s := &sequence{engagement: strings.Repeat("i", 64)}
	s.State, s.Reason = drip.StateRunning, strings.Repeat("r", 300)
	many := drip.Totals{Planned: 100_000, Sent: 100_000, Failed: 100_000, Skipped: 100_000, Unknown: 100_000}
	for i := range 1000 {
		account := drip.AccountSteps{Account: fmt.Sprintf("account-of-the-team-%04d", i)}
		for range 10 {
			account.Steps = append(account.Steps, many)
		}
		s.Agenda.Accounts = append(s.Agenda.Accounts, account)
	}
	for i := range 2 * keepSlots {
		s.remember(drip.SlotTotals{Start: ten.Add(time.Duration(i) * time.Hour), Planned: 100_000, Sent: 100_000})
	}
	for i := range 200 {
		s.Agenda.Slots = append(s.Agenda.Slots, drip.AgendaSlot{Start: ten.Add(time.Duration(i) * time.Hour)})
	}
	s.Agenda.More = 5
	report, err := s.report()
	require.NoError(t, err)
	data, err := json.Marshal(report)
	require.NoError(t, err)
	require.Less(t, len(data), limit/2)
	require.Equal(t, keepSlots+5, report.MoreSlots)
	require.Equal(t, 10, len(report.Steps))
	require.Equal(t, 1000*10*many.Sum(), report.Totals.Sum())

	carried, err := json.Marshal(s.Progress)
	require.NoError(t, err)
	require.Less(t, len(carried)+previewLimit, limit, "with the largest preview, what is carried along")
}

// previewLimit is above what an agenda brings of the plan as engaged: slots, held and senders.
const previewLimit = 500_000

func TestDetailsTellTheStory(t *testing.T) {
	t.Parallel()
	s := &sequence{engagement: "launch-x7"}
	s.State, s.Reason = drip.StateRunning, "Mon 2 Mar 09:00 slot: ann: per_day"
	s.Agenda = drip.Agenda{
		Contacts: 150, Held: 3,
		Slots:    []drip.AgendaSlot{agendaSlot(drip.Send{Account: "ann", Step: 1, Count: 50})},
		Accounts: []drip.AccountSteps{{Account: "ann", Steps: []drip.Totals{{Planned: 100, Sent: 50}, {Planned: 149, Skipped: 1}}}},
	}
	require.Equal(t, `**running**: Mon 2 Mar 09:00 slot: ann: per_day

Next slot: Mon 2 Mar 10:00, 50 messages.

150 contacts engaged, 3 held.

| | planned | sent | failed | skipped | unknown |
|---|--:|--:|--:|--:|--:|
| step 1 | 100 | 50 | 0 | 0 | 0 |
| step 2 | 149 | 0 | 0 | 1 | 0 |
| ann | 249 | 50 | 0 | 1 | 0 |
| **all** | 249 | 50 | 0 | 1 | 0 |
`, s.details())
}

func TestAnInstantIsWrittenWithItsSlotsOffset(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2026-03-02T10:05:00+01:00", inZoneOf(ten, time.Date(2026, 3, 2, 9, 5, 0, 0, time.UTC)).Format(time.RFC3339))
}
