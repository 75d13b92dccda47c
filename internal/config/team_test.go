package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// exampleTeam has every key; tests of what is refused change one line of it.
const exampleTeam = `# The team.
timezone: Europe/Paris
calendar:
  days: [mon, tue, wed, thu, fri]
  hours: "09:00-18:00"
  holidays: [2026-12-25, 2026-05-01]
quotas: {per_hour: 60, per_day: 500, min_gap: 5s}
accounts:
  - id: ann
    name: Ann Lee
    email: ann@acme.test
    smtp:
      host: smtp.acme.test
      port: 2587
      tls: starttls
      username: ann@acme.test
      password_env: ANN_PASSWORD
    quotas: {per_hour: 30, min_gap: 20s}
  - id: bob
    email: Bob@acme.test
    smtp: {host: localhost, tls: none}
    timezone: America/New_York
  - id: cyd.2
    email: cyd@acme.test
    smtp: {host: mail.acme.test, tls: implicit, username: cyd, password_file: secrets/cyd}
    calendar: {hours: 10:00-16:30, holidays: []}
`

func TestParseTeam(t *testing.T) {
	t.Parallel()
	team, err := ParseTeam("conf/team.yaml", []byte(exampleTeam))
	require.NoError(t, err)

	calendar := drip.Calendar{
		Days:     drip.DefaultCalendar().Days,
		Hours:    drip.Hours{From: 9 * 60, To: 18 * 60},
		Holidays: []drip.Date{{Year: 2026, Month: time.December, Day: 25}, {Year: 2026, Month: time.May, Day: 1}},
	}
	require.Equal(t, "Europe/Paris", team.Zone.String())
	require.Equal(t, calendar, team.Calendar)
	require.Len(t, team.Accounts, 3)

	require.Equal(t, drip.Account{
		ID: "ann", Name: "Ann Lee", Email: "ann@acme.test",
		SMTP: drip.SMTP{
			Host: "smtp.acme.test", Port: 2587, TLS: drip.StartTLS,
			Username: "ann@acme.test", PasswordEnv: "ANN_PASSWORD",
		},
		Quotas: drip.Quotas{PerHour: 30, PerDay: 500, MinGap: 20 * time.Second},
	}, team.Accounts[0])

	bob := team.Accounts[1]
	require.Equal(t, "America/New_York", bob.Zone.String())
	require.Equal(t, &calendar, bob.Calendar, "a zone of its own reads the team's calendar")
	require.Equal(t, drip.SMTP{Host: "localhost", Port: 25, TLS: drip.NoTLS}, bob.SMTP)
	require.Equal(t, drip.Quotas{PerHour: 60, PerDay: 500, MinGap: 5 * time.Second}, bob.Quotas)

	cyd := team.Accounts[2]
	require.Nil(t, cyd.Zone)
	require.Equal(t, drip.Hours{From: 10 * 60, To: 16*60 + 30}, cyd.Calendar.Hours)
	require.Equal(t, calendar.Days, cyd.Calendar.Days)
	require.Empty(t, cyd.Calendar.Holidays, "its own list replaces the team's")
	require.Equal(t, 465, cyd.SMTP.Port)
	require.Equal(t, filepath.Join("conf", "secrets", "cyd"), cyd.SMTP.PasswordFile)
}

func TestParseTeamFillsInDefaults(t *testing.T) {
	t.Parallel()
	team, err := ParseTeam("team.yaml", []byte("timezone: UTC\naccounts:\n- {id: ann, email: ann@acme.test, smtp: {host: mx}}\n"))
	require.NoError(t, err)
	require.Equal(t, drip.DefaultCalendar(), team.Calendar)
	require.Equal(t, drip.Account{
		ID: "ann", Email: "ann@acme.test",
		SMTP:   drip.SMTP{Host: "mx", Port: 587, TLS: drip.StartTLS},
		Quotas: drip.Quotas{PerHour: 50, PerDay: 400},
	}, team.Accounts[0])
}

