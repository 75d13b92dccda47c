package embedded

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func TestUIServesItsPagesWithoutAskingOthers(t *testing.T) {
	t.Parallel()
	base := sharedServer(t).UIURL()
	page := get(t, base+"/")
	require.Contains(t, page, "<html")
	require.Contains(t, get(t, base+"/api/v1/settings"), `"DefaultNamespace":"default"`)
	require.Contains(t, get(t, base+"/api/v1/namespaces/default"), `"name": "default"`)
}

// A browser that works in the page may signal: it shows the token of its cookie.
func TestUIMayChangeThings(t *testing.T) {
	t.Parallel()
	s := sharedServer(t)
	c := connect(t, s.Address(), false)
	queue := work(t, c, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
			workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
			return nil
		}, typed("wait"))
	})
	run := start(t, c, queue, "wait")

	res, err := http.Get(s.UIURL() + "/")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.NotEmpty(t, res.Cookies())
	token := res.Cookies()[0]
	require.False(t, token.Secure, "there is no TLS on loopback")

	url := s.UIURL() + "/api/v1/namespaces/default/workflows/" + strings.ReplaceAll(run.GetID(), "/", "%2F") + "/signal/go"
	signal := func(with ...func(*http.Request)) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{}`))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		for _, w := range with {
			w(req)
		}
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.NotEqual(t, http.StatusOK, signal(), "without the token anybody's page could do it")
	require.Equal(t, http.StatusOK, signal(func(r *http.Request) {
		r.AddCookie(token)
		r.Header.Set("X-CSRF-Token", token.Value)
	}))
	require.NoError(t, run.Get(t.Context(), nil))
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusOK, res.StatusCode)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}
