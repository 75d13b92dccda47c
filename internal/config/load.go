package config

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/dripline/dripline/internal/drip"
)

// readFile reads a file that a person named, and no more of it than a file may have.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &drip.InputError{File: path, Problem: "is a folder", Fix: "name a file in it"}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, openError(path, err)
	}
	return data, nil
}

func openError(path string, err error) *drip.InputError {
	e := &drip.InputError{File: path, Problem: "cannot be read", Fix: "check the path and its permissions"}
	var cause *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Problem, e.Fix = "does not exist", "check the path, or write example files with: starter init DIR"
	case errors.Is(err, fs.ErrPermission):
		e.Problem, e.Fix = "may not be read by this user", "change its permissions"
	case errors.As(err, &cause):
		e.Problem += ": " + cause.Err.Error()
	}
	return e
}
