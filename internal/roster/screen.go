package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// Options say how contacts are screened and distributed.
type Options struct {
	From     drip.From
	Accounts []drip.Account // the team's
	Seed     uint64         // of FromList
	Again    bool           // keeps those who were engaged before
	// Standings tells of the people (drip.Person) that are known for anything. nil: nobody is known.
	Standings func(ctx context.Context, people []string) (map[string]drip.Standing, error)
	// Missing names a variable that a message needs and the contact lacks. nil: none is ever missing.
	Missing func(values []string) (variable string, missing bool)
	// Progress is told now and then how much of the file has been read, at last all of it.
	Progress func(bytesRead, bytesTotal int64)
}

// Summary is the outcome of one pass over a file.
type Summary struct {
	Contacts int           // kept
	Senders  []drip.Sender // the accounts that have contacts, in the order of the team
	Held     []drip.Held   // in the order of the file
}

// Screen reads the file from its start, holds whom it must, gives each other contact its account and
// hands them to each, in the order of the file, in batches that each may keep. It may be called again,
// and comes to the same result as long as the options answer the same.
func (f *File) Screen(ctx context.Context, opts Options, each func([]drip.Contact) error) (Summary, error) {
	senders, err := newSenders(opts)
	if err != nil {
		return Summary{}, err
	}
	in, records, err := f.reopen()
	if err != nil {
		return Summary{}, err
	}
	defer in.Close()
	s := &screening{opts: opts, senders: senders, seen: map[string]int{}, held: []drip.Held{}}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return Summary{}, err
		}
		var rows []drip.Contact
		if rows, more, err = f.readRows(records); err != nil {
			return Summary{}, err
		}
		kept, err := s.screen(ctx, rows)
		if err != nil {
			return Summary{}, err
		}
		if len(kept) > 0 {
			if err := each(kept); err != nil {
				return Summary{}, err
			}
		}
		if opts.Progress != nil {
			opts.Progress(f.progress(in, more), f.size)
		}
	}
	return Summary{Contacts: s.kept, Senders: senders.summary(), Held: s.held}, nil
}

// progress is how far into the file a pass has read.
func (f *File) progress(in io.Seeker, more bool) int64 {
	at, err := in.Seek(0, io.SeekCurrent)
	if err != nil || !more {
		return f.size
	}
	return min(at, f.size)
}

// readRows reads the next batch of rows as contacts; more says that the file may hold others.
func (f *File) readRows(records *recordReader) (rows []drip.Contact, more bool, err error) {
	width := len(f.header.values)
	rows = make([]drip.Contact, 0, f.batch)
	values := make([]string, f.batch*width)
	for len(rows) < f.batch {
		fields, line, err := records.next()
		if errors.Is(err, io.EOF) {
			return rows, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		own := values[len(rows)*width:][:width:width]
		c, err := f.header.contact(records, fields, line, own)
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, c)
	}
	return rows, true, nil
}

// screening is one pass. What it keeps for its whole length is copied out of the rows, so that the
// rows themselves can go.
type screening struct {
	opts    Options
	senders *senders
	seen    map[string]int // the row of each valid address so far, by person
	kept    int
	held    []drip.Held
}

// candidate is a contact whom the file alone gives no reason to hold, or the one held for it.
type candidate struct {
	person string
	reason drip.HeldReason
	detail string
}

// screen judges a batch of rows and returns those that are kept, with their accounts. It reuses rows.
func (s *screening) screen(ctx context.Context, rows []drip.Contact) ([]drip.Contact, error) {
	candidates := make([]candidate, len(rows))
	people := make([]string, 0, len(rows))
	for i, c := range rows {
		candidates[i] = s.identify(c)
		if candidates[i].reason == "" {
			people = append(people, candidates[i].person)
		}
	}
	standings, err := s.standings(ctx, people)
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for i, c := range rows {
		reason, detail := candidates[i].reason, candidates[i].detail
		if reason == "" {
			reason, detail = s.judge(c, standings[candidates[i].person])
		}
		if reason != "" {
			s.held = append(s.held, drip.Held{Email: strings.Clone(c.Email), Row: c.Row, Reason: reason, Detail: strings.Clone(detail)})
			continue
		}
		c.Account = s.senders.next(c)
		kept = append(kept, c)
	}
	s.kept += len(kept)
	return kept, nil
}

// identify finds who a row is, and what the address alone is held for.
func (s *screening) identify(c drip.Contact) candidate {
	if fault := addressFault(c.Email); fault != "" {
		return candidate{reason: drip.HeldInvalidEmail, detail: fault}
	}
	person := drip.Person(c.Email)
	if first, known := s.seen[person]; known {
		return candidate{reason: drip.HeldDuplicate, detail: "row " + strconv.Itoa(first)}
	}
	person = strings.Clone(person)
	s.seen[person] = c.Row
	return candidate{person: person}
}

func (s *screening) standings(ctx context.Context, people []string) (map[string]drip.Standing, error) {
	if s.opts.Standings == nil || len(people) == 0 {
		return nil, nil
	}
	standings, err := s.opts.Standings(ctx, people)
	if err != nil {
		return nil, fmt.Errorf("looking up what is known of the contacts: %w", err)
	}
	return standings, nil
}

// judge finds the first reason, in the order of the drip constants, to hold a contact whose address
// is good and new.
func (s *screening) judge(c drip.Contact, standing drip.Standing) (drip.HeldReason, string) {
	switch {
	case standing.Blocked != "":
		return drip.HeldBlocklisted, standing.Blocked
	case standing.Active != "":
		return drip.HeldActiveElsewhere, standing.Active
	case standing.Past != "" && !s.opts.Again:
		return drip.HeldAlreadyEngaged, standing.Past
	}
	if s.opts.Missing != nil {
		if variable, missing := s.opts.Missing(c.Values); missing {
			return drip.HeldMissingVariable, variable
		}
	}
	if s.senders.hasNone(c) {
		return drip.HeldNoOwner, c.Owner
	}
	return "", ""
}
