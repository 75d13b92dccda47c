package roster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/dripline/dripline/internal/drip"
)

// maxRecord bounds a line, and a record with its quoted line breaks. A quote that is never closed
// would otherwise take the rest of the file into memory.
const maxRecord = 1 << 20

// recordReader reads CSV (RFC 4180) record by record. It is strict: a quote out of place is an error,
// since guessing would shift fields into each other's columns. A byte order mark is skipped, CR LF
// is read as LF everywhere, wholly blank lines are skipped.
type recordReader struct {
	name   string // of the file, for errors
	in     *bufio.Reader
	comma  byte   // between fields; 0 until the first line has shown which
	line   int    // number of the last line read
	text   []byte // the last line, without its line end; valid until the next is read
	fields []string
	record []byte // content of the fields so far, without quotes
	ends   []int  // where each field ends in record
}

func newRecordReader(name string, in io.Reader) *recordReader {
	return &recordReader{name: name, in: bufio.NewReaderSize(in, 64<<10)}
}

// next is the next record and the line it starts on; io.EOF after the last. The slice is valid until
// the next call, the strings in it for good.
func (r *recordReader) next() (fields []string, line int, err error) {
	for {
		if err := r.readLine(); err != nil {
			return nil, 0, err
		}
		if len(bytes.TrimSpace(r.text)) > 0 {
			break
		}
	}
	line = r.line
	if r.comma == 0 {
		r.comma = detectComma(r.text)
	}
	r.record, r.ends = r.record[:0], r.ends[:0]
	if err := r.readFields(line); err != nil {
		return nil, 0, err
	}
	// One string for the whole record; the fields share it.
	all, from := string(r.record), 0
	r.fields = r.fields[:0]
	for _, to := range r.ends {
		r.fields = append(r.fields, all[from:to])
		from = to
	}
	return r.fields, line, nil
}

// readFields takes the record that begins on the last line read apart.
func (r *recordReader) readFields(start int) error {
	rest, more := r.text, true
	for more {
		var err error
		if len(rest) > 0 && rest[0] == '"' {
			rest, more, err = r.quoted(rest[1:], start)
		} else {
			rest, more, err = r.bare(rest)
		}
		if err != nil {
			return err
		}
		r.ends = append(r.ends, len(r.record))
	}
	return nil
}

// bare reads a field without quotes; more says that another follows.
func (r *recordReader) bare(text []byte) (rest []byte, more bool, err error) {
	field := text
	if i := bytes.IndexByte(text, r.comma); i >= 0 {
		field, rest, more = text[:i], text[i+1:], true
	}
	if bytes.IndexByte(field, '"') >= 0 {
		return nil, false, r.problem(r.line, `put the whole field in quotes and double the quotes in it: "5"" pipe"`,
			"a quote stands inside a field that does not begin with one")
	}
	r.record = append(r.record, field...)
	return rest, more, nil
}

// quoted reads a field from behind its opening quote, over as many lines as it has.
func (r *recordReader) quoted(text []byte, start int) (rest []byte, more bool, err error) {
	opened := r.line
	for {
		i := bytes.IndexByte(text, '"')
		switch {
		case i < 0:
			r.record = append(append(r.record, text...), '\n')
			if len(r.record) > maxRecord {
				return nil, false, r.unclosed(opened)
			}
			if err := r.readLine(); errors.Is(err, io.EOF) {
				return nil, false, r.unclosed(opened)
			} else if err != nil {
				return nil, false, err
			}
			text = r.text
		case i+1 < len(text) && text[i+1] == '"':
			r.record = append(r.record, text[:i+1]...)
			text = text[i+2:]
		case i+1 == len(text):
			r.record = append(r.record, text[:i]...)
			return nil, false, nil
		case text[i+1] == r.comma:
			r.record = append(r.record, text[:i]...)
			return text[i+2:], true, nil
		default:
			return nil, false, r.problem(r.line, `double a quote that belongs to the text: "the ""best"" pipe"`,
				"something follows the quote that closes a field (the record starts on line %d)", start)
		}
	}
}

func (r *recordReader) unclosed(opened int) error {
	return r.problem(opened, "close the quote, and double every quote that belongs to the text",
		"a quote is opened and not closed before the end of the file or %d KiB", maxRecord>>10)
}

// readLine reads one line into text and judges its encoding. io.EOF if there is none.
func (r *recordReader) readLine() error {
	text, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		text, err = r.readLongLine(text)
	}
	if len(text) == 0 && errors.Is(err, io.EOF) {
		return io.EOF
	}
	r.line++
	if err != nil && !errors.Is(err, io.EOF) {
		var input *drip.InputError
		if errors.As(err, &input) {
			return err
		}
		return fmt.Errorf("reading %s: %w", r.name, err)
	}
	text = bytes.TrimSuffix(text, []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	if r.line == 1 {
		if err := r.checkStart(text); err != nil {
			return err
		}
		text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	r.text = text
	return r.checkLine(text)
}

// readLongLine reads a line that is longer than the buffer, up to maxRecord.
func (r *recordReader) readLongLine(begin []byte) ([]byte, error) {
	long := bytes.Clone(begin)
	for {
		text, err := r.in.ReadSlice('\n')
		if len(long)+len(text) > maxRecord {
			return long, r.problem(r.line+1, "check that it is a CSV file; a line holds one contact", "the line is longer than %d KiB", maxRecord>>10)
		}
		long = append(long, text...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return long, err
		}
	}
}

const saveAsUTF8 = "save the file as CSV UTF-8"

// checkStart recognises what begins like another kind of file.
func (r *recordReader) checkStart(text []byte) error {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")),
		len(text) > 1 && (text[0] == 0) != (text[1] == 0):
		return r.problem(1, saveAsUTF8, "the file is UTF-16, not UTF-8")
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return r.problem(1, "open it in the spreadsheet and save it as CSV UTF-8", "the file is a spreadsheet or an archive, not CSV")
	}
	return nil
}

func (r *recordReader) checkLine(text []byte) error {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return r.problem(r.line, saveAsUTF8, "the line has a NUL byte; the file is not text")
	}
	if !utf8.Valid(text) {
		return r.problem(r.line, saveAsUTF8, "the line is not UTF-8 (it may be Latin-1 or Windows-1252)")
	}
	if i := bytes.IndexByte(text, '\r'); i >= 0 {
		return r.problem(r.line, "save the file with LF or CR LF at the ends of lines", "the line has a carriage return inside")
	}
	return nil
}

func (r *recordReader) problem(line int, fix, format string, args ...any) error {
	return &drip.InputError{File: r.name, Line: line, Problem: fmt.Sprintf(format, args...), Fix: fix}
}

// detectComma tells commas from semicolons by the header line: whichever separates more.
func detectComma(header []byte) byte {
	commas, semicolons, inQuotes := 0, 0, false
	for _, c := range header {
		switch {
		case c == '"':
			inQuotes = !inQuotes
		case inQuotes:
		case c == ',':
			commas++
		case c == ';':
			semicolons++
		}
	}
	if semicolons > commas {
		return ';'
	}
	return ','
}
