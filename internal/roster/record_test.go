package roster

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/drip"
)

// readAll reads every record; the strings must stay as they are while others are read.
func readAll(content string) (records [][]string, lines []int, err error) {
	r := newRecordReader("contacts.csv", strings.NewReader(content))
	for {
		fields, line, err := r.next()
		if errors.Is(err, io.EOF) {
			return records, lines, nil
		}
		if err != nil {
			return nil, nil, err
		}
		records, lines = append(records, append([]string(nil), fields...)), append(lines, line)
	}
}

// Whatever encoding/csv writes is read back as it was.
func TestRecordsRoundTrip(t *testing.T) {
	t.Parallel()
	field := rapid.StringMatching(`[a-z ,;"\n€]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 5).Draw(t, "width")
		records := rapid.SliceOfN(rapid.SliceOfN(field, width, width), 1, 20).Draw(t, "records")
		for i := range records[0] {
			records[0][i] = strings.Repeat("x", i+1) // a header that shows its separator
		}
		comma := rapid.SampledFrom([]rune{',', ';'}).Draw(t, "comma")
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.Comma, w.UseCRLF = comma, rapid.Bool().Draw(t, "crlf")
		if err := w.WriteAll(records); err != nil {
			t.Fatal(err)
		}
		got, _, err := readAll(b.String())
		require.NoError(t, err)
		require.Equal(t, records, got)
	})
}

func TestLongLinesWithinTheLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxRecord-2)
	records, lines, err := readAll("a,b\n" + long + ",\n1,2\n")
	require.NoError(t, err)
	require.Equal(t, [][]string{{"a", "b"}, {long, ""}, {"1", "2"}}, records)
	require.Equal(t, []int{1, 2, 3}, lines)
}

// failing is a disk that breaks after some bytes.
type failing struct{ io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("input/output error")
	}
	return n, err
}

func TestABrokenDiskIsNotTheUsersFault(t *testing.T) {
	t.Parallel()
	r := newRecordReader("contacts.csv", failing{strings.NewReader("a,b\n1")})
	_, _, err := r.next()
	require.NoError(t, err)
	_, _, err = r.next()
	require.EqualError(t, err, "reading contacts.csv: input/output error")
	var input *drip.InputError
	require.NotErrorAs(t, err, &input)
}

// Whatever the bytes: an InputError with a line of the file, or what encoding/csv reads of them too.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"email,x\na@b.test,1\n", "email;x\r\na@b.test;\"1\r\n\"\"2\"\r\n", "\ufeff\"email\",x\n\n\"\",\n", "a\"b\n", "\"a", "\"a\"b", "a\rb", "\xff\xfe", "a,\"b\n\n\nc\",\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, lines, err := readAll(string(data))
		if err != nil {
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.NotEmpty(t, input.Fix)
			require.GreaterOrEqual(t, input.Line, 1)
			require.LessOrEqual(t, input.Line, strings.Count(string(data), "\n")+1)
			return
		}
		for i, line := range lines {
			require.True(t, i == 0 || line > lines[i-1])
		}
		if !hasLineOfBlanks(string(data)) { // skipped here, a field of blanks to encoding/csv
			require.Equal(t, reference(t, string(data)), got)
		}
	})
}

func hasLineOfBlanks(content string) bool {
	for line := range strings.SplitSeq(strings.TrimPrefix(content, "\ufeff"), "\n") {
		if line = strings.TrimSuffix(line, "\r"); line != "" && strings.TrimSpace(line) == "" {
			return true
		}
	}
	return false
}

// reference reads what is known to be good CSV with encoding/csv.
func reference(t *testing.T, content string) [][]string {
	t.Helper()
	content = strings.TrimPrefix(content, "\ufeff")
	r := csv.NewReader(strings.NewReader(content))
	r.FieldsPerRecord = -1
	for line := range strings.SplitSeq(content, "\n") {
		if strings.TrimSpace(line) != "" {
			r.Comma = rune(detectComma([]byte(strings.TrimSuffix(line, "\r"))))
			break
		}
	}
	records, err := r.ReadAll()
	require.NoError(t, err)
	return records
}
