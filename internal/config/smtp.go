package config

import (
	"net"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// defaultPorts are used where a file gives none: submission, submission over TLS, plain SMTP.
var defaultPorts = map[drip.TLSMode]int{drip.StartTLS: 587, drip.ImplicitTLS: 465, drip.NoTLS: 25}

var (
	hostPattern     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?$`)
	hostPortPattern = regexp.MustCompile(`^[^:]+:\d+$`)
	variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func readSMTP(v value, folder string) (drip.SMTP, error) {
	s := drip.SMTP{TLS: drip.StartTLS}
	var username, secret *value
	err := v.fields(
		field{"host", into(&s.Host, host)},
		field{"port", into(&s.Port, whole(1, 65535, 587))},
		field{"tls", into(&s.TLS, tlsMode)},
		field{"username", func(v value) error {
			username = &v
			return into(&s.Username, word)(v)
		}},
		field{"password_env", func(v value) error {
			secret = &v
			return into(&s.PasswordEnv, variable)(v)
		}},
		field{"password_file", func(v value) error {
			secret = &v
			return into(&s.PasswordFile, pathFrom(folder))(v)
		}},
		field{"insecure", into(&s.Insecure, truth)},
	)
	if err != nil {
		return s, err
	}
	if s.Port == 0 {
		s.Port = defaultPorts[s.TLS]
	}
	switch {
	case s.Host == "":
		return s, v.problem("write the name of its mail server, for example host: smtp.acme.test", "smtp has no host")
	case s.PasswordEnv != "" && s.PasswordFile != "":
		return s, secret.problem("keep one of them", "password_env and password_file are both given")
	case username != nil && secret == nil:
		return s, username.problem("write password_env: with the name of the environment variable that holds the password, or password_file:",
			"username is given, but no password")
	case secret != nil && username == nil:
		return s, secret.problem("write username:, or delete the line to use the server without a login", "%s is given, but no username", secret.key)
	case s.TLS == drip.NoTLS && !s.Insecure && !loopback(s.Host):
		return s, v.problem("use tls: starttls or tls: implicit; if the network between is safe, write insecure: true beside it",
			"tls: none would send mail to %s in plain text", s.Host)
	}
	return s, nil
}

// loopback says whether a host is this machine. No other name is, whatever a name server answers.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func host(v value) (string, error) {
	const fix = "write the name alone, for example host: smtp.acme.test"
	s, err := word(v)
	switch {
	case err != nil:
		return "", err
	case net.ParseIP(s) != nil:
		return s, nil
	case strings.Contains(s, "//"):
		return "", v.problem(fix, "host must be a name, not a URL")
	case hostPortPattern.MatchString(s):
		return "", v.problem("write the number under port:", "host must not hold a port")
	case !hostPattern.MatchString(s):
		return "", v.problem(fix, "%s is not the name of a host", shown(s))
	}
	return s, nil
}

func tlsMode(v value) (drip.TLSMode, error) {
	s, err := word(v)
	if err != nil {
		return "", err
	}
	mode := drip.TLSMode(s)
	if _, ok := defaultPorts[mode]; !ok {
		return "", v.problem("write starttls (the default), implicit or none", "tls: %s is unknown", shown(s))
	}
	return mode, nil
}

// variable reads the name of an environment variable. What is no name may be the password itself, so
// it is not repeated.
func variable(v value) (string, error) {
	s, err := word(v)
	if err == nil && !variablePattern.MatchString(s) {
		err = v.problem("write the name alone, without $, for example password_env: ANN_PASSWORD; the value stays in the environment",
			"%s is not the name of an environment variable", v.key)
	}
	return s, err
}

// pathFrom reads the path of a file, and joins it to the folder if it is relative.
func pathFrom(folder string) func(value) (string, error) {
	return func(v value) (string, error) {
		path, err := word(v)
		switch {
		case err != nil:
			return "", err
		case strings.HasPrefix(path, "~"):
			return "", v.problem("write the whole path", "%s: ~ is not expanded", v.key)
		case filepath.IsAbs(path):
			return path, nil
		}
		return filepath.Join(folder, path), nil
	}
}
