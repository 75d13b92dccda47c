package workflows

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
)

// tell writes the current details: what somebody who opens the run in the web UI needs to know, with
// no address, name or text of anybody in it.
func (s *sequence) tell(ctx workflow.Context) { workflow.SetCurrentDetails(ctx, s.details()) }

func (s *sequence) details() string {
	report, _ := s.report() // never fails
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**", report.State)
	if report.Reason != "" {
		fmt.Fprintf(&b, ": %s", report.Reason)
	}
	b.WriteString("\n\n")
	if next := report.NextSlot; next != nil && len(s.senders) > 0 {
		fmt.Fprintf(&b, "Sending the %s slot: %s.\n\n", next.Format("Mon 2 Jan 15:04"), drip.Count(s.Agenda.Slots[0].Total(), "message"))
	} else if next != nil {
		fmt.Fprintf(&b, "Next slot: %s, %s.\n\n", next.Format("Mon 2 Jan 15:04"), drip.Count(s.Agenda.Slots[0].Total(), "message"))
	}
	fmt.Fprintf(&b, "%s engaged, %d held.\n\n", drip.Count(report.Contacts, "contact"), report.Held)
	writeTotals(&b, report)
	return b.String()
}

func writeTotals(b *strings.Builder, report drip.Report) {
	b.WriteString("| | planned | sent | failed | skipped | unknown |\n|---|--:|--:|--:|--:|--:|\n")
	row := func(name string, t drip.Totals) {
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d |\n", name, t.Planned, t.Sent, t.Failed, t.Skipped, t.Unknown)
	}
	for _, step := range report.Steps {
		row(fmt.Sprintf("step %d", step.Step), step.Totals)
	}
	const most = 30 // accounts; the details are read by people
	for i, account := range report.Accounts {
		if i == most {
			fmt.Fprintf(b, "| and %d more | | | | | |\n", len(report.Accounts)-most)
			break
		}
		row(account.Account, account.Totals)
	}
	row("**all**", report.Totals)
}

// slotSummary is what a timer waits for: "10:00 slot, 50 messages, 2 accounts".
func slotSummary(slot drip.AgendaSlot) string {
	return fmt.Sprintf("%s slot, %s, %s", slot.Start.Format("15:04"),
		drip.Count(slot.Total(), "message"), drip.Count(len(byAccount(slot.Sends)), "account"))
}

// sendSummary is what an account sends in a slot: "ann: step 1, 25 messages".
func sendSummary(sends []drip.Send) string {
	parts := make([]string, len(sends))
	for i, send := range sends {
		parts[i] = fmt.Sprintf("step %d, %s", send.Step, drip.Count(send.Count, "message"))
	}
	return sends[0].Account + ": " + strings.Join(parts, "; ")
}

// planReason says why a slot leads to a new plan.
func planReason(slot drip.SlotTotals, why []drip.WhyWaited) string {
	at := slot.Start.Format("Mon 2 Jan 15:04")
	if len(why) == 0 {
		return fmt.Sprintf("not all of the %s slot went as planned", at)
	}
	parts := make([]string, len(why))
	for i, w := range why {
		parts[i] = w.Account + ": " + w.Reason
	}
	return cut(fmt.Sprintf("%s slot: %s", at, strings.Join(parts, "; ")), summaryBytes)
}

// cut shortens a text to so many bytes of JSON.
func cut(text string, most int) string {
	size, end := 0, 0 // end is where the text may be cut and the ellipsis still fits
	for i, r := range text {
		if size <= most-len("…") {
			end = i
		}
		if size += encoded(r); size > most {
			return text[:end] + "…"
		}
	}
	return text
}

// encoded is how many bytes a rune takes in a JSON string, or more.
func encoded(r rune) int {
	if r < ' ' || strings.ContainsRune("\"\\<>&\u2028\u2029\ufffd", r) {
		return 6
	}
	return utf8.RuneLen(r)
}
