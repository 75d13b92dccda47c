package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/message"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/starter/draft"
)

func (a *app) render() *cobra.Command {
	var contact, out string
	c := &cobra.Command{
		Use:   "render SEQUENCE CONTACTS",
		Short: "Every message as it would leave, as .eml",
		Args:  program.ExactArgs(2),
	}
	o := a.draftFlags(c)
	c.Flags().StringVar(&contact, "contact", "", "only this contact's, by `EMAIL`")
	c.Flags().StringVar(&out, "out", "", "write one file a message into `DIR` (default: print them)")
	c.RunE = func(c *cobra.Command, args []string) error {
		d, err := a.load(o, args, a.Now())
		if err != nil {
			return err
		}
		r := &renderer{app: a, draft: d, person: drip.Person(contact), out: out}
		return r.run(c.Context())
	}
	return c
}

// renderer writes the messages of a draft.
type renderer struct {
	*app
	draft  *draft.Draft
	person string // empty: everybody
	out    string // a folder, or empty: print
	number int    // of the contact
	files  []rendered
}

// rendered is the JSON of one message that was written.
type rendered struct {
	Email     string `json:"email"`
	Step      int    `json:"step"`
	Account   string `json:"account"`
	Subject   string `json:"subject"`
	MessageID string `json:"message_id"`
	File      string `json:"file,omitempty"`
	Message   string `json:"message,omitempty"` // where it is not in a file
}

func (r *renderer) run(ctx context.Context) error {
	l, err := r.openLedger(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	if r.out != "" {
		if err := os.MkdirAll(r.out, 0o755); err != nil {
			return &drip.InputError{File: r.out, Problem: "the folder cannot be made", Fix: "choose another folder"}
		}
	}
	r.files = []rendered{}
	held, err := r.draft.Each(ctx, l, r.contact)
	if err != nil {
		return err
	}
	if len(r.files) == 0 {
		return r.nothing(held)
	}
	if r.json {
		return show.JSON(r.Stdout, r.files)
	}
	if r.out != "" {
		fmt.Fprintf(r.Stdout, "%s in %s\n", show.Count(len(r.files), "message"), r.out)
	}
	return nil
}

// nothing says why there was nothing to render.
func (r *renderer) nothing(held []drip.Held) error {
	for _, h := range held {
		if drip.Person(h.Email) == r.person {
			problem := "this contact is held: " + show.HeldWord(h.Reason)
			if h.Detail != "" {
				problem += " (" + h.Detail + ")"
			}
			return &drip.InputError{File: r.draft.Options.Contacts, Line: h.Row, Problem: problem, Fix: "correct the row"}
		}
	}
	if r.person != "" {
		return &drip.InputError{File: "--contact", Problem: "no row of the contacts file has this address", Fix: "check its spelling"}
	}
	return &drip.InputError{File: r.draft.Options.Contacts, Problem: "all contacts are held", Fix: "see why with preview"}
}

func (r *renderer) contact(c drip.Contact) error {
	r.number++
	if r.person != "" && drip.Person(c.Email) != r.person {
		return nil
	}
	slot := r.draft.Engagement.Start
	for i, step := range r.draft.Engagement.Sequence.Steps {
		if i > 0 {
			slot = r.draft.Calendar.Due(c.Account, slot, step)
		} else if first, ok := r.draft.Calendar.NextAllowed(c.Account, slot); ok {
			slot = first
		}
		if err := r.message(c, i+1, slot.Start().In(r.draft.Calendar.Zone())); err != nil {
			return err
		}
	}
	return nil
}

func (r *renderer) message(c drip.Contact, step int, date time.Time) error {
	account, _ := r.draft.Team.Account(c.Account)
	mail, err := r.draft.Templates.Render(message.Letter{
		Engagement: r.draft.Engagement.ID, Contact: r.number, Step: step, Date: date,
		From: account, To: c.Email, Values: c.Values,
	})
	if err != nil {
		return &drip.InputError{File: r.draft.Options.Contacts, Line: c.Row,
			Problem: fmt.Sprintf("step %d cannot be made for this contact: %v", step, err), Fix: "correct the row or the template"}
	}
	done := rendered{Email: c.Email, Step: step, Account: c.Account, Subject: mail.Subject, MessageID: mail.MessageID}
	if err := r.write(&done, mail); err != nil {
		return err
	}
	r.files = append(r.files, done)
	return nil
}

func (r *renderer) write(done *rendered, mail *message.Mail) error {
	switch {
	case r.out != "":
		done.File = filepath.Join(r.out, fmt.Sprintf("%05d-step%d.eml", r.number, done.Step))
		if err := os.WriteFile(done.File, mail.Raw, 0o644); err != nil {
			return errors.Join(fmt.Errorf("write %s", done.File), err)
		}
	case r.json:
		done.Message = string(mail.Raw)
	default:
		fmt.Fprintf(r.Stdout, "%s\n", mail.Raw)
	}
	return nil
}
