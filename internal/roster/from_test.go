package roster

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

func TestParseFrom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, user string
		want       drip.From
	}{
		{"me", "bob", drip.From{Kind: drip.FromMe, Accounts: []string{"bob"}}},
		{"me", "BOB@acme.test", drip.From{Kind: drip.FromMe, Accounts: []string{"bob"}}},
		{"owners", "", drip.From{Kind: drip.FromOwners}},
		{" bob, ann ", "", drip.From{Kind: drip.FromList, Accounts: []string{"bob", "ann"}}},
		{"cyd@acme.test", "", drip.From{Kind: drip.FromList, Accounts: []string{"cyd"}}},
	} {
		from, err := ParseFrom(c.text, c.user, team)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, from)
	}
}

func TestParseFromRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, user   string
		option       string
		problem, fix string
	}{
		{"", "", "--from", "names no sender", "ann, bob, cyd"},
		{"me", "", "--from", "me is not known", "--user or DRIPLINE_USER"},
		{"me", "dan", "--user", "no account is named dan", "the accounts are ann, bob, cyd"},
		{"ann,dan", "", "--from", "no account is named dan", "the accounts are ann, bob, cyd"},
		{"ann,me", "ann", "--from", "no account is named me", ""},
		{"ann,bob,ann", "", "--from", "names the account ann twice", "once"},
		{"ann,ann@acme.test", "", "--from", "names the account ann twice", "once"},
		{"ann,,bob", "", "--from", "a name is missing between the commas", ""},
	} {
		_, err := ParseFrom(c.text, c.user, team)
		requireInput(t, err, 0, c.problem, c.fix)
		require.ErrorContains(t, err, c.option+": ")
	}
}
