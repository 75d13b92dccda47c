package config

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// machine is an environment and a disk.
type machine map[string]string

func (m machine) getenv(name string) (string, bool) {
	value, ok := m[name]
	return value, ok
}

func (m machine) readFile(path string) ([]byte, error) {
	content, ok := m[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if content == "locked" {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	if content == "broken" {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("input/output error")}
	}
	return []byte(content), nil
}

func TestSecret(t *testing.T) {
	t.Parallel()
	m := machine{
		"SET": " hunter2 ", "EMPTY": "", "LINES": "hunter2\nhunter3",
		"/unix": "hunter2\n", "/dos": "hunter2\r\n", "/bare": "hunter2", "/blanks": " hunter2 \n", "/empty": "\n",
		"/lines": "hunter2\nhunter3\n", "/locked": "locked", "/broken": "broken",
	}
	cases := []struct {
		name    string
		smtp    drip.SMTP
		secret  string
		problem string
	}{
		{"no login", drip.SMTP{}, "", ""},
		{"a variable", drip.SMTP{PasswordEnv: "SET"}, " hunter2 ", ""},
		{"no variable", drip.SMTP{PasswordEnv: "UNSET"}, "", "UNSET: the environment variable is not set"},
		{"an empty variable", drip.SMTP{PasswordEnv: "EMPTY"}, "", "EMPTY: the environment variable is empty"},
		{"a variable of lines", drip.SMTP{PasswordEnv: "LINES"}, "", "LINES: the environment variable holds more than one line"},
		{"a file", drip.SMTP{PasswordFile: "/unix"}, "hunter2", ""},
		{"a file from Windows", drip.SMTP{PasswordFile: "/dos"}, "hunter2", ""},
		{"a file without line break", drip.SMTP{PasswordFile: "/bare"}, "hunter2", ""},
		{"blanks belong to the secret", drip.SMTP{PasswordFile: "/blanks"}, " hunter2 ", ""},
		{"no file", drip.SMTP{PasswordFile: "/none"}, "", "/none: the password file does not exist"},
		{"an empty file", drip.SMTP{PasswordFile: "/empty"}, "", "/empty: the password file is empty"},
		{"a file of lines", drip.SMTP{PasswordFile: "/lines"}, "", "/lines: the password file holds more than one line"},
		{"a locked file", drip.SMTP{PasswordFile: "/locked"}, "", "/locked: the password file may not be read by this user"},
		{"a broken disk", drip.SMTP{PasswordFile: "/broken"}, "", "/broken: the password file cannot be read: input/output error"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			secret, err := Secret(c.smtp, m.getenv, m.readFile)
			require.Equal(t, c.secret, secret)
			if c.problem == "" {
				require.NoError(t, err)
				return
			}
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.EqualError(t, err, c.problem)
			require.NotContains(t, input.Error()+input.Fix, "hunter")
			require.NotEmpty(t, input.Fix)
		})
	}
}

func TestMissingSecrets(t *testing.T) {
	t.Parallel()
	m := machine{"ANN": "hunter2"}
	team := drip.Team{Accounts: []drip.Account{
		{ID: "ann", SMTP: drip.SMTP{PasswordEnv: "ANN"}},
		{ID: "bob", SMTP: drip.SMTP{PasswordEnv: "BOB"}},
		{ID: "cyd"},
		{ID: "dan", SMTP: drip.SMTP{PasswordFile: "/dan"}},
	}}
	missing := MissingSecrets(team, m.getenv, m.readFile)
	require.Len(t, missing, 2)
	require.EqualError(t, missing[0], "BOB: the password of account bob: the environment variable is not set")
	require.EqualError(t, missing[1], "/dan: the password of account dan: the password file does not exist")
	require.Empty(t, MissingSecrets(drip.Team{}, m.getenv, m.readFile))
}