func TestParseTeamAcceptsAnyText(t *testing.T) {
	t.Parallel()
	want, err := ParseTeam("team.yaml", []byte(exampleTeam))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"byte order mark":     "\ufeff" + exampleTeam,
		"CR LF line ends":     strings.ReplaceAll(exampleTeam, "\n", "\r\n"),
		"document marks":      "---\n" + exampleTeam + "...\n",
		"no last line break":  strings.TrimSuffix(exampleTeam, "\n"),
		"anchors and merging": strings.Replace(exampleTeam, "quotas: {per_hour: 30, min_gap: 20s}", "quotas: {<<: &q {per_hour: 30}, min_gap: 20s}", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseTeam("team.yaml", []byte(text))
			require.NoError(t, err)
			require.Equal(t, want.Accounts[0], got.Accounts[0])
			require.Equal(t, want.Calendar, got.Calendar)
		})
	}
}

func TestParseTeamRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		old, new string // in the example
		line     int
		problem  string
		fix      string
	}{
		{"an unknown key", "quotas: {per_hour: 60", "quota: {per_hour: 60", 7, "unknown key quota", "did you mean quotas?"},
		{"an unknown key in camel case", "per_hour: 60", "perHour: 60", 7, "unknown key perHour", "did you mean per_hour?"},
		{"an unknown key like no other", "timezone: Europe/Paris", "colour: red", 2, "unknown key colour", "the keys known here are timezone, calendar, quotas, accounts"},
		{"an unknown key deep down", "      host: smtp.acme.test", "      hots: smtp.acme.test", 13, "unknown key hots", "did you mean host?"},
		{"a key one level too high", "    name: Ann Lee", "    per_day: 3", 10, "the key per_day does not belong here", "write it under quotas:"},
		{"a key given twice", "    name: Ann Lee", "    id: ann2", 10, "already defined", ""},
		{"a literal password", "      password_env: ANN_PASSWORD", "      password: hunter2", 17, "password: a secret is never written in this file", "password_env:"},
		{"a word for a number", "per_hour: 60", "per_hour: many", 7, "per_hour must be a whole number, not text", "per_hour: 50"},
		{"a number in quotes", "per_hour: 60", `per_hour: "60"`, 7, "per_hour must be a whole number, not text", "per_hour: 50"},
		{"a fraction", "per_hour: 60", "per_hour: 1.5", 7, "whole number, not 1.5", ""},
		{"a quota of nothing", "per_hour: 60", "per_hour: 0", 7, "per_hour must be at least 1, not 0", ""},
		{"a negative quota", "per_day: 500", "per_day: -1", 7, "per_day must be at least 1, not -1", ""},
		{"a quota beyond any number", "per_day: 500", "per_day: 18446744073709551615", 7, "per_day must be from 1 to 1000000000", ""},
		{"a gap without unit", "min_gap: 5s", "min_gap: 5", 7, "min_gap 5 has no unit", "min_gap: 5s"},
		{"a gap that is none", "min_gap: 5s", "min_gap: soon", 7, "min_gap soon is not a length of time", "min_gap: 20s"},
		{"a negative gap", "min_gap: 5s", "min_gap: -5s", 7, "must not be negative", ""},
		{"a gap above an hour", "min_gap: 5s", "min_gap: 61m", 7, "min_gap must be at most 1h", "per_day"},
		{"an unknown zone", "Europe/Paris", "Europe/Pariss", 2, "the time zone Europe/Pariss is unknown", "IANA"},
		{"a city for a zone", "Europe/Paris", "New york", 2, "unknown", "did you mean America/New_York?"},
		{"the machine's zone", "Europe/Paris", "Local", 2, "would differ from machine to machine", ""},
		{"no zone", "timezone: Europe/Paris\n", "", 2, "timezone is missing", "timezone: Europe/Paris"},
		{"hours without minutes", `"09:00-18:00"`, "9-18", 5, "hours 9-18 are not in the form HH:MM-HH:MM", `hours: "09:00-18:00"`},
		{"hours without minutes, backwards", `"09:00-18:00"`, "18-09", 5, "hours 18-09 are not in the form HH:MM-HH:MM", ""},
		{"hours backwards", `"09:00-18:00"`, `"18:00-09:00"`, 5, "hours 18:00-09:00 end before they begin", "earlier time first"},
		{"hours of nothing", `"09:00-18:00"`, `"09:00-09:00"`, 5, "end before they begin", ""},
		{"hours below a slot", `"09:00-18:00"`, `"09:00-09:59"`, 5, "no room for a slot", ""},
		{"hours beyond the day", `"09:00-18:00"`, `"09:00-24:01"`, 5, "a time that does not exist", "24:00"},
		{"minutes beyond the hour", `"09:00-18:00"`, `"09:60-18:00"`, 5, "a time that does not exist", ""},
		{"a day misspelt", "[mon, tue,", "[mon, teu,", 4, "teu is not a day", "mon, tue"},
		{"a day in full, small", "[mon, tue,", "[monday, tue,", 4, "monday is not a day", "did you mean mon?"},
		{"a day in full", "[mon, tue,", "[mon, Tuesday,", 4, "Tuesday is not a day", "did you mean tue?"},
		{"a day twice", "[mon, tue,", "[mon, mon,", 4, "days has mon twice", ""},
		{"no days", "[mon, tue, wed, thu, fri]", "[]", 4, "days is empty", ""},
		{"days as a text", "[mon, tue, wed, thu, fri]", "mon-fri", 4, "days must be a list, not text", "days: [mon,"},
		{"a holiday that is no date", "2026-05-01", "2026-02-30", 6, "2026-02-30 is not a date", "YYYY-MM-DD"},
		{"a holiday in another order", "2026-05-01", "01.05.2026", 6, "01.05.2026 is not a date", "YYYY-MM-DD"},
		{"a holiday twice", "2026-05-01", "2026-12-25", 6, "holidays has 2026-12-25 twice", ""},
		{"a missing id", "  - id: ann\n    name", "  - name", 9, "the account has no id", "id: ann"},
		{"an id in capitals", "id: ann", "id: Ann", 9, "Ann cannot be an id", "small letters"},
		{"an id with a blank", "id: ann", "id: ann lee", 9, "ann lee cannot be an id", ""},
		{"an id that --from knows otherwise", "id: ann", "id: owners", 9, "the id owners means something else after --from", ""},
		{"an id twice", "id: bob", "id: ann", 19, "the id ann is taken by the account on line 9", ""},
		{"an address twice", "Bob@acme.test", "ANN@acme.test", 20, "the address ANN@acme.test is that of the account on line 11", ""},
		{"a missing address", "    email: ann@acme.test\n", "", 9, "the account has no email", ""},
		{"an address without domain", "email: ann@acme.test", "email: ann", 11, "ann is not an email address", ""},
		{"an address with a name", "email: ann@acme.test", "email: Ann <ann@acme.test>", 11, "email holds more than an address", "name:"},
		{"two addresses", "email: ann@acme.test", `email: "a@b.test, c@d.test"`, 11, "is not an email address", ""},
		{"a line break in a name", "name: Ann Lee", `name: "Ann\r\nBcc: x@y.test"`, 10, "name must not hold a line break", ""},
		{"a missing smtp", "    smtp: {host: localhost, tls: none}\n", "", 19, "the account has no smtp", ""},
		{"an empty smtp", "    smtp: {host: localhost, tls: none}\n", "    smtp:\n", 21, "smtp has no value; it must be a group of keys", ""},
		{"a missing host", "      host: smtp.acme.test\n", "", 13, "smtp has no host", "host: smtp.acme.test"},
		{"a URL for a host", "host: smtp.acme.test", "host: smtp://acme.test", 13, "not a URL", ""},
		{"a port in the host", "host: smtp.acme.test", "host: smtp.acme.test:25", 13, "host must not hold a port", "port:"},
		{"a host with a blank", "host: smtp.acme.test", "host: smtp acme", 13, "is not the name of a host", ""},
		{"a port of nothing", "port: 2587", "port: 0", 14, "port must be at least 1, not 0", ""},
		{"a port too large", "port: 2587", "port: 65536", 14, "port must be at most 65535, not 65536", ""},
		{"an unknown tls", "tls: starttls", "tls: ssl", 15, "tls: ssl is unknown", "implicit"},
		{"plain text to another machine", "host: localhost, tls: none", "host: mx.acme.test, tls: none", 21, "in plain text", "insecure: true"},
		{"a truth value in quotes", "host: localhost, tls: none", `host: localhost, insecure: "yes"`, 21, "insecure must be true or false, not text", ""},
		{"two secrets", "password_file: secrets/cyd", "password_file: c, password_env: C", 25, "are both given", "keep one"},
		{"a login without a secret", "      password_env: ANN_PASSWORD\n", "", 16, "username is given, but no password", "password_env:"},
		{"a secret without a login", "      username: ann@acme.test\n", "", 16, "password_env is given, but no username", "username:"},
		{"a variable with a dollar sign", "ANN_PASSWORD", "$ANN_PASSWORD", 17, "is not the name of an environment variable", "without $"},
		{"a secret file below home", "secrets/cyd", "~/cyd", 25, "~ is not expanded", ""},
		{"text where keys belong", "quotas: {per_hour: 60, per_day: 500, min_gap: 5s}", "quotas: 60", 7, "quotas must be a group of keys, not a number", ""},
		{"a tab for indentation", "      port: 2587", "\t  port: 2587", 14, "is indented with a tab", "spaces"},
		{"broken YAML", "quotas: {per_hour: 60", "quotas: {{per_hour: 60", 7, "is not valid YAML", "quotes"},
		{"a second document", "accounts:\n", "---\naccounts:\n", 9, "a second YAML document begins here", ""},
		{"a tag", "port: 2587", "port: !!int 2587", 14, "uses a YAML feature", ""},
		{"an unknown anchor", "name: Ann Lee", "name: *ann", 10, "an anchor that is not defined", ""},
		{"Latin-1", "Ann Lee", "Ann L\xe9", 10, "is not UTF-8", "save the file as UTF-8"},
		{"a control character", "Ann Lee", "Ann\x00Lee", 10, "control character U+0000", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, exampleTeam, c.old)
			_, err := ParseTeam("team.yaml", []byte(strings.Replace(exampleTeam, c.old, c.new, 1)))
			requireInput(t, err, c.line, c.problem, c.fix)
		})
	}
}

