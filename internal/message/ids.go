package message

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/dripline/dripline/internal/drip"
)

// MessageID is the id of the message of a contact and a step, without angle brackets. It is the same
// at any attempt, so that a message can be looked up after its outcome was lost, and it is a hash, so
// that it tells a reader nothing about the contact or the engagement.
func MessageID(engagement string, contact, step int, domain string) string {
	return digest("message-id", engagement, contact, step) + "@" + domain
}

// DriplineID is the value of the X-Dripline-Message header, by which a message is recognised in a
// mailbox or a server's log: engagement, contact and step.
func DriplineID(engagement string, contact, step int) string {
	return fmt.Sprintf("%s/%d/%d", engagement, contact, step)
}

// boundary separates the parts of a message. It is no part of the Message-ID, so that quoting that
// in a text cannot end a part.
func boundary(engagement string, contact, step int) string {
	return "dripline-" + digest("boundary", engagement, contact, step)
}

// digest is 128 bits of hash, as 32 characters.
func digest(use, engagement string, contact, step int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%d", use, engagement, contact, step))
	return hex.EncodeToString(sum[:16])
}

// SentID is the Message-ID that a letter has, or had, if it was sent from the account.
func SentID(from drip.Account, engagement string, contact, step int) (string, error) {
	a, err := newAddress(from.Name, from.Email)
	if err != nil {
		return "", fmt.Errorf("the sender's address: %w", err)
	}
	return MessageID(engagement, contact, step, a.domain()), nil
}
