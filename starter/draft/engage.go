package draft

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/roster"
	"github.com/dripline/dripline/internal/show"
)

// Engage brings the contacts into the ledger, books the plan, and returns it as booked. From its
// return on the engagement is promised: its workflow has to be started. Whatever fails before, or
// kills the process, leaves nothing behind.
func (d *Draft) Engage(ctx context.Context, l ledger.Ledger, now time.Time, progress func(read, total int64)) (drip.Plan, error) {
	if err := d.chooseID(ctx, l); err != nil {
		return drip.Plan{}, err
	}
	d.catchUp(now)
	e := d.Engagement
	if err := l.Create(ctx, e, now); err != nil {
		if errors.Is(err, ledger.ErrExists) {
			err = exists(e.ID)
		}
		return drip.Plan{}, err
	}
	summary, bookings, err := d.fill(ctx, l, now, progress)
	if err != nil {
		return drip.Plan{}, errors.Join(err, l.Abandon(context.WithoutCancel(ctx), e.ID))
	}
	return d.document(summary, bookings), nil
}

// CheckSomebody refuses to engage nobody: a preview has told how many are left, and how many are held.
func (d *Draft) CheckSomebody(contacts, held int) error {
	if contacts > 0 {
		return nil
	}
	return &drip.InputError{
		File:    d.Options.Contacts,
		Problem: fmt.Sprintf("nobody is left to engage: %s held", show.Count(held, "contact")),
		Fix:     "see why with preview",
	}
}

// catchUp moves a start that has passed while somebody looked at the preview.
func (d *Draft) catchUp(now time.Time) {
	if !d.Engagement.Start.Start().Before(now) {
		return
	}
	if slot, ok := d.Calendar.NextAllowed("", d.Calendar.Next(now)); ok {
		d.Engagement.Start = slot
		d.notes = append(d.notes, "the slot of the preview has begun meanwhile; the start moves to "+
			slot.Start().In(d.Calendar.Zone()).Format("Monday 2 January 15:04"))
	}
}

// fill writes everybody and books, which makes the engagement real.
func (d *Draft) fill(ctx context.Context, l ledger.Ledger, now time.Time, progress func(read, total int64)) (roster.Summary, []drip.Booking, error) {
	id := d.Engagement.ID
	var late []drip.Held // engaged by somebody else since they were screened
	summary, err := d.file.Screen(ctx, d.screening(l, progress), func(batch []drip.Contact) error {
		if err := d.check(batch); err != nil {
			return err
		}
		held, err := l.AddContacts(ctx, id, batch, now)
		late = append(late, held...)
		return err
	})
	if err != nil {
		return summary, nil, err
	}
	summary.Held = append(summary.Held, late...)
	summary.Contacts -= len(late)
	if err := d.strict(summary.Held); err != nil {
		return summary, nil, err
	}
	if err := d.CheckSomebody(summary.Contacts, len(summary.Held)); err != nil {
		return summary, nil, err
	}
	if err := l.AddHeld(ctx, id, summary.Held); err != nil {
		return summary, nil, err
	}
	bookings, err := d.book(ctx, l, now)
	if err != nil {
		return summary, nil, err
	}
	summary.Senders, err = l.Senders(ctx, id)
	return summary, bookings, err
}

func (d *Draft) book(ctx context.Context, l ledger.Ledger, now time.Time) ([]drip.Booking, error) {
	var bookings []drip.Booking
	req := ledger.PlanRequest{
		ID:      d.Engagement.ID,
		From:    d.Engagement.Start,
		Now:     now,
		Require: []drip.State{drip.StateLoading},
		To:      drip.StateScheduled,
		Reason:  "engaged",
	}
	err := l.Plan(ctx, req, func(basis ledger.Basis) ([]drip.Booking, error) {
		var err error
		bookings, err = activities.Schedule(d.Team, d.Calendar, d.Engagement.Start, basis)
		return bookings, err
	})
	return bookings, err
}
