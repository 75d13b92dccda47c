// Package scripted has the words that the testscript files of the two command lines have in common,
// beside testscript's own. Only tests import it.
//
//	status N PROGRAM ARG…         runs it; its exit status must be N
//	refused PROGRAM ARG…          runs it; the exit status must be 2, stdout empty, and stderr one
//	                              line of error and one of how to mend it, nothing else
//	within DURATION refused …     the same, in time
//	failed PROGRAM ARG…           runs it; the exit status must be 1, stdout empty, stderr one line
//	[!] json FILE PATH WANT…      what stands at a path of a JSON file (see lookup), as text
//	[!] jsonsame FILE PATH FILE PATH  the same stands at both
//	contacts N FILE [OWNER…]      writes N contacts, owned by the owners in turn
//	repeat N TEXT FILE            writes a text N times
//	latin1 FILE                   makes a UTF-8 file Latin-1
//	newer-ledger FILE             makes a ledger look as if a newer version had written it
//	worker-up [ARG…]              runs `worker --embedded` on free ports until the script ends, waits
//	                              until it is ready, and sets TEMPORAL_ADDRESS, TEMPORAL_PORT, UI_PORT;
//	                              what it says then is in the file ready
//	worker-joins [ARG…]           runs a worker on the server of TEMPORAL_ADDRESS, likewise
//	free-port NAME                sets a variable to a port nobody listens on
//	listen NAME                   listens on a port until the script ends, and sets a variable to it
package scripted

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the driver of newer-ledger
)

type words = map[string]func(ts *testscript.TestScript, neg bool, args []string)

// Run runs every script of a folder, in parallel.
func Run(t *testing.T, dir string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     testing.Verbose(),
		Setup:               setup,
		Cmds: words{
			"status": status, "refused": refused, "failed": failed, "within": within,
			"json": jsonIs, "jsonsame": jsonSame,
			"contacts": contacts, "repeat": repeat, "latin1": latin1,
			"newer-ledger": newerLedger,
			"worker-up":    workers{t}.up, "worker-joins": workers{t}.joins, "free-port": freePort, "listen": listen,
		},
	})
}

// setup keeps what is set where the tests run out of the scripts, and lets a script have its home.
func setup(e *testscript.Env) error {
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("XDG_CONFIG_HOME", e.WorkDir)
	e.Setenv("NO_COLOR", "1")
	return nil
}

// status runs a program and holds its exit status against a number.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	runFor(ts, want, args[1:])
}

func runFor(ts *testscript.TestScript, want int, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

var (
	refusal = regexp.MustCompile(`\Aerror: [^\n]+\nfix: [^\n]+\n\z`)
	failure = regexp.MustCompile(`\Aerror: [^\n]+\n\z`)
	// noise is what no message to a person has.
	noise = regexp.MustCompile(`goroutine |panic|\.go:\d|Usage:|%!|<nil>|rpc error|0x[0-9a-f]{6}|\bexit status\b`)
)

func refused(ts *testscript.TestScript, neg bool, args []string) {
	ends(ts, neg, args, 2, refusal, "one line of error and one of fix")
}

func within(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || args[1] != "refused" {
		ts.Fatalf("usage: within DURATION refused PROGRAM ARG…")
	}
	most, err := time.ParseDuration(args[0])
	ts.Check(err)
	began := time.Now()
	refused(ts, false, args[2:])
	if took := time.Since(began); took > most {
		ts.Fatalf("it took %s", took)
	}
}

func failed(ts *testscript.TestScript, neg bool, args []string) {
	ends(ts, neg, args, 1, failure, "one line of error")
}

func ends(ts *testscript.TestScript, neg bool, args []string, want int, message *regexp.Regexp, described string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: refused|failed PROGRAM ARG…")
	}
	runFor(ts, want, args)
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout is not empty")
	}
	said := ts.ReadFile("stderr")
	if !message.MatchString(said) {
		ts.Fatalf("stderr is not %s", described)
	}
	if found := noise.FindString(said); found != "" {
		ts.Fatalf("stderr has noise: %q", found)
	}
}

// contacts writes a contacts file: c0001@people.test and so on.
func contacts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: contacts N FILE [OWNER…]")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b strings.Builder
	b.WriteString("email,first_name,owner\n")
	for i := range n {
		owner := ""
		if owners := args[2:]; len(owners) > 0 {
			owner = owners[i%len(owners)]
		}
		fmt.Fprintf(&b, "c%04d@people.test,Name%d,%s\n", i+1, i+1, owner)
	}
	write(ts, args[1], b.String())
}

func repeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: repeat N TEXT FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	write(ts, args[2], strings.Repeat(args[1], n))
}

func latin1(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: latin1 FILE")
	}
	var b []byte
	for _, r := range ts.ReadFile(args[0]) {
		b = append(b, byte(r))
	}
	write(ts, args[0], string(b))
}

func newerLedger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newer-ledger FILE")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)")
	ts.Check(err)
	ts.Check(db.Close())
}

func write(ts *testscript.TestScript, name, text string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
}
