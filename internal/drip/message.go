package drip

import "time"

// MessageState is where one message (a contact and a step) stands. The ways between the states:
//
//	planned → claimed → sent | failed | unknown
//	planned → skipped
//	claimed → planned   only where it is certain that nothing left
type MessageState string

// The states of a message.
const (
	Planned MessageState = "planned"
	Claimed MessageState = "claimed" // handed to the mail server now; the ledger knew before the socket did
	Sent    MessageState = "sent"    // accepted by the mail server
	Failed  MessageState = "failed"  // refused for good
	Skipped MessageState = "skipped" // never to be sent, with a reason
	Unknown MessageState = "unknown" // handed over, outcome never learnt; never sent again by itself
)

// Verdict is what became of one attempt to hand a message over.
type Verdict string

// The verdicts. Delivered and Unknown may have reached the contact; the others surely did not.
const (
	Delivered      Verdict = "delivered"       // the server took responsibility (2xx after the final dot)
	Rejected       Verdict = "rejected"        // the server refused this message or contact for good (5xx)
	Deferred       Verdict = "deferred"        // the server refused this message for now (4xx)
	AccountFault   Verdict = "account_fault"   // login, TLS, connection, the mailbox's own limits: not the contact's fault
	OutcomeUnknown Verdict = "outcome_unknown" // connection lost or timed out after the final dot
	NotRenderable  Verdict = "not_renderable"  // no message could be made for the contact; no socket saw it
)

// Outcome is a verdict with what the server said.
type Outcome struct {
	Verdict Verdict
	At      time.Time // when the verdict was known; never before the server accepted
	// Answer is the server's answer, or what was being done when it failed. It holds no address, no
	// secret and nothing of the message.
	Answer string
	// RetryAfter, for AccountFault and Deferred, is how long to wait at least before the next try.
	RetryAfter time.Duration
}
