package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// lockName is the file whose lock says that a process uses the folder. The system lets go of the
// lock when the process ends, however it ends; the file stays, and nothing depends on its content.
const lockName = "temporal.lock"

var errLocked = errors.New("locked by another process")

// lockFolder creates the folder if need be and takes it for this process. The folder is freed when
// the file is closed.
func lockFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &drip.InputError{
			File:    dir,
			Problem: fmt.Sprintf("the data folder cannot be created: %v", err),
			Fix:     "choose a folder that can be written with --data",
		}
	}
	name := filepath.Join(dir, lockName)
	f, err := openLocked(name)
	switch {
	case errors.Is(err, errLocked):
		return nil, &drip.InputError{
			File:    dir,
			Problem: "the data folder is in use by another worker" + holder(name),
			Fix:     "stop that worker, or choose another folder with --data",
		}
	case err != nil:
		return nil, &drip.InputError{
			File:    dir,
			Problem: fmt.Sprintf("the data folder cannot be locked: %v", err),
			Fix:     "choose a folder that can be written with --data",
		}
	}
	// The number only makes the message above better, so a failure to write it changes nothing.
	if f.Truncate(0) == nil {
		_, _ = f.WriteString(strconv.Itoa(os.Getpid()))
	}
	return f, nil
}

// holder names the process that has the lock, if it left its number.
func holder(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}
