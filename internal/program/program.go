// Package program is what Dripline's two command lines share: the world that is handed to them, and
// the way they end. Nothing below a main reads the arguments, the environment, the clock or the
// terminal by itself.
package program

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/show"
)

// World is everything outside of a program.
type World struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer // data
	Stderr io.Writer // talk
	Env    Env
	Now    func() time.Time
	// Terminal says that Stdin is a person who can be asked; OutStyle and ErrStyle how Stdout and
	// Stderr want to be written to.
	Terminal           bool
	OutStyle, ErrStyle show.Style
}

// Env looks variables up. It is what Temporal's environment configuration wants, too.
type Env interface {
	Environ() []string
	LookupEnv(key string) (string, bool)
}

// Get is a variable's value, or the other where it is not set or empty.
func Get(env Env, key, other string) string {
	if value, ok := env.LookupEnv(key); ok && value != "" {
		return value
	}
	return other
}

type processEnv struct{}

func (processEnv) Environ() []string                   { return os.Environ() }
func (processEnv) LookupEnv(key string) (string, bool) { return os.LookupEnv(key) }

// Process is the world of this process.
func Process() World {
	env := processEnv{}
	return World{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: env, Now: time.Now,
		Terminal: term.IsTerminal(int(os.Stdin.Fd())),
		OutStyle: style(env, os.Stdout), ErrStyle: style(env, os.Stderr),
	}
}

// style is plain unless the file is a terminal; NO_COLOR (https://no-color.org) keeps colour off it.
func style(env Env, f *os.File) show.Style {
	width, terminal := show.Terminal(f)
	return show.Style{
		Width: width,
		Color: terminal && Get(env, "NO_COLOR", "") == "" && Get(env, "TERM", "") != "dumb",
	}
}

// Exit statuses.
const (
	Done   = 0
	Failed = 1
	Usage  = 2 // wrong usage or input; nothing was started
)

// Status is the exit status that an error means.
func Status(err error) int {
	var input *drip.InputError
	switch {
	case err == nil:
		return Done
	case errors.As(err, &input):
		return Usage
	}
	return Failed
}
