package roster

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

func TestColumns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		columns []string
		values  []string
	}{
		"comma":                    {"email,first_name,owner,step1.subject\na@b.test,Al,ann,Hi\n", []string{"first_name", "step1.subject"}, []string{"Al", "Hi"}},
		"semicolon":                {"first_name;email\nAl, really;a@b.test\n", []string{"first_name"}, []string{"Al, really"}},
		"semicolon in a quote":     {"\"a;b;c\",email\nx,a@b.test\n", []string{"a;b;c"}, []string{"x"}},
		"email alone":              {"email\na@b.test\n", []string{}, []string{}},
		"names in any case":        {" EMail ,First Name, Owner\na@b.test,Al,ann\n", []string{"First Name"}, []string{"Al"}},
		"byte order mark":          {"\ufeffemail,x\na@b.test,1\n", []string{"x"}, []string{"1"}},
		"mark before a quote":      {"\ufeff\"email\",x\na@b.test,1\n", []string{"x"}, []string{"1"}},
		"CR LF":                    {"email,x\r\na@b.test,1\r\n", []string{"x"}, []string{"1"}},
		"no last line end":         {"email,x\na@b.test,1", []string{"x"}, []string{"1"}},
		"blank lines":              {"\n  \nemail,x\n\n\t\na@b.test,1\n\n", []string{"x"}, []string{"1"}},
		"quotes":                   {"email,x\na@b.test,\"say \"\"hi\"\", Al\"\n", []string{"x"}, []string{`say "hi", Al`}},
		"quoted line breaks":       {"email,x\r\na@b.test,\"one\r\n\r\ntwo\"\r\n", []string{"x"}, []string{"one\n\ntwo"}},
		"values keep their blanks": {"email,x\n a@b.test , 1 \n", []string{"x"}, []string{" 1 "}},
		"empty quotes":             {"email,x\na@b.test,\"\"\n", []string{"x"}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, c.content)
			require.Equal(t, c.columns, f.Columns())
			kept, _ := screen(t, f, Options{})
			require.Len(t, kept, 1)
			require.Equal(t, "a@b.test", kept[0].Email)
			require.Equal(t, c.values, kept[0].Values)
		})
	}
}

func TestRowIsTheLineARecordStartsOn(t *testing.T) {
	t.Parallel()
	kept, summary := screen(t, open(t, "email,x\na@b.test,\"1\n2\n3\"\n\nb@b.test,\nnobody,\nc@b.test,\n"), Options{})
	rows := []int{}
	for _, c := range kept {
		rows = append(rows, c.Row)
	}
	require.Equal(t, []int{2, 6, 8}, rows)
	require.Equal(t, 7, summary.Held[0].Row)
}

func TestBadFilesAreRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, content string
		line          int
		problem, fix  string
	}{
		{"empty", "", 0, "the file is empty", "header line"},
		{"blank", "\n \n", 0, "the file is empty", ""},
		{"only a byte order mark", "\ufeff", 0, "the file is empty", ""},
		{"only a header", "email,x\n\n", 2, "a header and no contacts", ""},
		{"no email column", "mail,name\na@b.test,Al\n", 1, "no column is named email; the columns are mail, name", "name the column"},
		{"no header", "a@b.test,Al\nb@b.test,Bo\n", 1, "no column is named email", "write a header line above"},
		{"tabs", "email\tname\na@b.test\tAl\n", 1, "no column is named email", "not tabs"},
		{"a column twice", "email,name,Name\na@b.test,Al,Al\n", 1, "columns 2 and 3 are both named Name", "rename"},
		{"email twice", "email,Email \na@b.test,Al\n", 1, "columns 1 and 2 are both named Email", ""},
		{"a column without name", "email,,x\na@b.test,,1\n", 1, "column 2 has no name", ""},
		{"too few fields", "email,x,y\na@b.test,1,2\nb@b.test\n", 3, "the row has 1 field, the header 3", "quotes"},
		{"too many fields", "email,x\na@b.test,1\n\nb@b.test,1,2\n", 4, "the row has 3 fields, the header 2", ""},
		{"a quote inside", "email,x\na@b.test,1\nb@b.test,5\" pipe\n", 3, "a quote stands inside a field", "double the quotes"},
		{"text after a quote", "email,x\na@b.test,\"1\" \n", 2, "something follows the quote", ""},
		{"an open quote", "email,x\na@b.test,1\nb@b.test,\"2\nc@b.test,3\n", 3, "a quote is opened and not closed", ""},
		{"an open quote in the header", "email,\"x\na@b.test,1\n", 1, "a quote is opened and not closed", ""},
		{"Latin-1", "email,x\na@b.test,1\nb@b.test,Zo\xeb\n", 3, "not UTF-8", "CSV UTF-8"},
		{"Latin-1 in a quote", "email,x\na@b.test,\"1\nZo\xeb\"\n", 3, "not UTF-8", ""},
		{"UTF-16 with mark", "\xff\xfee\x00m\x00a\x00i\x00l\x00\n\x00", 1, "UTF-16", "CSV UTF-8"},
		{"UTF-16 big endian", "\xfe\xff\x00e\x00m", 1, "UTF-16", ""},
		{"UTF-16 without mark", "e\x00m\x00a\x00i\x00l\x00\n\x00", 1, "UTF-16", ""},
		{"NUL", "email,x\na@b.test,\x00\n", 2, "NUL byte", ""},
		{"a spreadsheet", "PK\x03\x04\x14\x00", 1, "spreadsheet", ""},
		{"carriage returns", "email,x\ra@b.test,1\r", 1, "a carriage return inside", ""},
		{"a line of 10 MB", "email,x\na@b.test," + strings.Repeat("x", 10<<20) + "\n", 2, "the line is longer than 1024 KiB", ""},
		{"a header of 10 MB", strings.Repeat("email,", 2<<20), 1, "the line is longer than 1024 KiB", ""},
		{"a quote open for 10 MB", "email,x\na@b.test,\"" + strings.Repeat("xxxxxxxxx\n", 1<<20), 2, "a quote is opened and not closed", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.content)
			f, err := Open(path)
			if err == nil {
				_, err = f.Screen(context.Background(), Options{From: fromAnn, Accounts: team.Accounts}, func([]drip.Contact) error { return nil })
			}
			requireInput(t, err, c.line, c.problem, c.fix)
			require.Contains(t, err.Error(), path)
		})
	}
}

func TestPathsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, err := Open(folder)
	requireInput(t, err, 0, "is a folder", "")
	_, err = Open(filepath.Join(folder, "none.csv"))
	requireInput(t, err, 0, "does not exist", "")
	_, err = Open(os.DevNull)
	requireInput(t, err, 0, "is not a regular file", "")
}

func TestAFileThatChangedIsRefused(t *testing.T) {
	t.Parallel()
	path := write(t, "email\na@b.test\n")
	f, err := Open(path)
	require.NoError(t, err)
	later := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(path, later, later))
	_, err = f.Screen(context.Background(), Options{From: fromAnn, Accounts: team.Accounts}, nil)
	requireInput(t, err, 0, "the file has changed", "again")
}
