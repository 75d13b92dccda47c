package smtp

import (
	"context"
	"sync"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Pool keeps at most one connection for each account, however many sessions are open on it.
type Pool struct {
	options Options

	mu     sync.Mutex
	lines  map[lineKey]*line
	closed bool
}

// lineKey tells accounts apart, and two settings of one account: a session never uses a connection
// that was made for other settings than its own.
type lineKey struct {
	account string
	smtp    drip.SMTP
}

// NewPool makes a pool. Nothing is connected yet.
func NewPool(o Options) *Pool {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Hello == "" {
		o.Hello = "localhost"
	}
	o.Timeouts = o.Timeouts.orDefault()
	return &Pool{options: o, lines: make(map[lineKey]*line)}
}

// Open begins a session of an account. It connects with the first message.
func (p *Pool) Open(account drip.Account) *Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := lineKey{account.ID, account.SMTP}
	l := p.lines[key]
	if l == nil {
		l = newLine(&p.options, account.SMTP)
		l.closed = p.closed
		p.lines[key] = l
	}
	l.sessions++
	return &Session{pool: p, key: key, line: l}
}

// Close ends every connection, once the deliveries in hand are finished. What is delivered after it
// fails with AccountFault.
func (p *Pool) Close() {
	p.mu.Lock()
	lines := p.lines
	p.lines, p.closed = make(map[lineKey]*line), true
	p.mu.Unlock()
	var all sync.WaitGroup
	for _, l := range lines {
		all.Go(l.close)
	}
	all.Wait()
}

// Session is the right to use an account's connection. All sessions of an account share it, one
// message at a time.
type Session struct {
	pool *Pool
	key  lineKey
	line *line
	once sync.Once
}

// Deliver hands one message over and says what became of it. It always has a verdict. The context
// bounds what happens before the first byte of the body: what it ends there is an AccountFault with
// no time to wait. What comes after is finished, in the time that Timeouts give.
func (s *Session) Deliver(ctx context.Context, e Envelope) drip.Outcome {
	outcome := s.line.deliver(ctx, e)
	outcome.At = s.pool.options.Now()
	return outcome
}

// Close ends the session. The last session of an account ends its connection, once the delivery in
// hand is finished.
func (s *Session) Close() {
	s.once.Do(func() {
		p := s.pool
		p.mu.Lock()
		s.line.sessions--
		last := s.line.sessions == 0
		if last && p.lines[s.key] == s.line {
			delete(p.lines, s.key)
		}
		p.mu.Unlock()
		if last {
			s.line.close()
		}
	})
}