func TestParseTeamRefusesWhatIsNoTeam(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		line       int
		problem    string
	}{
		{"nothing", "", 0, "is empty"},
		{"only a comment", "# later\n", 0, "is empty"},
		{"a list", "- ann\n", 1, "the file must be a group of keys, not a list"},
		{"a word", "ann", 1, "the file must be a group of keys, not text"},
		{"no accounts", "timezone: UTC\n", 1, "accounts is missing"},
		{"an empty list of accounts", "timezone: UTC\naccounts: []\n", 2, "there are no accounts"},
		{"accounts as a group", "timezone: UTC\naccounts:\n  ann: {}\n", 3, "accounts must be a list, not a group of keys"},
		{"an empty account", "timezone: UTC\naccounts:\n  -\n", 3, "accounts has no value"},
		{"UTF-16", "\xff\xfet\x00", 1, "is UTF-16"},
		{"too large", strings.Repeat("#\n", maxFile/2+1), 0, "is larger than 1024 KiB"},
		{"a directive", "%YAML 1.2\n---\ntimezone: UTC\n", 1, "directives"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseTeam("team.yaml", []byte(c.text))
			requireInput(t, err, c.line, c.problem, "")
		})
	}
}

func TestPlainTextIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	for host, accepted := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.8.9.10": true, `"::1"`: true,
		"10.0.0.1": false, "127.0.0.1.acme.test": false, "localhost.acme.test": false, "mx": false, "0.0.0.0": false, `"::2"`: false,
	} {
		_, err := ParseTeam("team.yaml", []byte(strings.Replace(exampleTeam, "host: localhost,", "host: "+host+",", 1)))
		require.Equal(t, accepted, err == nil, "%s: %v", host, err)
		_, err = ParseTeam("team.yaml", []byte(strings.Replace(exampleTeam, "host: localhost,", "insecure: true, host: "+host+",", 1)))
		require.NoError(t, err, host)
	}
}

