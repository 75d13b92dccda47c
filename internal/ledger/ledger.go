// Package ledger is the store of engagements, contacts, bookings and every message's state. It is
// what makes "never twice, never silently lost" true:
//
//   - A message is claimed, in a committed transaction, before any socket sees it, and settled after.
//     A claim whose holder is gone becomes unknown, never planned again.
//   - An account has at most one message in hand at any moment, over all engagements and processes,
//     so what a crash can make unknown is a single message an account.
//   - Whether a quota allows one more message is decided inside the transaction that claims it, from
//     the messages the ledger has, never from a copy in memory.
//   - Capacity is booked in the transaction that reads what is booked, so no two engagements ever
//     book the same.
//   - A person is in at most one active engagement: a unique key decides, not a check before.
//
// A method that fails has changed nothing; Delivering names the one exception. That holds for a
// context that ends, too: it gives up a call that waits for its turn, and a call whose turn has come
// is finished and tells what became of it. Times are handed in: the ledger reads no clock.
package ledger

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrExists   = errors.New("an engagement with this id exists")
	ErrNotFound = errors.New("no such engagement")
	ErrState    = errors.New("the engagement's state does not allow it") // loading ones only load
	ErrTooNew   = errors.New("the ledger was written by a newer version of Dripline")
	ErrFenced   = errors.New("another attempt has taken over") // this attempt must stop at once
)

// Ledger is one open store. All methods may be called at once, and by several processes.
type Ledger interface {
	Engaging
	Planning
	Delivering
	Reading
	Blocklist
	// Snapshot writes a consistent copy of the whole ledger to a new file: the backup, and what a
	// rehearsal works on.
	Snapshot(ctx context.Context, path string) error
	io.Closer
}

// Engaging brings contacts in. An engagement is created in drip.StateLoading, filled, and becomes
// real, in one instant, with Planning.Plan. Until then nothing is promised and Abandon undoes it all;
// its people count as active from AddContacts on, so that two engagements made at once cannot share one.
type Engaging interface {
	// Standings tells of each person (drip.Person) that is known for anything. Any number may be asked.
	Standings(ctx context.Context, people []string) (map[string]drip.Standing, error)
	// Create begins an engagement in StateLoading. ErrExists if the id is used, or ever was; that of
	// an abandoned one is free again.
	Create(ctx context.Context, e drip.Engagement, now time.Time) error
	// AddContacts writes contacts (Account set) and a planned message for each step, all or none of
	// them. Contacts are numbered from 1 in the order they are added. Those who are in another active
	// engagement by now, or have been added to this one before, are not written but returned as held;
	// AddHeld records them. The first step's messages are due at the engagement's Start. Senders wait
	// while a batch is written: some 2,000 contacts at a time keep that unnoticed.
	AddContacts(ctx context.Context, id string, contacts []drip.Contact, now time.Time) ([]drip.Held, error)
	// AddHeld records who was left out.
	AddHeld(ctx context.Context, id string, held []drip.Held) error
	// Abandon removes an engagement that is still loading, with all it wrote.
	Abandon(ctx context.Context, id string) error
	// Purge abandons what was left loading by a process that is gone: what was not created, and had no
	// contacts added, since before.
	Purge(ctx context.Context, before time.Time) (ids []string, err error)
}

// Usage counts, for each account, the messages each slot has: booked, in hand, or handed over.
type Usage map[string]map[drip.Slot]int

// Cohort is how many contacts of an account have this step next, and from which slot on. Their later
// steps follow. A contact whose message is in hand at this moment is in no cohort: if it comes back,
// or is sent and has steps to follow, those are planned without a booking until the next plan.
type Cohort struct {
	Account string
	Step    int
	Due     drip.Slot
	Count   int
}

// Basis is all that a plan is made from.
type Basis struct {
	Engagement drip.Engagement
	State      drip.State
	// Used counts over all engagements, without this one's own bookings from PlanRequest.From on,
	// for slots after From-25h. It has every account that the cohorts name.
	Used Usage
	// Own counts what this engagement handed over or has in hand, per slot, over all its accounts,
	// for slots after From-25h.
	Own     map[drip.Slot]int
	Cohorts []Cohort // in order of account, step, due
}

// PlanRequest asks for a new plan from the slot From on.
type PlanRequest struct {
	ID   string
	From drip.Slot
	Now  time.Time
	// Require lists the states the engagement must be in (else ErrState); To is its state after.
	Require []drip.State
	To      drip.State
	// Reason, and Why for single accounts, are kept as a Move with what slots before From had planned
	// and did not use. Bookings from From on leave no trace.
	Reason string
	Why    map[string]string
}

