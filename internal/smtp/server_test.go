package smtp_test

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// act is what the scripted server does at a stage. It is written as it stands, so that it may be any
// answer, half of one, or none; then the connection goes on, ends, or hangs.
type act struct {
	say    string
	then   ending
	accept bool // takes the message before it says anything (at the final dot)
}

type ending int

const (
	goOn ending = iota
	end
	hang
)

// Stages of the scripted server, by the command that they answer.
const (
	atGreeting = "greeting"
	atEHLO     = "EHLO"
	atSTARTTLS = "STARTTLS"
	atAUTH     = "AUTH"
	atMAIL     = "MAIL"
	atRCPT     = "RCPT"
	atDATA     = "DATA"
	atBody     = "body" // after 354, before a byte of the body is read
	atDot      = "dot"
	atRSET     = "RSET"
	atQUIT     = "QUIT"
)

// scripted is a server that does what a script says, down to the byte. What the script leaves out is
// as it should be.
type scripted struct {
	addr   *net.TCPAddr
	script func(connection int, stage string) act
	ending chan struct{}

	mu       sync.Mutex
	commands []string // as they came, over all connections
	accepted []string // bodies it took responsibility for
	conns    []net.Conn
}

func serve(t *testing.T, script func(connection int, stage string) act) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &scripted{addr: l.Addr().(*net.TCPAddr), script: script, ending: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			number := len(s.conns)
			s.mu.Unlock()
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				s.talk(conn, number)
			})
		}
	})
	t.Cleanup(func() {
		close(s.ending)
		_ = l.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		all.Wait()
	})
	return s
}

var asItShouldBe = map[string]string{
	atGreeting: "220 scripted ESMTP\r\n",
	atEHLO:     "250-scripted\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
	atAUTH:     "235 2.7.0 welcome\r\n",
	atMAIL:     "250 2.1.0 fine\r\n",
	atRCPT:     "250 2.1.5 fine\r\n",
	atDATA:     "354 go on\r\n",
	atDot:      "250 2.0.0 queued\r\n",
	atRSET:     "250 2.0.0 forgotten\r\n",
	atQUIT:     "221 2.0.0 bye\r\n",
}

// at is what the script wants at a stage, or what should be.
func (s *scripted) at(stage string, number int) act {
	a := s.script(number, stage)
	if a != (act{}) {
		return a
	}
	say, known := asItShouldBe[stage]
	if !known {
		say = "500 5.5.2 what is that\r\n"
	}
	return act{say: say, accept: true}
}

// play does it, and tells whether the dialogue goes on.
func (s *scripted) play(conn net.Conn, a act) bool {
	if a.say != "" {
		if _, err := conn.Write([]byte(a.say)); err != nil {
			return false
		}
	}
	if a.then == hang {
		<-s.ending
	}
	return a.then == goOn
}

func (s *scripted) talk(conn net.Conn, number int) {
	if !s.play(conn, s.at(atGreeting, number)) {
		return
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		command, _, _ := strings.Cut(line, " ")
		a := s.at(command, number)
		if !s.play(conn, a) || command == atQUIT {
			return
		}
		if command == atDATA && strings.HasPrefix(a.say, "354") && !s.take(conn, r, number) {
			return
		}
	}
}

// take reads a body to its final dot.
func (s *scripted) take(conn net.Conn, r *bufio.Reader, number int) bool {
	if a := s.script(number, atBody); a != (act{}) {
		return s.play(conn, a)
	}
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	a := s.at(atDot, number)
	if a.accept {
		s.mu.Lock()
		s.accepted = append(s.accepted, b.String())
		s.mu.Unlock()
	}
	return s.play(conn, a)
}

// bodies are the messages that the server took responsibility for.
func (s *scripted) bodies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.accepted...)
}

// saw counts the commands that began with a word.
func (s *scripted) saw(command string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.commands {
		if strings.HasPrefix(c, command) {
			n++
		}
	}
	return n
}

func (s *scripted) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// once is a script that does one thing at one stage, on every connection.
func once(stage string, a act) func(int, string) act {
	return func(_ int, at string) act {
		if at == stage {
			return a
		}
		return act{}
	}
}

// onFirst does it on the first connection only.
func onFirst(stage string, a act) func(int, string) act {
	return func(connection int, at string) act {
		if at == stage && connection == 1 {
			return a
		}
		return act{}
	}
}
