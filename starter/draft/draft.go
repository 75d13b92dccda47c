// Package draft turns files and options into a plan, and a plan into an engagement. Preview, render,
// engage and rehearse all begin with it, so what is previewed is what is engaged.
//
// Everything a person can get wrong is found before anything is written, as a *drip.InputError. An
// engagement that fails half way is taken back whole.
package draft

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/config"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/message"
	"github.com/dripline/dripline/internal/roster"
	"github.com/dripline/dripline/internal/show"
)

// Options are the files and flags of preview, engage and rehearse.
type Options struct {
	Team, Sequence, Contacts string // files
	User                     string
	From, Start, Mode, Pace  string
	PerHour, PerDay          int
	Seed                     uint64 // 0: made from the contacts
	Again, Strict            bool
	ID                       string // empty: made from the sequence's name and the seed
}

// Draft is an engagement that has not been made: all files are read and right.
type Draft struct {
	Options    Options
	Team       drip.Team
	Calendar   *calendar.Calendar
	Engagement drip.Engagement
	Templates  *message.Templates
	notes      []string
	file       *roster.File
	sequence   config.SequenceFile
}

// Load reads and checks everything, as of now.
func Load(o Options, now time.Time) (*Draft, error) {
	d := &Draft{Options: o}
	var err error
	if d.Team, d.Calendar, err = LoadTeam(o.Team); err != nil {
		return nil, err
	}
	if d.sequence, err = config.LoadSequence(o.Sequence); err != nil {
		return nil, err
	}
	if d.file, err = roster.Open(o.Contacts); err != nil {
		return nil, err
	}
	if d.Templates, err = d.compile(); err != nil {
		return nil, err
	}
	return d, d.configure(now)
}

// LoadTeam reads a team file, and makes sure that every account has an hour it may use.
func LoadTeam(path string) (drip.Team, *calendar.Calendar, error) {
	team, err := config.LoadTeam(path)
	if err != nil {
		return drip.Team{}, nil, err
	}
	cal := calendar.New(team)
	if err := cal.Check(); err != nil {
		var input *drip.InputError
		if errors.As(err, &input) {
			input.File = path
		}
		return drip.Team{}, nil, err
	}
	return team, cal, nil
}

// compile makes the templates, and places what is wrong with them in the user's files.
func (d *Draft) compile() (*message.Templates, error) {
	templates, err := message.Compile(d.sequence.Sequence, d.file.Columns())
	var wrong *message.TemplateError
	if errors.As(err, &wrong) {
		line := d.sequence.Line(wrong.Step, wrong.Field)
		if wrong.Line > 1 {
			line += wrong.Line - 1
		}
		return nil, &drip.InputError{
			File: d.Options.Sequence, Line: line,
			Problem: fmt.Sprintf("step %d, %s: %s", wrong.Step, wrong.Field, wrong.Problem),
			Fix:     "correct the template; templates are Liquid (https://shopify.github.io/liquid)",
		}
	}
	var column *message.ColumnError
	if errors.As(err, &column) {
		return nil, d.columnError(1, column)
	}
	return templates, err
}

func (d *Draft) columnError(row int, e *message.ColumnError) error {
	problem := e.Problem
	if e.Column != "" {
		problem = fmt.Sprintf("column %s: %s", e.Column, e.Problem)
	}
	return &drip.InputError{File: d.Options.Contacts, Line: row, Problem: problem, Fix: "correct this row of the contacts file"}
}

// configure reads the options.
func (d *Draft) configure(now time.Time) error {
	o := d.Options
	e := drip.Engagement{
		Sequence: d.sequence.Sequence,
		Zone:     d.Team.Zone.String(),
		Mode:     drip.Mode(o.Mode),
		Pace:     drip.Pace(o.Pace),
		PerHour:  o.PerHour,
		PerDay:   o.PerDay,
		Seed:     o.Seed,
		Again:    o.Again,
		Columns:  d.file.Columns(),
		ID:       o.ID,
		Created:  now,
	}
	if err := checkModes(e); err != nil {
		return err
	}
	var err error
	if e.From, err = d.from(); err != nil {
		return err
	}
	if e.Start, d.notes, err = d.Calendar.Start(o.Start, now); err != nil {
		return err
	}
	if e.Seed == 0 {
		if e.Seed, err = seedOf(o.Contacts); err != nil {
			return err
		}
	}
	if err := checkID(o.ID); err != nil {
		return err
	}
	d.Engagement = e
	return nil
}

