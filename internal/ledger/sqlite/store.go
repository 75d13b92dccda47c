// Package sqlite keeps the ledger in one SQLite file.
//
// Every write of this process goes through one goroutine, which commits all that waits at the same
// moment together (WAL, full sync: what was answered survives a power cut). Other processes may use
// the same file: their writers and ours take turns by the file's own lock. Reads have connections of
// their own and never wait for a writer.
//
// What keeps a message cheap: a claim is a few columns in its account's row, so that an account
// cannot have two; the message's own row is written once, when its outcome is known; and quotas are
// judged by looking at one row each, whatever their size.
//
// A call that fails has changed nothing, with one exception that ledger.Delivering names. A context
// that ends while the call waits for its turn gives it up, and nothing has happened; once its turn
// has come, the call waits for the commit and tells the truth about it.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/dripline/dripline/internal/ledger"
)

// Store is an open ledger file.
type Store struct {
	path   string
	db     *sql.DB // the writer's connection, and no other
	conn   *sql.Conn
	reads  *sql.DB
	writer *writer
	once   sync.Once
	closed error
}

var _ ledger.Ledger = (*Store)(nil)

// Close ends the store. Calls that wait for their turn fail, calls that have begun are finished.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.writer.close()
		s.closed = errors.Join(s.reads.Close(), s.conn.Close(), s.db.Close())
	})
	return s.closed
}

func (s *Store) write(ctx context.Context, weight weight, run func(*tx) error) error {
	return s.writer.do(ctx, weight, run)
}

// snapshot runs read on one consistent state of the file.
func (s *Store) snapshot(ctx context.Context, read func(*view) error) error {
	t, err := s.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	defer func() { _ = t.Rollback() }()
	return read(&view{ctx: ctx, tx: t})
}

// view is one consistent state of the file.
type view struct {
	ctx context.Context
	tx  *sql.Tx
}

func (v *view) get(query string, args []any, into ...any) (found bool, err error) {
	err = v.tx.QueryRowContext(v.ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (v *view) each(query string, args []any, row func(scan func(...any) error) error) error {
	rows, err := v.tx.QueryContext(v.ctx, query, args...)
	if err != nil {
		return err
	}
	return drain(rows, row)
}

// reader is what both a view and the writer's transaction can do.
type reader interface {
	get(query string, args []any, into ...any) (found bool, err error)
	each(query string, args []any, row func(scan func(...any) error) error) error
}
