// Package example has the files a new user begins with: a team of three accounts that differ, a
// sequence of three steps, and 150 contacts, some of whom are to be held.
package example

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dripline/dripline/internal/drip"
)

//go:embed team.yaml sequence.yaml contacts.csv
var files embed.FS

// Names of the files.
const (
	Team     = "team.yaml"
	Sequence = "sequence.yaml"
	Contacts = "contacts.csv"
)

// BlockedDomain is a domain of the contacts that the demo puts on the blocklist.
const BlockedDomain = "rival.test"

// Write writes the files into a folder, which is made if need be. It never writes over a file, and
// where one is in the way it writes none.
func Write(dir string) ([]string, error) {
	names := []string{Team, Sequence, Contacts}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return nil, &drip.InputError{File: path, Problem: "the file is there already",
				Fix: "choose another folder, or move the file away"}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &drip.InputError{File: dir, Problem: "the folder cannot be made", Fix: "choose another folder"}
	}
	paths := make([]string, len(names))
	for i, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read example %s: %w", name, err)
		}
		paths[i] = filepath.Join(dir, name)
		if err := writeNew(paths[i], data); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), f.Close())
	}
	return f.Close()
}
