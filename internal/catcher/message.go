package catcher

import (
	"bytes"
	"errors"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// IDHeader names the header that carries a message's id in Dripline.
const IDHeader = "X-Dripline-Message"

// Message is one that was accepted.
type Message struct {
	At        time.Time // when it was accepted
	From, To  string    // of the envelope; with several recipients To is the first
	ID        string    // its X-Dripline-Message, or empty
	MessageID string
	Date      time.Time   // its Date header; zero if there is none that can be read
	Header    mail.Header // nil if the message has no header that can be read
	Raw       []byte
}

// newMessage reads the header of what was sent. A message whose header makes no sense is a message
// all the same.
func newMessage(from, to string, raw []byte) Message {
	m := Message{From: from, To: to, Raw: raw}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m
	}
	m.Header = parsed.Header
	m.ID = strings.TrimSpace(parsed.Header.Get(IDHeader))
	m.MessageID = strings.TrimSpace(parsed.Header.Get("Message-ID"))
	if date, err := parsed.Header.Date(); err == nil {
		m.Date = date
	}
	return m
}

// write keeps the message as a file. A name that is taken gets a number: whatever the directory held
// before stays as it was.
func (c *Catcher) write(m Message) error {
	base := fileName(m.ID)
	for {
		c.names[base]++
		name := base
		if n := c.names[base]; n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		err := create(filepath.Join(c.options.Dir, name+".eml"), m.Raw)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// create writes a file that must not exist yet.
func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// longestName leaves room for a number and an ending on every file system.
const longestName = 120

// fileName makes a file's name, without its ending, from whatever a sender put into a header.
func fileName(id string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("-_.", r):
			return r
		}
		return '_'
	}, id)
	name = strings.TrimLeft(name, ".") // nothing hidden, no way out of the directory
	if len(name) > longestName {
		name = name[:longestName]
	}
	if name == "" {
		return "message"
	}
	return name
}
