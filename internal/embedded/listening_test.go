package embedded

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/dynamicconfig"

	"github.com/dripline/dripline/internal/drip"
)

func TestEverythingListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/net/tcp"); err != nil {
		t.Skip("needs /proc")
	}
	s := sharedServer(t)
	listening := listeners(t)
	require.GreaterOrEqual(t, len(listening), 4, "frontend, history, matching, UI")
	require.Contains(t, listening, s.Address())
	for _, address := range listening {
		require.True(t, strings.HasPrefix(address, loopback+":"), address)
	}
}

// listeners are the addresses this process listens on, as Linux tells them.
func listeners(t *testing.T) []string {
	t.Helper()
	own := map[string]bool{}
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, fd := range fds {
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", fd.Name())); err == nil {
			own[to] = true
		}
	}
	var found []string
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		b, err := os.ReadFile(table)
		if os.IsNotExist(err) {
			continue // a system without IPv6
		}
		require.NoError(t, err)
		for _, line := range strings.Split(string(b), "\n")[1:] {
			f := strings.Fields(line)
			const listen = "0A"
			if len(f) < 10 || f[3] != listen || !own["socket:["+f[9]+"]"] {
				continue
			}
			var a, b, c, d, port int
			if _, err := fmt.Sscanf(f[1], "%02X%02X%02X%02X:%04X", &d, &c, &b, &a, &port); err != nil {
				found = append(found, f[1]) // IPv6, which nothing here should be
				continue
			}
			found = append(found, fmt.Sprintf("%d.%d.%d.%d:%d", a, b, c, d, port))
		}
	}
	return found
}

func TestAsksNobodyForNews(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Dir: "data"}, {TimeSkipping: true}} {
		require.Equal(t, false, settings(o)[dynamicconfig.EnableServerVersionCheck.Key()])
	}
	require.JSONEq(t, `{"Releases":{}}`, get(t, sharedServer(t).UIURL()+"/api/v1/releases"))
}

func TestRefusesPortsBeforeAnythingIsCreated(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp4", hostPort(0))
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	port := taken.Addr().(*net.TCPAddr).Port

	for name, tc := range map[string]struct {
		o       Options
		flag    string
		problem string
	}{
		"a frontend port in use": {Options{Port: port, UIPort: -1}, "--temporal-port", fmt.Sprintf("port %d on 127.0.0.1 is in use", port)},
		"a UI port in use":       {Options{UIPort: port}, "--ui-port", fmt.Sprintf("port %d on 127.0.0.1 is in use", port)},
		"no port at all":         {Options{Port: 70000}, "--temporal-port", "70000 is not a port"},
		"less than none":         {Options{Port: -1}, "--temporal-port", "-1 is not a port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.o.Dir = filepath.Join(t.TempDir(), "data")
			_, err := Start(t.Context(), tc.o)
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, tc.flag, input.File)
			require.Contains(t, input.Problem, tc.problem)
			require.NotEmpty(t, input.Fix)
			_, err = os.Stat(tc.o.Dir)
			require.ErrorIs(t, err, fs.ErrNotExist)
		})
	}
	t.Run("one port for both", func(t *testing.T) {
		t.Parallel()
		free, err := freePort()
		require.NoError(t, err)
		_, err = Start(t.Context(), Options{Port: free, UIPort: free})
		var input *drip.InputError
		require.ErrorAs(t, err, &input)
		require.Equal(t, "--ui-port", input.File)
	})
}

func TestStopFreesPortsAndFolder(t *testing.T) {
	t.Parallel()
	o := Options{Dir: filepath.Join(t.TempDir(), "50% of what?#")}
	var err error
	for _, port := range []*int{&o.Port, &o.UIPort} {
		*port, err = freePort()
		require.NoError(t, err)
	}
	for round := range 2 {
		began := time.Now()
		s, err := Start(t.Context(), o)
		require.NoError(t, err)
		started := time.Now()
		require.Equal(t, hostPort(o.Port), s.Address())
		require.Equal(t, "http://"+hostPort(o.UIPort), s.UIURL())
		s.Stop()
		s.Stop() // twice is once
		t.Logf("round %d: started in %v, stopped in %v", round, started.Sub(began), time.Since(started))
		for _, port := range []int{o.Port, o.UIPort} {
			l, err := net.Listen("tcp4", hostPort(port))
			require.NoError(t, err)
			require.NoError(t, l.Close())
		}
	}
	require.FileExists(t, filepath.Join(o.Dir, databaseName))
}

func TestStartThatIsCalledOffLeavesTheFolderFree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{Dir: dir, UIPort: -1})
	require.ErrorIs(t, err, context.Canceled)
	f, err := lockFolder(dir)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func TestFolderThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Start(t.Context(), Options{Dir: filepath.Join(file, "data"), UIPort: -1})
	var input *drip.InputError
	require.ErrorAs(t, err, &input)
	require.Contains(t, input.Problem, "cannot be created")
	require.Contains(t, input.Fix, "--data")
}
