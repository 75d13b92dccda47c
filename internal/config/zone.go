package config

import (
	"strings"
	"time"
	// The zone data of the binary itself: a bare machine or container has none, and a team file that
	// works on one machine must work on every other.
	_ "time/tzdata"
)

// areas are the first halves of IANA names, to find the whole for one who wrote a city.
var areas = []string{"Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian"}

func zone(v value) (*time.Location, error) {
	s, err := word(v)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(s, "local") {
		return nil, v.problem("write the name of the zone, for example Europe/Paris", "timezone %s would differ from machine to machine", s)
	}
	loc, err := time.LoadLocation(s)
	if err != nil {
		return nil, v.problem(zoneFix(s), "the time zone %s is unknown", shown(s))
	}
	return loc, nil
}

// zoneFix finds the zone of a city, or of a name in the wrong letters: "paris", "europe/Paris", "New York".
func zoneFix(unknown string) string {
	_, city, found := strings.Cut(unknown, "/")
	if !found {
		city = unknown
	}
	words := strings.FieldsFunc(strings.ToLower(city), func(r rune) bool { return r == ' ' || r == '_' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	for _, area := range areas {
		name := area + "/" + strings.Join(words, "_")
		if _, err := time.LoadLocation(name); err == nil {
			return "did you mean " + name + "?"
		}
	}
	return "write an IANA name, for example Europe/Paris, America/New_York or UTC"
}
