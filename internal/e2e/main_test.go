package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// folder has what all tests share: the programs and the zones.
var folder string

func starterProgram() string { return filepath.Join(folder, "starter") }
func workerProgram() string  { return filepath.Join(folder, "worker") }

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(hostFolder); ok {
		fmt.Fprintln(os.Stderr, host(context.Background(), dir))
		os.Exit(1)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("end-to-end tests take minutes: none with -short")
		return 0, nil
	}
	// The tests wait for slots most of the time: more of them fit at once than there are cores.
	if err := flag.Set("test.parallel", "16"); err != nil {
		return 1, err
	}
	if folder, err = os.MkdirTemp("", "dripline-e2e-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := writeZones(filepath.Join(folder, zoneFolder)); err != nil {
		return 1, err
	}
	build := exec.Command("go", "build", "-o", folder, "../../starter", "../../worker")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return m.Run(), nil
}