func checkModes(e drip.Engagement) error {
	switch {
	case e.Mode != drip.ModeASAP && e.Mode != drip.ModeSpread:
		return &drip.InputError{File: "--mode", Problem: fmt.Sprintf("%q is no mode", e.Mode), Fix: "use asap or spread"}
	case e.Pace != drip.PaceHuman && e.Pace != drip.PaceBurst:
		return &drip.InputError{File: "--pace", Problem: fmt.Sprintf("%q is no pace", e.Pace), Fix: "use human or burst"}
	case e.PerHour < 0 || e.PerDay < 0:
		return &drip.InputError{File: "--per-hour, --per-day", Problem: "a quota is below 1", Fix: "give a number from 1 up"}
	case e.Mode == drip.ModeSpread && e.PerHour == 0 && e.PerDay == 0:
		return &drip.InputError{File: "--mode", Problem: "spread without a quota", Fix: "add --per-day N or --per-hour N, or both"}
	case e.Mode == drip.ModeASAP && (e.PerHour > 0 || e.PerDay > 0):
		return &drip.InputError{File: "--mode", Problem: "--per-hour and --per-day need the mode spread", Fix: "add --mode spread"}
	}
	return nil
}

// from reads --from. Without it, a user's own account is meant.
func (d *Draft) from() (drip.From, error) {
	text, user := d.Options.From, d.Options.User
	if text == "" {
		text = "me"
		if user == "" && len(d.Team.Accounts) > 1 {
			return drip.From{}, &drip.InputError{
				File:    "--from",
				Problem: "who sends is not said",
				Fix:     "add --from owners, --from ann,bob (account ids), or --user ID to send from your own account",
			}
		}
		if user == "" {
			user = d.Team.Accounts[0].ID
		}
	}
	return roster.ParseFrom(text, user, d.Team)
}

// seedOf makes the seed of a contacts file: the same contacts are spread the same way in a preview
// and in the engagement that follows it.
func seedOf(path string) (uint64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("read the contacts: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return 0, fmt.Errorf("read the contacts: %w", err)
	}
	// Numbers that programs read as JSON stay exact below 2^53.
	return binary.BigEndian.Uint64(sum.Sum(nil))>>11 | 1, nil
}

// Preview is the plan as it would be booked now, and its bookings nowhere.
func (d *Draft) Preview(ctx context.Context, l ledger.Ledger, progress func(read, total int64)) (drip.Plan, error) {
	if err := d.chooseID(ctx, l); err != nil {
		return drip.Plan{}, err
	}
	summary, err := d.file.Screen(ctx, d.screening(l, progress), d.check)
	if err != nil {
		return drip.Plan{}, err
	}
	if err := d.strict(summary.Held); err != nil {
		return drip.Plan{}, err
	}
	basis, err := d.basis(ctx, l, summary)
	if err != nil {
		return drip.Plan{}, err
	}
	bookings, err := activities.Schedule(d.Team, d.Calendar, d.Engagement.Start, basis)
	if err != nil {
		return drip.Plan{}, err
	}
	return d.document(summary, bookings), nil
}

