package show

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, zoneOf(t, "Europe/Paris"))
	type engaged struct {
		drip.Plan
		Raw   json.RawMessage `json:"raw,omitempty"`
		Bytes []byte          `json:"bytes"`
		Any   any             `json:"any"`
	}
	type node struct {
		Children []node `json:"children"`
	}
	const emptyPlan = `"id":"","sequence":"","contacts":0,"start":"0001-01-01T00:00:00Z","finish":"0001-01-01T00:00:00Z",` +
		`"senders":[],"held":[],"slots":[]`
	for name, one := range map[string]struct {
		v    any
		want string
	}{
		"an empty plan has lists":          {drip.Plan{}, `{` + emptyPlan + `}`},
		"behind a pointer":                 {&drip.Plan{}, `{` + emptyPlan + `}`},
		"in another struct":                {engaged{}, `{` + emptyPlan + `,"bytes":null,"any":null}`},
		"in an interface":                  {engaged{Any: drip.PlanSlot{Start: noon}}, `{` + emptyPlan + `,"bytes":null,"any":{"start":"2026-11-24T12:00:00+01:00","total":0,"limit":"","sends":[]}}`},
		"a slot of a list":                 {[]drip.PlanSlot{{Start: noon}}, `[{"start":"2026-11-24T12:00:00+01:00","total":0,"limit":"","sends":[]}]`},
		"nothing in a list":                {[]drip.Held(nil), `[]`},
		"in a map":                         {map[string][]int{"a": nil}, `{"a":[]}`},
		"a type that holds itself":         {node{Children: []node{{}}}, `{"children":[{"children":[]}]}`},
		"texts are not escaped for a page": {drip.Held{Email: "<a&b>"}, `{"email":"<a&b>","row":0,"reason":""}`},
		"nothing":                          {nil, `null`},
		"a nil pointer":                    {(*drip.Plan)(nil), `null`},
		"a raw message stays":              {json.RawMessage(`{"a":null}`), `{"a":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, JSON(&out, one.v))
			require.Equal(t, one.want+"\n", out.String())
		})
	}
	t.Run("a report has lists, and null where a time is not known", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		require.NoError(t, JSON(&out, []drip.Report{{}}))
		require.Contains(t, out.String(), `"accounts":[],"steps":[],"slots":[]`)
		require.Contains(t, out.String(), `"next_slot":null`)
	})
	t.Run("the value itself is not changed", func(t *testing.T) {
		t.Parallel()
		p := &drip.Plan{Slots: []drip.PlanSlot{{}}}
		require.NoError(t, JSON(&bytes.Buffer{}, p))
		require.Nil(t, p.Held)
		require.Nil(t, p.Slots[0].Sends)
	})
	t.Run("a writer's error is returned", func(t *testing.T) {
		t.Parallel()
		require.ErrorIs(t, JSON(brokenWriter{}, drip.Plan{}), errBroken)
	})
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
