package scripted

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Bounds that only a broken worker reaches.
const (
	readyTimeout = 90 * time.Second
	stopTimeout  = 30 * time.Second
)

// server is a running worker.
type server struct {
	process *exec.Cmd
	stderr  bytes.Buffer
	rest    []byte     // of stdout, behind the first line; complete once it ended
	ended   chan error // its exit, once
}

// workers are the words that run one. A worker is stopped after its script, when only the test itself
// can still fail.
type workers struct{ t *testing.T }

// up runs `worker --embedded`, and returns when it is ready.
func (w workers) up(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: worker-up [ARG…]")
	}
	temporal, ui := port(ts), port(ts)
	w.start(ts, append([]string{"--embedded", "--temporal-port", temporal, "--ui-port", ui}, args...))
	ts.Setenv("TEMPORAL_PORT", temporal)
	ts.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:"+temporal)
	ts.Setenv("UI_PORT", ui)
}

// joins runs a worker on the server of $TEMPORAL_ADDRESS, and returns when it is ready.
func (w workers) joins(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: worker-joins [ARG…]")
	}
	w.start(ts, args)
}

// start runs a worker until the script ends, and returns when it is ready. What it says then is in
// the file ready.
func (w workers) start(ts *testscript.TestScript, args []string) {
	s := &server{ended: make(chan error, 1)}
	s.process = exec.Command("worker", args...)
	s.process.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TEMPORAL_ADDRESS", "DRIPLINE_TEAM", "DRIPLINE_LEDGER"} {
		s.process.Env = append(s.process.Env, name+"="+ts.Getenv(name))
	}
	s.process.Stderr = &s.stderr
	stdout, err := s.process.StdoutPipe()
	ts.Check(err)
	ts.Check(s.process.Start())
	ts.Defer(func() { s.stop(w.t) })

	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewReader(stdout)
		line, _ := lines.ReadString('\n')
		ready <- line
		s.rest, _ = io.ReadAll(lines)
		s.ended <- s.process.Wait()
	}()
	select {
	case line := <-ready:
		if !strings.HasPrefix(line, "worker ready: ") {
			<-s.ended
			s.ended <- nil
			ts.Fatalf("the worker said %q, and on stderr:\n%s", line, s.stderr.String())
		}
		write(ts, "ready", line)
	case <-time.After(readyTimeout):
		ts.Fatalf("the worker is not ready after %s", readyTimeout)
	}
}

// stop interrupts it; it has to end well, and to have said no more than that it was ready, with
// nothing on stderr.
func (s *server) stop(t *testing.T) {
	_ = s.process.Process.Signal(os.Interrupt) // an error: it has ended, which is seen below
	select {
	case err := <-s.ended:
		if err != nil || len(s.rest) > 0 || s.stderr.Len() > 0 {
			t.Errorf("the worker ended with %v, said %q, and on stderr:\n%s", err, s.rest, s.stderr.String())
		}
	case <-time.After(stopTimeout):
		_ = s.process.Process.Kill()
		t.Errorf("the worker does not end on an interrupt")
	}
}

// port is one that nobody listens on, and that the system gives nobody for a while: a connection that
// is closed from the listening side leaves it waiting.
func port(ts *testscript.TestScript) string {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	caller, err := net.Dial("tcp4", l.Addr().String())
	ts.Check(err)
	defer caller.Close()
	called, err := l.Accept()
	ts.Check(err)
	ts.Check(called.Close())
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: free-port NAME")
	}
	ts.Setenv(args[0], port(ts))
}

func listen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listen NAME")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}
