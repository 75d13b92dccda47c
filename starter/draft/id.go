package draft

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// An id stands in workflow ids, message ids and file names.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func checkID(id string) error {
	if id == "" || validID.MatchString(id) {
		return nil
	}
	return &drip.InputError{File: "--id", Problem: fmt.Sprintf("%q is no id", id),
		Fix: "use up to 64 letters, digits, dots, dashes and underscores, the first a letter or digit"}
}

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

// chooseID gives the draft an id that no engagement has: the user's own, or the first free one made
// from the sequence's name and the seed. So a preview names the id that the engagement after it gets.
func (d *Draft) chooseID(ctx context.Context, l ledger.Ledger) error {
	if d.Options.ID != "" {
		free, err := isFree(ctx, l, d.Options.ID)
		if err == nil && !free {
			return exists(d.Options.ID)
		}
		return err
	}
	if d.Engagement.ID != "" {
		return nil
	}
	slug := strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(d.Engagement.Sequence.Name), "-"), "-")
	if slug == "" {
		slug = "sequence"
	}
	slug = strings.Trim(slug[:min(len(slug), 40)], "-")
	for n := uint64(0); ; n++ {
		id := slug + "-" + suffix(d.Engagement.Seed, n)
		free, err := isFree(ctx, l, id)
		if err != nil {
			return err
		}
		if free {
			d.Engagement.ID = id
			return nil
		}
	}
}

func exists(id string) error {
	return &drip.InputError{File: "--id", Problem: fmt.Sprintf("the engagement %s exists", id),
		Fix: "choose another id, or leave --id out"}
}

// suffix is four characters, enough for a person's ledger to rarely need the next.
func suffix(seed, n uint64) string {
	sum := fnv.New64a()
	sum.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), n))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum.Sum(nil))[:4])
}

func isFree(ctx context.Context, l ledger.Ledger, id string) (bool, error) {
	_, err := l.Engagement(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return true, nil
	}
	return false, err
}
