package config

import (
	"fmt"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// Secret reads the password of an account now, from where its file says it is: the environment, or a
// file, whose last line break is not part of it. An account without a login has none: "".
// The error is a *drip.InputError that names the variable or file, never what is in it.
func Secret(s drip.SMTP, getenv func(string) (string, bool), readFile func(string) ([]byte, error)) (string, error) {
	switch {
	case s.PasswordEnv != "":
		return secretOfVariable(s.PasswordEnv, getenv)
	case s.PasswordFile != "":
		return secretOfFile(s.PasswordFile, readFile)
	}
	return "", nil
}

func secretOfVariable(name string, getenv func(string) (string, bool)) (string, error) {
	secret, set := getenv(name)
	e := &drip.InputError{File: name, Fix: fmt.Sprintf("set %s to the password, or name another variable under password_env", name)}
	switch {
	case !set:
		e.Problem = "the environment variable is not set"
	case secret == "":
		e.Problem = "the environment variable is empty"
	case strings.ContainsAny(secret, "\r\n\x00"):
		e.Problem = "the environment variable holds more than one line"
	default:
		return secret, nil
	}
	return "", e
}

func secretOfFile(path string, readFile func(string) ([]byte, error)) (string, error) {
	data, err := readFile(path)
	if err != nil {
		e := openError(path, err)
		e.Problem = "the password file " + e.Problem
		e.Fix = "write the password into it, on one line, readable by this user"
		return "", e
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	e := &drip.InputError{File: path, Fix: "write the password into it, on one line"}
	switch {
	case secret == "":
		e.Problem = "the password file is empty"
	case strings.ContainsAny(secret, "\r\n\x00"):
		e.Problem = "the password file holds more than one line"
	default:
		return secret, nil
	}
	return "", e
}

// MissingSecrets says for each account whose password cannot be read what is missing, in the order of
// the team file.
func MissingSecrets(team drip.Team, getenv func(string) (string, bool), readFile func(string) ([]byte, error)) []*drip.InputError {
	var missing []*drip.InputError
	for _, a := range team.Accounts {
		if _, err := Secret(a.SMTP, getenv, readFile); err != nil {
			e := err.(*drip.InputError)
			e.Problem = fmt.Sprintf("the password of account %s: %s", a.ID, e.Problem)
			missing = append(missing, e)
		}
	}
	return missing
}
