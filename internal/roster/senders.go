package roster

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/dripline/dripline/internal/drip"
)

// senders gives each kept contact its account, in the order of the file, and counts them.
type senders struct {
	from    drip.From
	order   []string          // of the accounts, as the summary lists them
	owners  map[string]string // of FromOwners: id by id or address
	random  *rand.Rand
	deck    []string // of FromList: the accounts, in the order in which the next contacts get them
	drawn   int      // how many of the deck have been given
	counted map[string]int
}

func newSenders(opts Options) (*senders, error) {
	s := &senders{from: opts.From, counted: map[string]int{}}
	for _, a := range opts.Accounts {
		s.order = append(s.order, a.ID)
	}
	for _, id := range opts.From.Accounts {
		if !slices.Contains(s.order, id) {
			return nil, fmt.Errorf("distributing contacts: no account is named %s", id)
		}
	}
	switch kind, n := opts.From.Kind, len(opts.From.Accounts); {
	case kind == drip.FromOwners:
		s.owners = accountNames(opts.Accounts)
	case kind == drip.FromMe && n == 1:
	case kind == drip.FromList && n > 0:
		s.deck = slices.Clone(opts.From.Accounts)
		s.drawn = n
		s.random = rand.New(rand.NewPCG(opts.Seed, 0))
	default:
		return nil, fmt.Errorf("distributing contacts: %d accounts do not suit the senders %q", n, kind)
	}
	return s, nil
}

// hasNone says that nobody may write to the contact: its owner is empty or no account.
func (s *senders) hasNone(c drip.Contact) bool {
	if s.from.Kind != drip.FromOwners {
		return false
	}
	_, known := s.owners[drip.Person(c.Owner)]
	return !known
}

// next is the account of the next kept contact. A list is dealt like a deck of cards: each block of as
// many contacts as there are accounts gets every account once, in random order. Hence shares are
// equal to within one after any number of contacts, without knowing how many there will be.
func (s *senders) next(c drip.Contact) string {
	id := ""
	switch s.from.Kind {
	case drip.FromMe:
		id = s.from.Accounts[0]
	case drip.FromOwners:
		id = s.owners[drip.Person(c.Owner)]
	case drip.FromList:
		if s.drawn == len(s.deck) {
			s.random.Shuffle(len(s.deck), func(i, j int) { s.deck[i], s.deck[j] = s.deck[j], s.deck[i] })
			s.drawn = 0
		}
		id = s.deck[s.drawn]
		s.drawn++
	}
	s.counted[id]++
	return id
}

// summary lists the accounts that have contacts.
func (s *senders) summary() []drip.Sender {
	list := []drip.Sender{}
	for _, id := range s.order {
		if n := s.counted[id]; n > 0 {
			list = append(list, drip.Sender{Account: id, Contacts: n})
		}
	}
	return list
}