// Move is a number of messages that a slot had planned and did not send, and why.
type Move struct {
	At      time.Time
	Slot    drip.Slot
	Account string
	Count   int
	Reason  string
}

// Planning books.
type Planning interface {
	// Usage reads what the accounts have booked or used in slots after since.
	Usage(ctx context.Context, accounts []string, since drip.Slot) (Usage, error)
	// Plan makes a new plan in one transaction: it gives back the engagement's bookings from From on
	// and what is unused before, reads the Basis, calls make, and books what that returns. Everybody
	// waits for make, which must not call the ledger; it may be called again if the transaction is
	// retried. An error from make changes nothing, nor does a booking that does not fit (before From,
	// of an account or step the engagement does not have, of no messages). A booking's Limit is kept
	// and read back with it. The engagement's reason is cleared; the first plan, of what was loading,
	// sets its Created to Now.
	Plan(ctx context.Context, req PlanRequest, make func(Basis) ([]drip.Booking, error)) error
	// Pause sets StatePaused and gives back every unused booking. What is in hand may still be
	// settled. Pausing what is paused changes nothing; ErrState if it has ended.
	Pause(ctx context.Context, id, reason string, now time.Time) error
	// End settles an engagement for good: planned messages become skipped with the reason, claimed
	// ones unknown, unused bookings are given back, its people are free. Ending what has ended
	// changes nothing.
	End(ctx context.Context, id string, state drip.State, reason string, now time.Time) error
}

// Lease is the right of one attempt to send an account's messages of one slot of an engagement.
// Taking it ends the right of every earlier attempt, however alive it still is.
type Lease struct {
	Engagement string
	Account    string
	Slot       drip.Slot
	Token      string // unique to the attempt
}

// Batch is what an attempt finds when it takes a lease.
type Batch struct {
	Engagement drip.Engagement
	State      drip.State
	Remaining  int // unused bookings of the slot for the account
}

// Settlement is what became of the message in hand.
type Settlement struct {
	Contact int // drip: the contact's number in its engagement
	Step    int
	Outcome drip.Outcome
	// MessageID is kept with the message.
	MessageID string
	// NextDue, for Delivered, is the first slot in which the contact's next step may leave.
	NextDue drip.Slot
	// RetryAt, for Deferred, is the slot to try again from; 0 gives up: the message has failed.
	RetryAt drip.Slot
}

// NextRequest settles the message in hand, if there is one, and claims the next, in one commit. A
// message in hand that is not settled makes Claim an error, as does a quota below 1.
type NextRequest struct {
	Lease  Lease
	Settle *Settlement
	// Claim asks for another message. Without it only Settle happens.
	Claim  bool
	Quotas drip.Quotas // the account's, as the worker's team file has them
	Now    time.Time   // of the claim
	// Until is when claims end in this slot; at or after it nothing is claimed.
	Until time.Time
}

// NextKind says what Next found.
type NextKind int

// The kinds.
const (
	NextNothing  NextKind = iota // only settled, or the slot holds nothing more for the account
	NextClaimed                  // Message is in hand
	NextWait                     // not before NextResult.Until, because of NextResult.Why
	NextSlotOver                 // Now is at or after NextRequest.Until
	NextStopped                  // the engagement is paused or has ended: State says which
)

// NextResult is what Next found.
type NextResult struct {
	Kind    NextKind
	Message Message
	// Until, of NextWait, is the first instant a claim can succeed as far as is known now. Why is what
	// stands in the way until then: "min_gap", "per_hour", "per_day", "in_hand" (another engagement
	// uses the account: ask again soon) or "account: " and the reason of its fault.
	Until time.Time
	Why   string
	State drip.State // the engagement's, whatever the kind
}

// Message is a claimed message: who and what.
type Message struct {
	Contact  int // number of the contact in its engagement, from 1
	Step     int
	Email    string
	Values   []string  // one for each of the engagement's Columns
	Attempts int       // earlier attempts that were deferred
	Planned  drip.Slot // the first slot it was due in
}

// Tally is the state of one account in one engagement.
type Tally struct {
	Steps []drip.Totals   // one for each step
	Slot  drip.SlotTotals // of the slot asked for, this account alone; Start is left zero
	Left  int             // unused bookings of that slot
}