// Each of these made the parser run out of memory or patience when nothing counted before it.
func TestHostileFilesFailFast(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 8) + "x]\n"
	}
	merging := "a: &a {"
	for i := range 2000 {
		merging += "k" + strings.Repeat("x", i%40) + string(rune('a'+i%26)) + time.Duration(i).String() + ": 1, "
	}
	merging += "z: 1}\nb: {<<: [" + strings.Repeat("*a, ", 2000) + "*a]}\n"
	for name, text := range map[string]string{
		"brackets":      strings.Repeat("[", maxFile),
		"braces":        strings.Repeat("{a: ", maxFile/4),
		"dashes":        strings.Repeat("- ", maxFile/2),
		"dash lines":    strings.Repeat("-\n", maxFile/2),
		"question mark": strings.Repeat("? ", maxFile/2),
		"quotes":        strings.Repeat(`"" `, maxFile/3),
		"keys":          strings.Repeat("a: 1\n", maxFile/5),
		"aliases":       bomb,
		"merging":       merging,
		"holidays":      "timezone: UTC\ncalendar:\n  holidays: [" + strings.Repeat("1, ", 30000) + "]\n",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := ParseTeam("team.yaml", []byte(text))
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Less(t, time.Since(start), 30*time.Second)
		})
	}
}

