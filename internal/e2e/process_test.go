package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a program that runs beside the test.
type process struct {
	cmd   *exec.Cmd
	out   *transcript
	ended chan struct{} // closed when it has ended, and err is set
	err   error
}

// launch starts a program. It is killed at the end of the test, if it still runs then.
func launch(t testing.TB, env []string, name string, args ...string) *process {
	t.Helper()
	p, _ := launchData(t, env, name, args...)
	return p
}

// launchData is launch for a program that prints data: its standard output is kept apart, too.
func launchData(t testing.TB, env []string, name string, args ...string) (*process, *transcript) {
	t.Helper()
	data := newTranscript()
	p := &process{cmd: exec.Command(name, args...), out: newTranscript(), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, io.MultiWriter(data, p.out), p.out
	require.NoError(t, p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s printed:\n%s", filepath.Base(name), strings.Join(args, " "), p.out)
		}
	})
	return p, data
}

// await returns when the program has printed the text.
func (p *process) await(t testing.TB, text string) {
	t.Helper()
	const patience = time.Minute
	timeout := time.After(patience)
	for {
		said, more := p.out.read()
		if strings.Contains(said, text) {
			return
		}
		select {
		case <-more:
		case <-p.ended:
			t.Fatalf("%s ended (%v) and said: %s", filepath.Base(p.cmd.Path), p.err, p.out)
		case <-timeout:
			t.Fatalf("%s did not say %q within %s: %s", filepath.Base(p.cmd.Path), text, patience, said)
		}
	}
}

// kill is kill -9. It returns when nothing of the program is left.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails only where it has ended
	<-p.ended
}

// terminate is what an init system does, and says how long the program took to end.
func (p *process) terminate(t testing.TB) time.Duration {
	t.Helper()
	began := time.Now()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Fatal("the program does not end")
	}
	require.NoError(t, p.err, "the exit status")
	return time.Since(began)
}

// status is the exit status of a program that has ended.
func (p *process) status(t testing.TB) int {
	t.Helper()
	<-p.ended
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) {
		require.NoError(t, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// transcript is all that a program printed so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed, and made anew, with every write
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	close(tr.more)
	tr.more = make(chan struct{})
	return tr.text.Write(p)
}

func (tr *transcript) read() (string, <-chan struct{}) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String(), tr.more
}

func (tr *transcript) String() string {
	text, _ := tr.read()
	return text
}

// environment is a bare one: nothing of the machine's own settings gets into the programs.
func environment(home string, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"ZONEINFO=" + filepath.Join(folder, zoneFolder),
	}, more...)
}

// freePorts are ports that nobody listens on.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// eventually polls what cannot be waited for. why says what is not so yet; empty is success.
func eventually(t testing.TB, within time.Duration, check func() (why string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		why := check()
		if why == "" {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", within, why)
		}
	}
}
