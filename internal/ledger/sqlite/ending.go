package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// Pause stops an engagement until it is planned again. See ledger.Planning.
func (s *Store) Pause(ctx context.Context, id, reason string, now time.Time) error {
	return s.write(ctx, light, func(t *tx) error {
		e, err := engaged(t, id)
		if err != nil {
			return err
		}
		if e.state.Ended() {
			return ledger.ErrState
		}
		if e.state == drip.StatePaused {
			return nil
		}
		if err := t.free(e, everySlot, false); err != nil {
			return fmt.Errorf("give back bookings: %w", err)
		}
		return t.setState(e, drip.StatePaused, reason)
	})
}

// everySlot is after every slot there is.
const everySlot = 1 << 62

func (t *tx) setState(e engagement, state drip.State, reason string) error {
	code, err := stateCode(state)
	if err != nil {
		return err
	}
	_, err = t.exec("UPDATE engagements SET state = ?, reason = ? WHERE number = ?", code, reason, e.number)
	return err
}

// End settles an engagement for good. See ledger.Planning.
func (s *Store) End(ctx context.Context, id string, state drip.State, reason string, now time.Time) error {
	if !state.Ended() {
		return fmt.Errorf("end an engagement: %q is no end", state)
	}
	return s.write(ctx, heavy, func(t *tx) error {
		e, err := engaged(t, id)
		if err != nil || e.state.Ended() {
			return err
		}
		if err := t.loseAll(e, now); err != nil {
			return fmt.Errorf("let go of what is in hand: %w", err)
		}
		begun := int64(drip.SlotAt(now)) + 1 // a slot that begins at this second has begun
		if err := t.free(e, begun, true); err != nil {
			return fmt.Errorf("give back bookings: %w", err)
		}
		if err := t.drop(e, begun); err != nil {
			return fmt.Errorf("give back bookings: %w", err)
		}
		if err := t.setState(e, state, reason); err != nil {
			return err
		}
		_, err = t.exec("UPDATE engagements SET finished = ? WHERE number = ?", nanos(now), e.number)
		return err
	})
}

// loseAll makes what the engagement has in hand unknown.
func (t *tx) loseAll(e engagement, now time.Time) error {
	var in []account
	err := t.each("SELECT "+accountColumns+" FROM senders s JOIN accounts a ON a.number = s.account WHERE s.engagement = ?1 AND a.hand_engagement = ?1",
		[]any{e.number}, func(scan func(...any) error) error {
			var a account
			err := scan(a.columns()...)
			in = append(in, a)
			return err
		})
	for i := range in {
		if err == nil {
			err = t.lose(&in[i], now)
		}
		if err == nil {
			err = t.saveAccount(&in[i])
		}
	}
	return err
}
