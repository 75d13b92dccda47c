package smtp

import (
	"bufio"
	"encoding/base64"
	"io"
	"net/textproto"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

func TestAnswersAreDiscreet(t *testing.T) {
	t.Parallel()
	d := discretion{}.
		withLogin(drip.SMTP{Username: "ann-login"}, "hunter22").
		withEnvelope(Envelope{From: "ann.lee@acme.test", To: "Jane.Doe@example.test"})
	tests := []struct{ name, code, text, want string }{
		{"an address", "550", "5.1.1 <jane.doe@example.test>: no such user", "550 5.1.1 <address>: no such user"},
		{"without brackets", "550", "no user jane.doe@example.test here", "550 no user <address> here"},
		{"a quoted one", "550", `no "jane doe"@example.test here`, "550 no <address> here"},
		{"any other", "550", "x+y=z@[127.0.0.1] is bad", "550 <address> is bad"},
		{"the local part alone", "550", "5.1.1 user JANE.DOE unknown", "550 5.1.1 user <address> unknown"},
		{"but not within a word", "550", "jane.doesnot", "550 jane.doesnot"},
		{"the password", "535", "hunter22 is wrong", "535 <secret> is wrong"},
		{"the password, encoded", "535", base64.StdEncoding.EncodeToString([]byte("hunter22")), "535 <secret>"},
		{"the user name", "535", "ann-login who", "535 <secret> who"},
		{"several lines", "550", "5.7.1 no,\n5.7.1 and\n no", "550 5.7.1 no, and no"},
		{"control characters", "550", "no\x1b[31m\x00\tred", "550 no [31m red"},
		{"no text", "550", "", "550"},
		{"not UTF-8", "550", "caf\xe9 au lait", "550 caf au lait"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code := int(tt.code[0]-'0')*100 + int(tt.code[1]-'0')*10 + int(tt.code[2]-'0')
			require.Equal(t, tt.want, d.answer(newReply(code, tt.text)))
		})
	}
	require.Len(t, []rune(d.answer(newReply(550, strings.Repeat("ü", 500)))), 200)
}

func TestStatusIsReadStrictly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code         int
		text, status string
	}{
		{550, "5.1.1 no", "5.1.1"},
		{550, "5.1.1", "5.1.1"},
		{550, "5.7.509\nmore", "5.7.509"},
		{550, "4.1.1 of another class", ""},
		{550, "5.1", ""},
		{550, "5.1.1no", ""},
		{550, "5.1.1.1 no", ""},
		{550, "no 5.1.1", ""},
		{550, "5.1234.1 no", ""},
		{421, "", ""},
	}
	for _, tt := range tests {
		require.Equal(t, tt.status, newReply(tt.code, tt.text).status, "%d %q", tt.code, tt.text)
	}
}

func FuzzAnswersAreDiscreet(f *testing.F) {
	f.Add("5.1.1 <jane@example.test> \"a b\"@c hunter22", "hunter22", "jane@example.test")
	f.Add("a@b\r\nc@d \x00 \xff@", "x", "@")
	f.Add("no \xff00", "0", "\xff00@")
	f.Add("0ٸ", "\xb8", "0")
	f.Add("İ@ı İstanbul", "s3cr3t", "istanbul@example.test")
	f.Fuzz(func(t *testing.T, text, secret, to string) {
		d := discretion{}.withLogin(drip.SMTP{Username: "u"}, secret).withEnvelope(Envelope{To: to})
		got := d.answer(newReply(550, text))
		require.NotContains(t, got, "@")
		require.True(t, utf8.ValidString(got))
		require.LessOrEqual(t, utf8.RuneCountInString(got), longest)
		require.False(t, strings.ContainsFunc(got, unicode.IsControl))
		require.NotContains(t, got, "\u2028")
		// A secret that is part of what stands in its place proves nothing.
		if plain(secret) && len(secret) >= 4 && !strings.Contains("550 "+anAddress+aSecret, secret) {
			require.NotContains(t, got, secret)
		}
	})
}

func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 || !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Whatever a server says: an answer is made of whole lines, and never of the rest of one.
func FuzzAnswersAreWholeLines(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "250", "250\r\n", "250-a\r\n250 b", "25", "\n\n", "250 a\n", "550-a\r\n", "+25 x\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		text := textproto.NewReader(bufio.NewReader(&wholeLines{from: bufio.NewReader(strings.NewReader(said))}))
		code, _, err := text.ReadResponse(2)
		whole := said[:strings.LastIndexByte(said, '\n')+1]
		if err == nil {
			require.Equal(t, 2, code/100)
			require.True(t, strings.HasPrefix(whole, said[:3]), "an answer from half a line: %q", said)
		}
		// What comes after the last whole line changes nothing.
		again := textproto.NewReader(bufio.NewReader(&wholeLines{from: bufio.NewReader(strings.NewReader(whole))}))
		code2, _, err2 := again.ReadResponse(2)
		require.Equal(t, code, code2)
		require.Equal(t, err == nil, err2 == nil)
	})
}

func TestEndlessAnswersEnd(t *testing.T) {
	t.Parallel()
	w := &wholeLines{from: bufio.NewReader(strings.NewReader(strings.Repeat("x", 1<<20)))}
	_, err := io.ReadAll(w)
	require.ErrorIs(t, err, errLongLine)
}
