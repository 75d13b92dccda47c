package config

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// accountDefaults is what an account has that says nothing else.
type accountDefaults struct {
	calendar drip.Calendar
	quotas   drip.Quotas
	folder   string // that a relative password_file is relative to
}

// accountLines are the lines that errors about several accounts name.
type accountLines struct{ id, email int }

var (
	idPattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	reservedIDs = []string{string(drip.FromMe), string(drip.FromOwners)} // words of --from
)

func readAccount(v value, defaults accountDefaults) (drip.Account, accountLines, error) {
	a := drip.Account{Quotas: defaults.quotas}
	calendar := defaults.calendar
	calendar.Holidays = slices.Clone(calendar.Holidays)
	var id, email, ownCalendar, smtp *value
	err := v.fields(
		field{"id", later(&id)},
		field{"name", into(&a.Name, line)},
		field{"email", later(&email)},
		field{"smtp", later(&smtp)},
		field{"quotas", into(&a.Quotas, quotasOver(defaults.quotas))},
		field{"timezone", into(&a.Zone, zone)},
		field{"calendar", later(&ownCalendar)},
	)
	switch {
	case err != nil:
		return a, accountLines{}, err
	case id == nil:
		return a, accountLines{}, v.problem("write a short name for it, for example id: ann", "the account has no id")
	case email == nil:
		return a, accountLines{}, v.problem("write the address mail leaves from, for example email: ann@acme.test", "the account has no email")
	case smtp == nil:
		return a, accountLines{}, v.problem("write smtp: with the host of its mail server, as the example files have it", "the account has no smtp")
	}
	lines := accountLines{id: id.line, email: email.line}
	if a.ID, err = accountID(*id); err != nil {
		return a, lines, err
	}
	if a.Email, err = address(*email); err != nil {
		return a, lines, err
	}
	if a.SMTP, err = readSMTP(*smtp, defaults.folder); err != nil {
		return a, lines, err
	}
	if ownCalendar != nil {
		if calendar, err = calendarOver(calendar)(*ownCalendar); err != nil {
			return a, lines, err
		}
	}
	if ownCalendar != nil || a.Zone != nil {
		a.Calendar = &calendar
	}
	return a, lines, nil
}

func accountID(v value) (string, error) {
	id, err := word(v)
	if err != nil {
		return "", err
	}
	if slices.Contains(reservedIDs, id) {
		return "", v.problem("choose another id", "the id %s means something else after --from", id)
	}
	if !idPattern.MatchString(id) {
		return "", v.problem("use up to 64 small letters, digits, dots, dashes and underscores, for example ann or ann.lee",
			"%s cannot be an id", shown(id))
	}
	return id, nil
}

// address reads one bare email address.
func address(v value) (string, error) {
	const fix = "write one address, for example email: ann@acme.test"
	s, err := word(v)
	if err != nil {
		return "", err
	}
	parsed, err := mail.ParseAddress(s)
	switch {
	case err != nil:
		return "", v.problem(fix, "%s is not an email address", shown(s))
	case parsed.Name != "" || strings.ContainsAny(s, "<>"):
		return "", v.problem("write the address alone, and the name under name:", "email holds more than an address")
	case parsed.Address != s:
		return "", v.problem(fix, "%s is not a plain email address", shown(s))
	case len(s) > 254:
		return "", v.problem(fix, "email is longer than 254 characters")
	}
	return s, nil
}
