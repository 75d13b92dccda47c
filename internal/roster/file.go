package roster

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// File is a contacts file whose header has been read. Nothing is kept open.
type File struct {
	path     string
	size     int64
	modified time.Time
	header   header
	batch    int // rows that are judged together
}

// rowsPerBatch is how many rows are judged, and at most handed on, at once.
const rowsPerBatch = 5000

// header says where the fields of a row go.
type header struct {
	names  []string // as in the file, trimmed
	email  int
	owner  int   // -1 if there is none
	values []int // the fields that are values, in the order of columns
}

// Open reads the header of a contacts file, and makes sure that a contact follows.
func Open(path string) (*File, error) {
	in, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	r := newRecordReader(path, in)
	h, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	if _, _, err := r.next(); errors.Is(err, io.EOF) {
		return nil, r.problem(r.line, "write one line for each contact below the header", "the file has a header and no contacts")
	} else if err != nil {
		return nil, err
	}
	return &File{path: path, size: info.Size(), modified: info.ModTime(), header: h, batch: rowsPerBatch}, nil
}

// Columns are the names of the contacts' Values: every column but email and owner, in the order of
// the file.
func (f *File) Columns() []string {
	names := make([]string, len(f.header.values))
	for i, at := range f.header.values {
		names[i] = f.header.names[at]
	}
	return names
}

// reopen begins a pass: the reader stands behind the header. A file that is no longer the one that was
// opened is refused, because what was shown of it would not be what happens.
func (f *File) reopen() (*os.File, *recordReader, error) {
	in, info, err := openRegular(f.path)
	if err != nil {
		return nil, nil, err
	}
	r := newRecordReader(f.path, in)
	h, err := readHeader(r)
	if err == nil && (info.Size() != f.size || !info.ModTime().Equal(f.modified) || !slices.Equal(h.names, f.header.names)) {
		err = r.problem(0, "run the command again", "the file has changed while it was in use")
	}
	if err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, r, nil
}

// openRegular opens a file that can be read more than once.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, openError(path, err)
	}
	switch {
	case info.IsDir():
		return nil, nil, &drip.InputError{File: path, Problem: "is a folder", Fix: "name a CSV file in it"}
	case !info.Mode().IsRegular():
		return nil, nil, &drip.InputError{File: path, Problem: "is not a regular file", Fix: "write the contacts to a file first: it is read more than once"}
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, nil, openError(path, err)
	}
	return in, info, nil
}

func openError(path string, err error) error {
	e := &drip.InputError{File: path, Problem: "cannot be read", Fix: "check the path and its permissions"}
	var cause *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Problem = "does not exist"
	case errors.Is(err, fs.ErrPermission):
		e.Problem = "may not be read by this user"
	case errors.As(err, &cause):
		e.Problem += ": " + cause.Err.Error()
	}
	return e
}

// readHeader reads the first record, which names the columns.
func readHeader(r *recordReader) (header, error) {
	h := header{email: -1, owner: -1}
	fields, line, err := r.next()
	if errors.Is(err, io.EOF) {
		return h, r.problem(0, "write a header line with email and the names of your variables, then one line for each contact", "the file is empty")
	}
	if err != nil {
		return h, err
	}
	seen := map[string]int{}
	for i, field := range fields {
		name := strings.TrimSpace(field)
		folded := strings.ToLower(name)
		if name == "" {
			return h, r.problem(line, "name the column in the header, or delete it", "column %d has no name", i+1)
		}
		if first, twice := seen[folded]; twice {
			return h, r.problem(line, "rename one of them, or delete it", "columns %d and %d are both named %s", first, i+1, shown(name))
		}
		seen[folded] = i + 1
		h.names = append(h.names, name)
		switch folded {
		case "email":
			h.email = i
		case "owner":
			h.owner = i
		default:
			h.values = append(h.values, i)
		}
	}
	if h.email < 0 {
		return h, r.problem(line, noEmailFix(fields), "no column is named email; the columns are %s", shown(strings.Join(h.names, ", ")))
	}
	return h, nil
}

func noEmailFix(fields []string) string {
	switch {
	case strings.Contains(fields[0], "\t"):
		return "save the file with commas or semicolons between the columns, not tabs"
	case slices.ContainsFunc(fields, func(s string) bool { return strings.Contains(s, "@") }):
		return "write a header line above the contacts, with email over the addresses"
	}
	return "name the column with the addresses email"
}

// contact makes a contact of a record.
func (h header) contact(r *recordReader, fields []string, line int, values []string) (drip.Contact, error) {
	if len(fields) != len(h.names) {
		return drip.Contact{}, r.problem(line, "put fields that hold a separator or a line break in quotes, and give every row all columns",
			"the row has %s, the header %d", count(len(fields), "field"), len(h.names))
	}
	c := drip.Contact{Row: line, Email: strings.TrimSpace(fields[h.email]), Values: values}
	if h.owner >= 0 {
		c.Owner = strings.TrimSpace(fields[h.owner])
	}
	for i, at := range h.values {
		values[i] = fields[at]
	}
	return c, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// shown is text of the file as an error repeats it: short, and on one line.
func shown(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return text
}
