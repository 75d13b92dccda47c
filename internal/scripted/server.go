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
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Bounds that only a broken worker reaches.
const (
	readyTimeout = 90 * time.Second
	stopTimeout  = 30 * time.Second
)

// server is a running `worker --embedded`.
type server struct {
	process *exec.Cmd
	stderr  bytes.Buffer
	rest    []byte     // of stdout, behind the first line; complete once it ended
	ended   chan error // its exit, once
}

// workerUp runs the worker, and returns when it is ready. What it says then is in $WORKER_READY.
func workerUp(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: worker-up [ARG…]")
	}
	ports := []string{port(ts), port(ts)}
	s := &server{ended: make(chan error, 1)}
	s.process = exec.Command("worker", append([]string{"--embedded", "--temporal-port", ports[0], "--ui-port", ports[1]}, args...)...)
	s.process.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "DRIPLINE_TEAM", "DRIPLINE_LEDGER"} {
		s.process.Env = append(s.process.Env, name+"="+ts.Getenv(name))
	}
	s.process.Stderr = &s.stderr
	stdout, err := s.process.StdoutPipe()
	ts.Check(err)
	ts.Check(s.process.Start())
	ts.Defer(func() { s.stop(ts) })

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
		ts.Setenv("WORKER_READY", strings.TrimSpace(line))
	case <-time.After(readyTimeout):
		ts.Fatalf("the worker is not ready after %s", readyTimeout)
	}
	ts.Setenv("TEMPORAL_PORT", ports[0])
	ts.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:"+ports[0])
	ts.Setenv("UI_PORT", ports[1])
}

// stop interrupts it; it has to end well, and to have said no more than that it was ready.
func (s *server) stop(ts *testscript.TestScript) {
	_ = s.process.Process.Signal(os.Interrupt) // an error: it has ended, which is seen below
	select {
	case err := <-s.ended:
		if err != nil || len(s.rest) > 0 {
			ts.Fatalf("the worker ended with %v, said %q, and on stderr:\n%s", err, s.rest, s.stderr.String())
		}
	case <-time.After(stopTimeout):
		_ = s.process.Process.Kill()
		ts.Fatalf("the worker does not end on an interrupt")
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
