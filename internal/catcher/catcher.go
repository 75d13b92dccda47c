package catcher

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// Options say how a catcher behaves. The zero value accepts everything, without TLS, and keeps it in
// memory.
type Options struct {
	// Dir, if set, also gets each message as a file, <X-Dripline-Message>.eml. It must exist.
	Dir string
	// TLS, if set, is offered by STARTTLS, or spoken from the first byte with ImplicitTLS. Logins
	// are then offered only over TLS.
	TLS         *tls.Config
	ImplicitTLS bool
	// Username, if set, makes a login with it and Password necessary. Without it no login is
	// needed, and any is accepted.
	Username string
	Password string
	// Discard keeps of each message only who, when and its ids: no Header, no Raw.
	Discard bool
	// MaxMessageBytes is advertised as SIZE and kept to; 0 is no limit.
	MaxMessageBytes int64
	// Now dates the messages; nil is time.Now.
	Now func() time.Time
	// Script, if set, is asked at each stage of each dialogue what to do: nil goes on, any other
	// error is a fault (Answer, Drop, Hang, AcceptThen). Many dialogues may ask at once.
	Script func(Stage, *Attempt) error
}

// Catcher is a running mail catcher.
type Catcher struct {
	options  Options
	server   *smtp.Server
	listener net.Listener
	closing  chan struct{} // closed by Close: lets go of every dialogue that hangs
	served   chan struct{} // closed when the listener is no longer served
	once     sync.Once

	connections atomic.Int64
	logins      atomic.Int64

	mu       sync.Mutex
	messages []Message
	arrived  chan struct{} // closed, and made anew, whenever a message is accepted
	names    map[string]int
}

// Start listens on addr ("127.0.0.1:0" for any free port) and serves until Close.
func Start(addr string, o Options) (*Catcher, error) {
	if o.ImplicitTLS && o.TLS == nil {
		return nil, errors.New("mail catcher: ImplicitTLS needs TLS")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("mail catcher: %w", err)
	}
	c := &Catcher{
		options: o,
		closing: make(chan struct{}),
		served:  make(chan struct{}),
		arrived: make(chan struct{}),
		names:   make(map[string]int),
	}
	c.listener = &listener{Listener: tcp, catcher: c}
	c.server = c.newServer()
	go func() {
		defer close(c.served)
		_ = c.server.Serve(c.listener) // ends with an error only once the listener is closed
	}()
	return c, nil
}

func (c *Catcher) newServer() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return c.newSession(conn), nil
	}))
	s.Domain = "catcher.dripline.test"
	s.EnableSMTPUTF8 = true
	s.MaxMessageBytes = c.options.MaxMessageBytes
	s.ErrorLog = log.New(io.Discard, "", 0) // a client that goes away is no news
	// With implicit TLS the listener does it, and the server need not know.
	overTLS := c.options.TLS != nil && !c.options.ImplicitTLS
	if overTLS {
		s.TLSConfig = c.options.TLS
	}
	s.AllowInsecureAuth = !overTLS
	return s
}

// Addr is the address it listens on, host:port.
func (c *Catcher) Addr() string { return c.listener.Addr().String() }

// Close ends every dialogue at once. What was caught can still be read.
func (c *Catcher) Close() error {
	var err error
	c.once.Do(func() {
		close(c.closing)
		err = c.server.Close()
		// The server knows the listener only once it serves it, which may not have happened yet.
		if closeErr := c.listener.Close(); err == nil && !errors.Is(closeErr, net.ErrClosed) {
			err = closeErr
		}
		<-c.served
	})
	return err
}

// Connections counts the connections accepted so far.
func (c *Catcher) Connections() int { return int(c.connections.Load()) }

// Logins counts the logins that succeeded so far.
func (c *Catcher) Logins() int { return int(c.logins.Load()) }

// Count is how many messages were accepted so far.
func (c *Catcher) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.messages)
}

// Messages are those accepted so far, in that order. The slice is the caller's, what its messages
// point to is shared.
func (c *Catcher) Messages() []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Message(nil), c.messages...)
}

// Wait returns once n messages have been accepted, or with the error of the context.
func (c *Catcher) Wait(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		have, arrived := len(c.messages), c.arrived
		c.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return fmt.Errorf("mail catcher: %d of %d messages: %w", have, n, context.Cause(ctx))
		}
	}
}

// accept takes responsibility for a message: from here on it counts.
func (c *Catcher) accept(m Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.options.Dir != "" {
		if err := c.write(m); err != nil {
			return Answer{Code: 452, Enhanced: [3]int{4, 3, 1}, Text: "cannot keep the message"}
		}
	}
	m.At = c.options.Now()
	if c.options.Discard {
		m.Header, m.Raw = nil, nil
	}
	c.messages = append(c.messages, m)
	close(c.arrived)
	c.arrived = make(chan struct{})
	return nil
}
