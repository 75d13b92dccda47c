package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// prelude makes the README's commands run the programs under test, on free ports. What cannot be run
// here says so: the test command runs this very test, and a machine may have neither Temporal's
// command line nor Docker.
const prelude = `
set -euo pipefail
go() {
  case "$1 ${2-}" in
  "run ./starter") shift 2; "$PROGRAMS/starter" "$@" ;;
  "run ./worker") shift 2; serve "$@" ;;
  "test ./...") echo "skipped: go test ./... runs this test" ;;
  *) echo "the README has a go command that no test runs: go $*"; exit 1 ;;
  esac
}
serve() {
  "$PROGRAMS/worker" "$@" --temporal-port "$TEMPORAL_PORT" --ui-port "$UI_PORT" >worker.out 2>worker.err &
  trap "kill $!; wait $!" EXIT
  until grep -q "worker ready" worker.out; do kill -0 $! || { cat worker.err; exit 1; }; sleep 0.1; done
}
temporal() {
  if type -P temporal >/dev/null; then command temporal "$@"; else echo "skipped: temporal $*"; fi
}
docker() {
  if type -P docker >/dev/null && command docker compose version >/dev/null 2>&1; then
    (cd "$REPOSITORY" && command docker "$@")
  else echo "skipped: docker $*"; fi
}
`

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	goBlock    = regexp.MustCompile("(?s)```go\n(.*?)```")
)

// Every command of the README is run, in its order and in one folder, as its reader would.
func TestEveryCommandOfTheReadmeRuns(t *testing.T) {
	t.Parallel()
	repository, err := filepath.Abs("../..")
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	require.NoError(t, err)
	blocks := shellBlock.FindAllSubmatch(readme, -1)
	require.Greater(t, len(blocks), 8)
	program := goBlock.FindSubmatch(readme)
	require.NotNil(t, program)

	dir := t.TempDir()
	main := filepath.Join(dir, "service", "main.go")
	require.NoError(t, os.MkdirAll(filepath.Dir(main), 0o755))
	require.NoError(t, os.WriteFile(main, program[1], 0o644))

	script := bytes.NewBufferString(prelude)
	for _, block := range blocks {
		if bytes.Contains(block[1], []byte("sequence/summer")) {
			// What the Go program and Temporal's command line talk to.
			script.WriteString("go run ./starter engage my-sequence/sequence.yaml my-sequence/contacts.csv --from owners --again --id summer --yes\n")
			script.WriteString("(cd \"$REPOSITORY\" && command go run " + strconv.Quote(main) + ")\n")
		}
		for line := range strings.Lines(string(block[1])) {
			script.WriteString("echo '$ " + strings.ReplaceAll(strings.TrimSpace(line), "'", "'\\''") + "'\n" + line)
		}
	}
	ports := freePorts(t, 2)
	bash := exec.Command("bash", "-c", script.String())
	bash.Dir = dir
	bash.Env = append(os.Environ(), "PROGRAMS="+folder, "REPOSITORY="+repository,
		"TEMPORAL_PORT="+strconv.Itoa(ports[0]), "UI_PORT="+strconv.Itoa(ports[1]),
		"TEMPORAL_ADDRESS=127.0.0.1:"+strconv.Itoa(ports[0]))
	out, err := bash.CombinedOutput()
	require.NoError(t, err, "%s", out)

	for _, said := range []string{
		"the ledger says the same", // demo, rehearse
		"Contacts   142 engaged",   // preview
		"426 messages in my-messages",
		"spring is paused", "spring is scheduled", "spring is cancelled",
		`{"planned":426`, // the Go program
	} {
		require.True(t, strings.Contains(string(out), said), "%q is not in what the commands printed:\n%s", said, out)
	}
}