// Each calls each with every contact that would be engaged, in the file's order, and returns who
// would be held.
func (d *Draft) Each(ctx context.Context, l ledger.Ledger, each func(drip.Contact) error) ([]drip.Held, error) {
	if err := d.chooseID(ctx, l); err != nil {
		return nil, err
	}
	if d.Options.Strict { // judges the whole file, and nothing is to be made of it before
		summary, err := d.file.Screen(ctx, d.screening(l, nil), d.check)
		if err = errors.Join(err, d.strict(summary.Held)); err != nil {
			return nil, err
		}
	}
	summary, err := d.file.Screen(ctx, d.screening(l, nil), func(batch []drip.Contact) error {
		if err := d.check(batch); err != nil {
			return err
		}
		for _, c := range batch {
			if err := each(c); err != nil {
				return err
			}
		}
		return nil
	})
	return summary.Held, err
}

func (d *Draft) screening(l ledger.Ledger, progress func(read, total int64)) roster.Options {
	return roster.Options{
		From:      d.Engagement.From,
		Accounts:  d.Team.Accounts,
		Seed:      d.Engagement.Seed,
		Again:     d.Engagement.Again,
		Standings: l.Standings,
		Missing:   d.Templates.Missing,
		Progress:  progress,
	}
}

// check finds what would only be found at the moment of sending: a contact's own template that does
// not parse, a line break on its way into a header.
func (d *Draft) check(contacts []drip.Contact) error {
	for _, c := range contacts {
		err := d.Templates.Check(c.Values)
		var column *message.ColumnError
		if errors.As(err, &column) {
			return d.columnError(c.Row, column)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) strict(held []drip.Held) error {
	if !d.Options.Strict || len(held) == 0 {
		return nil
	}
	first := held[0]
	problem := fmt.Sprintf("%s would be held, the first: %s", show.Count(len(held), "contact"), show.HeldWord(first.Reason))
	if first.Detail != "" {
		problem += " (" + first.Detail + ")"
	}
	return &drip.InputError{File: d.Options.Contacts, Line: first.Row, Problem: problem,
		Fix: "correct the rows that the preview lists, or leave out --strict"}
}

// mostSenders keeps the activities of one slot below the 2,000 that a Temporal server lets a workflow
// have at once.
const mostSenders = 1000

func (d *Draft) basis(ctx context.Context, l ledger.Ledger, summary roster.Summary) (ledger.Basis, error) {
	if n := len(summary.Senders); n > mostSenders {
		return ledger.Basis{}, &drip.InputError{File: "--from", Problem: fmt.Sprintf("%d accounts would send, and one engagement can have %d", n, mostSenders),
			Fix: "engage the contacts in several engagements"}
	}
	basis := ledger.Basis{Engagement: d.Engagement}
	var accounts []string
	for _, s := range summary.Senders {
		accounts = append(accounts, s.Account)
		basis.Cohorts = append(basis.Cohorts, ledger.Cohort{Account: s.Account, Step: 1, Due: d.Engagement.Start, Count: s.Contacts})
	}
	var err error
	basis.Used, err = l.Usage(ctx, accounts, d.Engagement.Start.Add(-25*time.Hour))
	return basis, err
}

func (d *Draft) document(summary roster.Summary, bookings []drip.Booking) drip.Plan {
	zone := d.Calendar.Zone()
	p := drip.Plan{
		ID:       d.Engagement.ID,
		Sequence: d.Engagement.Sequence.Name,
		Contacts: summary.Contacts,
		Start:    d.Engagement.Start.Start().In(zone),
		Finish:   d.Engagement.Start.Start().In(zone),
		Senders:  summary.Senders,
		Held:     summary.Held,
		Notes:    d.notes,
	}
	p.SetSlots(bookings, zone)
	if len(p.Slots) > 0 {
		p.Start = p.Slots[0].Start
	}
	if n := d.unknownVariables(); n != "" {
		p.Notes = append(p.Notes, n)
	}
	return p
}

// unknownVariables says which variables no column has.
func (d *Draft) unknownVariables() string {
	unknown := d.Templates.Unknown()
	if len(unknown) == 0 {
		return ""
	}
	return fmt.Sprintf("no column of %s has %s, which the sequence writes without a default",
		d.Options.Contacts, strings.Join(unknown, ", "))
}
