package roster

import (
	"slices"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// ParseFrom reads the value of --from: `me`, `owners`, or a list of accounts such as `ann,bob`. The
// user is the account that `me` means. Accounts are named by id or address, and always returned by id.
func ParseFrom(text, user string, team drip.Team) (drip.From, error) {
	switch text = strings.TrimSpace(text); text {
	case "":
		return drip.From{}, &drip.InputError{File: "--from", Problem: "names no sender", Fix: "write me, owners or a list of accounts: " + ids(team.Accounts)}
	case string(drip.FromMe):
		return fromMe(user, team)
	case string(drip.FromOwners):
		return drip.From{Kind: drip.FromOwners}, nil
	}
	from := drip.From{Kind: drip.FromList}
	for name := range strings.SplitSeq(text, ",") {
		id, known := accountNames(team.Accounts)[drip.Person(name)]
		switch {
		case !known:
			return drip.From{}, unknownSender("--from", name, team)
		case slices.Contains(from.Accounts, id):
			return drip.From{}, &drip.InputError{File: "--from", Problem: "names the account " + id + " twice", Fix: "name each account once"}
		}
		from.Accounts = append(from.Accounts, id)
	}
	return from, nil
}

func fromMe(user string, team drip.Team) (drip.From, error) {
	if strings.TrimSpace(user) == "" {
		return drip.From{}, &drip.InputError{
			File: "--from", Problem: "me is not known",
			Fix: "say which account you are with --user or DRIPLINE_USER: " + ids(team.Accounts),
		}
	}
	id, known := accountNames(team.Accounts)[drip.Person(user)]
	if !known {
		return drip.From{}, unknownSender("--user", user, team)
	}
	return drip.From{Kind: drip.FromMe, Accounts: []string{id}}, nil
}

func unknownSender(option, name string, team drip.Team) error {
	problem := "no account is named " + shown(name)
	if strings.TrimSpace(name) == "" {
		problem = "a name is missing between the commas"
	}
	return &drip.InputError{File: option, Problem: problem, Fix: "the accounts are " + ids(team.Accounts)}
}

// accountNames finds an account's id by its id or address in lower case.
func accountNames(accounts []drip.Account) map[string]string {
	names := make(map[string]string, 2*len(accounts))
	for _, a := range accounts {
		names[drip.Person(a.Email)] = a.ID
	}
	for _, a := range accounts { // an id wins over an address that looks like it
		names[drip.Person(a.ID)] = a.ID
	}
	return names
}

func ids(accounts []drip.Account) string {
	names := make([]string, len(accounts))
	for i, a := range accounts {
		names[i] = a.ID
	}
	return strings.Join(names, ", ")
}
