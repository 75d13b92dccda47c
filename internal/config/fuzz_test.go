package config

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// Whatever the bytes, the answer is a team that keeps every rule, or an InputError that a person can
// act on.
func FuzzParseTeam(f *testing.F) {
	f.Add([]byte(exampleTeam))
	f.Add([]byte("timezone: UTC\naccounts:\n- {id: ann, email: ann@acme.test, smtp: &s {host: mx}}\n- {id: b, email: b@acme.test, smtp: {<<: *s, port: 25}}\n"))
	f.Add([]byte("timezone: UTC\nquotas: {per_hour: many}\n"))
	f.Add([]byte("---\n? a\n: - - !!x |2-\n  \t\"\\x\n...\n%Y"))
	f.Fuzz(func(t *testing.T, data []byte) {
		team, err := ParseTeam("team.yaml", data)
		if err != nil {
			requireUsable(t, err, data)
			return
		}
		require.NotNil(t, team.Zone)
		require.NotEmpty(t, team.Accounts)
		requireCalendar(t, team.Calendar)
		seen := map[string]bool{}
		for _, a := range team.Accounts {
			require.False(t, seen[a.ID] || seen[drip.Person(a.Email)])
			seen[a.ID], seen[drip.Person(a.Email)] = true, true
			requireAccount(t, a)
		}
	})
}

func FuzzParseSequence(f *testing.F) {
	f.Add([]byte(exampleSequence))
	f.Add([]byte("name: x\nsteps:\n- {subject: s, text: &t \"x\"}\n- {after: 1, at: 14:00, text: *t}\n"))
	f.Add([]byte("name: x\nsteps: [{subject: \"a\\nb\"}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseSequence("seq.yaml", data)
		if err != nil {
			requireUsable(t, err, data)
			return
		}
		require.NotEmpty(t, file.Name)
		require.NotEmpty(t, file.Steps)
		require.NotEmpty(t, file.Steps[0].Subject)
		require.Zero(t, file.Steps[0].After)
		require.Nil(t, file.Steps[0].At)
		for i, s := range file.Steps {
			require.False(t, strings.ContainsAny(s.Subject, "\r\n"))
			require.NotEmpty(t, strings.TrimSpace(s.Text+s.HTML))
			require.LessOrEqual(t, max(len(s.Subject), len(s.Text), len(s.HTML)), maxTemplate)
			require.True(t, s.After >= 0 && s.After <= maxAfter)
			require.True(t, s.At == nil || *s.At >= 0 && *s.At <= 23)
			require.Positive(t, file.Line(i+1, "text"))
		}
	})
}

func requireUsable(t *testing.T, err error, data []byte) {
	t.Helper()
	var input *drip.InputError
	require.ErrorAs(t, err, &input)
	require.NotEmpty(t, input.File)
	require.NotEmpty(t, input.Problem)
	require.NotEmpty(t, input.Fix)
	require.False(t, strings.ContainsAny(input.Problem+input.Fix, "\r\n"), "%q", input.Problem)
	lines := strings.Count(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n") + strings.Count(string(data), "\r") + 1
	require.LessOrEqual(t, input.Line, lines)
}

func requireCalendar(t *testing.T, c drip.Calendar) {
	t.Helper()
	require.NotZero(t, c.Days)
	require.True(t, c.Hours.From >= 0 && c.Hours.To-c.Hours.From >= 60 && c.Hours.To <= 24*60, c.Hours)
}

func requireAccount(t *testing.T, a drip.Account) {
	t.Helper()
	require.Regexp(t, idPattern, a.ID)
	require.Contains(t, a.Email, "@")
	require.False(t, strings.ContainsAny(a.Name+a.Email, "\r\n"))
	require.True(t, a.Quotas.PerHour > 0 && a.Quotas.PerDay > 0 && a.Quotas.MinGap >= 0 && a.Quotas.MinGap <= time.Hour)
	require.Positive(t, a.Quotas.PerSlot())
	require.NotEmpty(t, a.SMTP.Host)
	require.True(t, a.SMTP.Port > 0 && a.SMTP.Port < 65536)
	require.Contains(t, []drip.TLSMode{drip.StartTLS, drip.ImplicitTLS, drip.NoTLS}, a.SMTP.TLS)
	require.Equal(t, a.SMTP.Username != "", a.SMTP.PasswordEnv != "" || a.SMTP.PasswordFile != "")
	if a.Zone != nil {
		require.NotNil(t, a.Calendar)
	}
	if a.Calendar != nil {
		requireCalendar(t, *a.Calendar)
	}
}
