package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// tx is the writer's open transaction. Every statement is prepared once and kept. Its context is
// never a caller's: a statement that has begun is finished, and a context that can end would cost a
// goroutine a statement.
type tx struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	// touched says that the job now running has written, or met an error of the database, so that
	// only a rollback leaves the transaction clean.
	touched bool
}

func (t *tx) prepare(query string) (*sql.Stmt, error) {
	if s, ok := t.prepared[query]; ok {
		return s, nil
	}
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err == nil {
		t.prepared[query] = s
	}
	return s, err
}

// exec runs a statement that writes and says how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	t.touched = true
	s, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// get scans the one row of a query. found is false if there is none.
func (t *tx) get(query string, args []any, into ...any) (found bool, err error) {
	s, err := t.prepare(query)
	if err == nil {
		err = s.QueryRow(args...).Scan(into...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		t.touched = true
		return false, err
	}
	return true, nil
}

// each calls row for every row of a query; row scans.
func (t *tx) each(query string, args []any, row func(scan func(...any) error) error) error {
	s, err := t.prepare(query)
	if err == nil {
		var rows *sql.Rows
		if rows, err = s.Query(args...); err == nil {
			err = drain(rows, row)
		}
	}
	if err != nil {
		t.touched = true
	}
	return err
}

func (t *tx) rollback() {
	// SQLite may have rolled back by itself, after a full disk for one; then this is refused.
	_, _ = t.exec("ROLLBACK")
}

// drain scans rows to their end and closes them.
func drain(rows *sql.Rows, row func(scan func(...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
