package config

import (
	"errors"
	"path/filepath"

	"github.com/dripline/dripline/internal/drip"
)

// LoadTeam reads a team file.
func LoadTeam(path string) (drip.Team, error) {
	data, err := readFile(path)
	if err != nil {
		return drip.Team{}, err
	}
	return ParseTeam(path, data)
}

// ParseTeam reads the content of a team file. The name is the file's path: errors name it, and a
// relative password_file is relative to its folder.
func ParseTeam(name string, data []byte) (drip.Team, error) {
	doc, err := parseDocument(data)
	if err != nil {
		return drip.Team{}, inFile(name, err)
	}
	team, err := readTeam(doc, filepath.Dir(name))
	if err != nil {
		return drip.Team{}, inFile(name, err)
	}
	return team, nil
}

func readTeam(doc value, folder string) (drip.Team, error) {
	team := drip.Team{Calendar: drip.DefaultCalendar()}
	quotas := drip.Quotas{PerHour: drip.DefaultPerHour, PerDay: drip.DefaultPerDay}
	var accounts *value
	err := doc.fields(
		field{"timezone", into(&team.Zone, zone)},
		field{"calendar", into(&team.Calendar, calendarOver(team.Calendar))},
		field{"quotas", into(&quotas, quotasOver(quotas))},
		field{"accounts", later(&accounts)},
	)
	switch {
	case err != nil:
		return team, err
	case team.Zone == nil:
		return team, doc.problem("write the zone of the team's working hours, for example timezone: Europe/Paris", "timezone is missing")
	case accounts == nil:
		return team, doc.problem("write accounts: with one entry for each mailbox, as the example files have it", "accounts is missing")
	}
	team.Accounts, err = readAccounts(*accounts, accountDefaults{calendar: team.Calendar, quotas: quotas, folder: folder})
	return team, err
}

// readAccounts reads the list of accounts, of which no two may share an id or an address.
func readAccounts(v value, defaults accountDefaults) ([]drip.Account, error) {
	if v.kind != kindList {
		return nil, v.mismatch(string(kindList), "begin each account with - id:")
	}
	if len(v.items) == 0 {
		return nil, v.problem("write one entry for each mailbox, as the example files have it", "there are no accounts")
	}
	accounts := make([]drip.Account, 0, len(v.items))
	ids, addresses := map[string]int{}, map[string]int{}
	for _, item := range v.items {
		a, at, err := readAccount(item, defaults)
		if err != nil {
			return nil, err
		}
		if first, taken := ids[a.ID]; taken {
			return nil, problem(at.id, "give one of them another id", "the id %s is taken by the account on line %d", a.ID, first)
		}
		if first, taken := addresses[drip.Person(a.Email)]; taken {
			return nil, problem(at.email, "make them one account: its quotas hold for the mailbox",
				"the address %s is that of the account on line %d", a.Email, first)
		}
		ids[a.ID], addresses[drip.Person(a.Email)] = at.id, at.email
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// inFile names the file of an error that has none yet.
func inFile(name string, err error) error {
	var input *drip.InputError
	if errors.As(err, &input) {
		input.File = name
	}
	return err
}
