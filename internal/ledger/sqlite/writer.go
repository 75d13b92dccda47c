package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// writer is the one goroutine of this process that writes. It commits what waits at the same time
// together, so that many accounts share one sync of the disk, and answers only after the commit.
type writer struct {
	tx      *tx
	queue   chan *job
	closing chan struct{}
	stopped chan struct{}
}

// weight says how long a job keeps others from being committed.
type weight bool

const (
	light weight = false
	heavy weight = true // commit right after it
)

// maxBatch bounds how much one commit waits for.
const maxBatch = 512

// Another process holds the file's write lock for the length of its own commits. lockPoll is how
// often we try, often enough to come in between two commits of a busy neighbour; lockTries is when
// we give up, after about a minute.
const (
	lockPoll  = time.Millisecond
	lockTries = 60_000
)

var errClosed = errors.New("the ledger is closed")

// job is one operation. Its run may be called more than once, each time in a fresh transaction.
type job struct {
	run      func(*tx) error
	weight   weight
	taken    atomic.Bool // by the writer, or by the caller who gives up
	done     chan struct{}
	err      error
	panicked any
}

func startWriter(conn *sql.Conn) *writer {
	w := &writer{
		tx:      &tx{conn: conn, prepared: map[string]*sql.Stmt{}},
		queue:   make(chan *job, maxBatch),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go w.loop()
	return w
}

// do runs an operation and returns once it is committed. A context ends only the wait for its turn:
// whoever gets the context's error may rely on nothing having happened.
func (w *writer) do(ctx context.Context, weight weight, run func(*tx) error) error {
	j := &job{run: run, weight: weight, done: make(chan struct{})}
	select {
	case w.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stopped:
		return errClosed
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.take() {
			return ctx.Err()
		}
		<-j.done
	case <-w.stopped:
		if j.take() {
			return errClosed
		}
		<-j.done
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

func (j *job) take() bool { return j.taken.CompareAndSwap(false, true) }

// close waits for what is running, refuses what has not begun and ends the goroutine.
func (w *writer) close() {
	close(w.closing)
	<-w.stopped
}

func (w *writer) loop() {
	defer close(w.stopped)
	for {
		select {
		case <-w.closing:
			return
		default:
		}
		select {
		case j := <-w.queue:
			if j.take() {
				w.commit([]*job{j})
			}
		case <-w.closing:
			return
		}
	}
}

// commit runs the jobs, and those that arrive meanwhile, in one transaction. A job that fails after
// it has begun to write takes the transaction down with it, and the others start over without it.
func (w *writer) commit(jobs []*job) {
	defer func() {
		for _, j := range jobs {
			close(j.done)
		}
	}()
restart:
	if err := w.begin(); err != nil {
		fail(jobs, err)
		return
	}
	for i := 0; i < len(jobs) || w.more(&jobs); i++ {
		j := jobs[i]
		w.tx.touched = false
		if j.attempt(w.tx); j.err == nil || !w.tx.touched {
			continue
		}
		w.tx.rollback()
		close(j.done)
		jobs = append(jobs[:i], jobs[i+1:]...)
		if len(jobs) == 0 {
			return
		}
		goto restart
	}
	if _, err := w.tx.exec("COMMIT"); err != nil {
		w.tx.rollback()
		fail(jobs, fmt.Errorf("commit to the ledger: %w", err))
	}
}

// more adds a job that waits, unless the batch is full.
func (w *writer) more(jobs *[]*job) bool {
	if n := len(*jobs); n == maxBatch || n > 0 && (*jobs)[n-1].weight == heavy {
		return false
	}
	for {
		select {
		case j := <-w.queue:
			if j.take() {
				*jobs = append(*jobs, j)
				return true
			}
		default:
			return false
		}
	}
}

func (w *writer) begin() error {
	var err error
	for range lockTries {
		if _, err = w.tx.exec("BEGIN IMMEDIATE"); !isBusy(err) {
			break
		}
		select {
		case <-time.After(lockPoll):
		case <-w.closing:
			return errClosed
		}
	}
	if err != nil {
		return fmt.Errorf("begin to write to the ledger: %w", err)
	}
	return nil
}

// attempt runs the job. A panic is the caller's, not the writer's: it is carried back to it.
func (j *job) attempt(t *tx) {
	defer func() {
		if p := recover(); p != nil {
			j.panicked, j.err, t.touched = p, errors.New("panic"), true
		}
	}()
	j.err = j.run(t)
}

func fail(jobs []*job, err error) {
	for _, j := range jobs {
		j.err = err
	}
}
