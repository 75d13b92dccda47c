package show

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

// TestGolden holds every view against a file that somebody has looked at.
func TestGolden(t *testing.T) {
	t.Parallel()
	plain, terminal, narrow := Style{}, Style{Width: 80}, Style{Width: 56}
	small, fortnight := smallPlan(t), fortnightPlan(t)
	views := map[string]func(w *bytes.Buffer){
		"plan-small":     func(w *bytes.Buffer) { Plan(w, small, plain) },
		"plan-fortnight": func(w *bytes.Buffer) { Plan(w, fortnight, plain) },
		"plan-narrow":    func(w *bytes.Buffer) { Plan(w, fortnight, narrow) },
		"plan-clock":     func(w *bytes.Buffer) { Plan(w, clockPlan(t), plain) },
		"plan-30-weeks":  func(w *bytes.Buffer) { Plan(w, longPlanOf(t, 30), plain) },
		"plan-empty":     func(w *bytes.Buffer) { Plan(w, planOf(0, nil), plain) },
		"plan-color":     func(w *bytes.Buffer) { Plan(w, fortnight, Style{Color: true, Width: 80}) },
		"plan-utc":       func(w *bytes.Buffer) { Plan(w, small, Style{Zone: time.UTC}) },
		"summary":        func(w *bytes.Buffer) { Summary(w, fortnight, plain) },
		"summary-small":  func(w *bytes.Buffer) { Summary(w, small, terminal) },
		"summary-nobody": func(w *bytes.Buffer) { Summary(w, planOf(0, nil), plain) },
		"held":           func(w *bytes.Buffer) { Held(w, heldPeople(), plain) },
		"held-narrow":    func(w *bytes.Buffer) { Held(w, heldPeople(), narrow) },
		"held-many":      func(w *bytes.Buffer) { Held(w, manyHeld(1060), terminal) },
		"report-narrow":  func(w *bytes.Buffer) { Report(w, reportIn(t, drip.StateRunning), narrow) },
		"report-color":   func(w *bytes.Buffer) { Report(w, reportIn(t, drip.StateRunning), Style{Color: true, Width: 100}) },
		"report-empty": func(w *bytes.Buffer) {
			Report(w, drip.Report{ID: "a", Sequence: "A", State: drip.StateCompleted}, plain)
		},
		"list":            func(w *bytes.Buffer) { List(w, allStates(t), plain) },
		"list-terminal":   func(w *bytes.Buffer) { List(w, allStates(t), terminal) },
		"list-empty":      func(w *bytes.Buffer) { List(w, nil, plain) },
		"moves":           func(w *bytes.Buffer) { Moves(w, moves(t), plain) },
		"moves-narrow":    func(w *bytes.Buffer) { Moves(w, moves(t), narrow) },
		"messages":        func(w *bytes.Buffer) { Messages(w, each(messageRowsOf(t)), plain) },
		"messages-narrow": func(w *bytes.Buffer) { Messages(w, each(messageRowsOf(t)), terminal) },
		"messages-none":   func(w *bytes.Buffer) { Messages(w, each(nil), plain) },
		"errors":          func(w *bytes.Buffer) { errorsOf(w) },
	}
	for _, r := range allStates(t) {
		views["report-"+string(r.State)] = func(w *bytes.Buffer) { Report(w, r, plain) }
	}
	for name, view := range views {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			view(&got)
			path := filepath.Join("testdata", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}

func allStates(t fixture) []drip.Report {
	var all []drip.Report
	for _, state := range []drip.State{
		drip.StateScheduled, drip.StateRunning, drip.StatePaused,
		drip.StateCompleted, drip.StateCancelled, drip.StateFailed,
	} {
		r := reportIn(t, state)
		r.ID = "launch-" + string(state[:2])
		all = append(all, r)
	}
	return all
}

func moves(t fixture) []Moved {
	slot := time.Date(2026, 11, 24, 10, 0, 0, 0, zoneOf(t, "Europe/Paris"))
	return []Moved{
		{At: slot.Add(time.Hour), Slot: slot, Account: "ann", Count: 12, Reason: "the mail server refused the login (535 5.7.8)"},
		{At: slot.Add(time.Hour), Slot: slot, Account: "ben", Count: 1, Reason: "paused"},
		{At: slot.Add(2 * time.Hour), Slot: slot.Add(time.Hour), Account: "ben", Count: 1200},
	}
}

func messageRowsOf(t fixture) []drip.MessageRow {
	slot := time.Date(2026, 11, 24, 10, 0, 0, 0, zoneOf(t, "Europe/Paris"))
	sent := slot.Add(7*time.Minute + 12*time.Second)
	return []drip.MessageRow{
		{Email: "zoë@example.test", Account: "ann", Step: 1, State: drip.Sent, Slot: &slot, SentAt: &sent,
			MessageID: "<launch-x7.1.1@acme.test>", Answer: "250 2.0.0 queued as 4F1A"},
		{Email: "zoë@example.test", Account: "ann", Step: 2, State: drip.Planned, Slot: &slot},
		{Email: "a.very.long.address.of.somebody@department.example.test", Account: "ben", Step: 1, State: drip.Failed,
			Slot: &slot, Answer: "550 5.1.1 no such user", Reason: "refused by the mail server"},
		{Email: "a.very.long.address.of.somebody@department.example.test", Account: "ben", Step: 2, State: drip.Skipped,
			Reason: "the step before was refused"},
	}
}

func each(rows []drip.MessageRow) func() (drip.MessageRow, bool) {
	return func() (drip.MessageRow, bool) {
		if len(rows) == 0 {
			return drip.MessageRow{}, false
		}
		row := rows[0]
		rows = rows[1:]
		return row, true
	}
}

func errorsOf(w *bytes.Buffer) {
	key := &drip.InputError{File: "team.yaml", Line: 7, Problem: "unknown key quota", Fix: "write quotas"}
	start := &drip.InputError{File: "--start", Problem: "2026-11-01 10:00 is in the past"}
	Error(w, key, Style{})
	Error(w, start, Style{})
	Error(w, fmt.Errorf("read the team: %w", key), Style{})
	Error(w, errors.New("no Temporal server at 127.0.0.1:7233:\n\tconnection refused"), Style{})
	Error(w, errors.Join(key, errors.Join(start, errors.New("a third"))), Style{})
	Error(w, fmt.Errorf("both: %w, %w", errors.New("one"), errors.New("two")), Style{})
	Error(w, key, Style{Color: true})
	Error(w, nil, Style{})
}