// A file that cannot be read must not have its secrets printed.
func TestErrorsNeverShowAPassword(t *testing.T) {
	t.Parallel()
	for _, smtp := range []string{
		"password: hunter2", "password: [hunter2]", "password: hunter2: x", `password: "hunter2`, "password: 'hunter2", "password: @hunter2",
		"password_env: hunter2!", "password_env: [hunter2!]", "password_env: |\n        hunter2!\n", "Password: hunter2", "pass: {hunter2",
	} {
		_, err := ParseTeam("team.yaml", []byte(strings.Replace(exampleTeam, "password_env: ANN_PASSWORD", smtp, 1)))
		var input *drip.InputError
		require.ErrorAs(t, err, &input, smtp)
		require.NotContains(t, input.Problem+input.Fix, "hunter2", smtp)
	}
}

func TestLoadTeam(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "team.yaml")
	require.NoError(t, os.WriteFile(path, []byte(exampleTeam), 0o600))

	t.Run("reads a file, secrets relative to its folder", func(t *testing.T) {
		t.Parallel()
		team, err := LoadTeam(path)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(folder, "secrets", "cyd"), team.Accounts[2].SMTP.PasswordFile)
	})
	t.Run("refuses a path without a file", func(t *testing.T) {
		t.Parallel()
		_, err := LoadTeam(filepath.Join(folder, "none.yaml"))
		requireInput(t, err, 0, "does not exist", "starter init")
	})
	t.Run("refuses a folder", func(t *testing.T) {
		t.Parallel()
		_, err := LoadTeam(folder)
		requireInput(t, err, 0, "is a folder", "")
	})
}

func requireInput(t *testing.T, err error, line int, problem, fix string) {
	t.Helper()
	var input *drip.InputError
	require.ErrorAs(t, err, &input)
	require.NotEmpty(t, input.File)
	require.Contains(t, input.Problem, problem)
	require.Contains(t, input.Fix, fix)
	require.NotEmpty(t, input.Fix)
	require.Equal(t, line, input.Line, input.Problem)
}