// Delivering claims and settles.
//
// Next decides in this order: fenced (ErrFenced); settle; engagement stopped; slot over; nothing left
// to claim in the slot; account waiting after a fault; another message of the account in hand; min_gap,
// per_hour, per_day; then it claims: by the unused bookings of the slot, last step first, of each the
// message that was due first and is due by this slot. A contact who would be claimed but is blocklisted
// by now is skipped, with all later steps, and the next one taken; that spends no booking.
//
// What counts against a quota is a message that is claimed, sent or unknown, at the time its outcome
// was known (never before the server accepted it), so that the sender's own clock cannot let the
// server see more than the quota in any window. An account's times never run backwards: what would be
// earlier than the last counts, and is kept, as that.
//
// Settling:
//
//	Delivered       sent; the next step is due at NextDue
//	Rejected        failed, with the answer; later steps are skipped; the booking stays used
//	NotRenderable   as Rejected
//	OutcomeUnknown  unknown; later steps are skipped; the account waits for RetryAfter
//	Deferred        planned again, due at RetryAt; the booking stays used. Without RetryAt as Rejected
//	AccountFault    planned again, its booking unused again; the account waits for RetryAfter
//
// What is not in hand by this lease cannot be settled: an error that changes nothing. The exception is
// a message that was made unknown because its holder was taken for gone, by Take, by ClaimTimeout or by
// the end: who had it may still tell the truth. Delivered makes it sent, after all, and every other
// verdict but OutcomeUnknown failed. It goes on counting against the quotas (sent, from when that was
// known), and the steps after it stay skipped. If the attempt is fenced, the truth is kept and ErrFenced
// returned all the same: the one call that fails and has changed something.
type Delivering interface {
	// Take fences every earlier lease of the engagement and account, makes what they had in hand
	// unknown, and lets a scheduled engagement run. It may be taken in any state but StateLoading:
	// Batch.State says whether there is anything to do. The lease needs a Token.
	Take(ctx context.Context, lease Lease, now time.Time) (Batch, error)
	Next(ctx context.Context, req NextRequest) (NextResult, error)
	// State reads the engagement's state and reason: what a sender looks at while it waits.
	State(ctx context.Context, id string) (drip.State, string, error)
	// Tally reads the account's totals, and the slot's.
	Tally(ctx context.Context, id, account string, slot drip.Slot) (Tally, error)
}

// ClaimTimeout is how old a claim of another attempt may get before its holder counts as gone. It
// is above every deadline of a delivery.
const ClaimTimeout = 20 * time.Minute

// Info is an engagement with its state.
type Info struct {
	drip.Engagement
	State    drip.State
	Reason   string
	Contacts int
	Held     int
	Started  time.Time // zero before the first claim
	Finished time.Time // zero before the end
}

// AccountWait is why an account does not send, and until when.
type AccountWait struct {
	Account string
	Until   time.Time
	Reason  string
}

// SlotSums holds the plan of one slot against what happened in it. Planned is the plan as it was when
// the slot began, or as it stands for a slot to come: what was planned anew before is not in it, nor,
// while the engagement is paused, what the pause gave back. The others count messages by the slot they
// were handed over in. A slot without any of it is left out.
type SlotSums struct {
	Slot                           drip.Slot
	Planned, Sent, Failed, Unknown int
}

// Row is one message, with its contact.
type Row struct {
	Contact   int
	Email     string
	Account   string
	Step      int
	State     drip.MessageState
	Slot      drip.Slot // where it was handed over, or, still planned, where the bookings put it; 0 if nowhere
	SentAt    time.Time // of drip.Sent only
	MessageID string
	Answer    string
	Reason    string
}

// Reading tells what is, each call as of one instant. StateLoading engagements are never shown: they
// are ErrNotFound, here and in State and Tally.
type Reading interface {
	Engagement(ctx context.Context, id string) (Info, error) // ErrNotFound
	List(ctx context.Context) ([]Info, error)                // newest first
	// Bookings are the engagement's unused bookings from a slot on, in order of slot, account, step;
	// at most limit slots if that is above 0. more counts the slots left out.
	Bookings(ctx context.Context, id string, from drip.Slot, limit int) (b []drip.Booking, more int, err error)
	// Senders count contacts per account, in order of account.
	Senders(ctx context.Context, id string) ([]drip.Sender, error)
	HeldContacts(ctx context.Context, id string) ([]drip.Held, error)
	Totals(ctx context.Context, id string) ([]drip.AccountSteps, error)
	Slots(ctx context.Context, id string) ([]SlotSums, error)
	Waits(ctx context.Context, id string, now time.Time) ([]AccountWait, error)
	Moves(ctx context.Context, id string) ([]Move, error)
	// Messages calls each with every message in order of contact and step. An error from each ends it
	// and is returned.
	Messages(ctx context.Context, id string, each func(Row) error) error
}

// Blocklist keeps addresses and domains that are never written to, whatever the engagement. Entries
// are lower case; one without an @ is a domain, which also covers its subdomains.
type Blocklist interface {
	Block(ctx context.Context, entries []string, now time.Time) (added int, err error)
	Unblock(ctx context.Context, entries []string) (removed int, err error)
	Blocked(ctx context.Context) ([]string, error)
}
