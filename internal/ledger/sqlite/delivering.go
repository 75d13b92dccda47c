package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// desk is all that decides what an attempt may do: its engagement, its account and who holds the
// lease.
type desk struct {
	engagement int64
	state      drip.State
	started    int64
	token      string
	account    account
}

// sit reads the desk of a lease.
func (t *tx) sit(l ledger.Lease) (*desk, error) {
	d := &desk{}
	var state int
	found, err := t.get(`SELECT e.number, e.state, e.started, s.token, `+accountColumns+`
		FROM engagements e CROSS JOIN accounts a CROSS JOIN senders s
		WHERE e.id = ? AND a.id = ? AND s.engagement = e.number AND s.account = a.number`,
		[]any{l.Engagement, l.Account}, append([]any{&d.engagement, &state, &d.started, &d.token}, d.account.columns()...)...)
	if err != nil {
		return nil, fmt.Errorf("look up a lease: %w", err)
	}
	if !found {
		if _, err := engaged(t, l.Engagement); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("account %s sends nothing in engagement %s", l.Account, l.Engagement)
	}
	d.state = engagementStates[state]
	if d.state == drip.StateLoading || d.state == abandoned {
		return nil, ledger.ErrState
	}
	return d, nil
}

// Take begins an attempt. See ledger.Delivering.
func (s *Store) Take(ctx context.Context, lease ledger.Lease, now time.Time) (ledger.Batch, error) {
	var b ledger.Batch
	if lease.Token == "" {
		return b, errors.New("a lease needs a token")
	}
	var config string
	var created int64
	err := s.write(ctx, light, func(t *tx) error {
		d, err := t.sit(lease)
		if err != nil {
			return err
		}
		if b.State, err = t.take(d, lease, now); err != nil {
			return fmt.Errorf("take a lease: %w", err)
		}
		if _, err := t.get("SELECT config, created FROM engagements WHERE number = ?", []any{d.engagement}, &config, &created); err != nil {
			return err
		}
		_, err = t.get("SELECT coalesce(sum(unused), 0) FROM capacity WHERE account = ? AND slot = ? AND engagement = ?",
			[]any{d.account.number, int64(lease.Slot), d.engagement}, &b.Remaining)
		return err
	})
	if err != nil {
		return ledger.Batch{}, err
	}
	b.Engagement, err = configOf(config, created)
	return b, err
}

func (t *tx) take(d *desk, lease ledger.Lease, now time.Time) (drip.State, error) {
	if _, err := t.exec("UPDATE senders SET token = ? WHERE engagement = ? AND account = ?",
		lease.Token, d.engagement, d.account.number); err != nil {
		return "", err
	}
	if h := d.account.hand; h.engagement == d.engagement || h.expired(now) {
		if err := t.lose(&d.account, now); err != nil {
			return "", err
		}
		if err := t.saveAccount(&d.account); err != nil {
			return "", err
		}
	}
	if err := t.prune(&d.account); err != nil {
		return "", err
	}
	if d.state != drip.StateScheduled {
		return d.state, nil
	}
	return drip.StateRunning, t.setState(engagement{number: d.engagement}, drip.StateRunning, "")
}

// Next settles the message in hand and claims the next. See ledger.Delivering.
func (s *Store) Next(ctx context.Context, req ledger.NextRequest) (ledger.NextResult, error) {
	if err := checkNext(req); err != nil {
		return ledger.NextResult{}, err
	}
	var res ledger.NextResult
	var vals string
	var fenced bool
	err := s.write(ctx, light, func(t *tx) error {
		res, vals, fenced = ledger.NextResult{}, "", false
		d, err := t.sit(req.Lease)
		if err != nil {
			return err
		}
		if fenced = d.token == "" || d.token != req.Lease.Token; fenced {
			return t.tellTruth(d, req.Settle)
		}
		res, vals, err = t.next(d, req)
		return err
	})
	if err != nil {
		return ledger.NextResult{}, err
	}
	if fenced {
		return ledger.NextResult{}, ledger.ErrFenced
	}
	if vals != "" {
		err = json.Unmarshal([]byte(vals), &res.Message.Values)
	}
	return res, err
}

func checkNext(req ledger.NextRequest) error {
	if req.Claim && (req.Quotas.PerHour < 1 || req.Quotas.PerDay < 1) {
		return errors.New("claim a message: the account's quotas are not set")
	}
	if req.Settle == nil {
		return nil
	}
	switch req.Settle.Outcome.Verdict {
	case drip.Delivered, drip.Rejected, drip.Deferred, drip.AccountFault, drip.OutcomeUnknown, drip.NotRenderable:
		return nil
	}
	return fmt.Errorf("settle a message: no such verdict: %q", req.Settle.Outcome.Verdict)
}

// next is Next for whoever holds the lease.
func (t *tx) next(d *desk, req ledger.NextRequest) (ledger.NextResult, string, error) {
	res := ledger.NextResult{State: d.state}
	a := &d.account
	before := *a
	if req.Settle != nil {
		if err := t.settle(d, req.Settle); err != nil {
			return res, "", fmt.Errorf("settle a message: %w", err)
		}
	} else if req.Claim && a.hand.engagement == d.engagement && !a.hand.expired(req.Now) {
		return res, "", errors.New("claim a message: the one in hand is not settled")
	}
	var vals string
	if req.Claim {
		var err error
		if vals, err = t.claim(d, req, &res); err != nil {
			return res, "", fmt.Errorf("claim a message: %w", err)
		}
	}
	if *a == before {
		return res, vals, nil
	}
	return res, vals, t.saveAccount(a)
}

// State reads an engagement's state and reason. See ledger.Delivering.
func (s *Store) State(ctx context.Context, id string) (drip.State, string, error) {
	var state drip.State
	var reason string
	err := s.snapshot(ctx, func(v *view) error {
		e, err := shown(v, id)
		if err != nil {
			return err
		}
		state = e.state
		_, err = v.get("SELECT reason FROM engagements WHERE number = ?", []any{e.number}, &reason)
		return err
	})
	return state, reason, err
}
