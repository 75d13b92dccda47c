package smtp

import (
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// How long to wait before the next try, by what has to happen first.
const (
	afterNoise  = time.Minute      // nothing: a connection broke
	afterBusy   = 5 * time.Minute  // the server finds room
	afterLimit  = 15 * time.Minute // a limit over some minutes passes
	afterDay    = time.Hour        // a day's quota passes
	afterMend   = 15 * time.Minute // somebody mends the account
	afterRefuse = 15 * time.Minute // greylisting and the like end
)

// verdict is the table of the package comment.
func (f *fault) verdict() (drip.Verdict, time.Duration) {
	switch f.by {
	case byCaller:
		return drip.AccountFault, 0
	case byAccount:
		return drip.AccountFault, afterMend
	case byMessage:
		return drip.Rejected, 0
	}
	switch {
	case f.heard() == hadAnswer:
		return f.reply().judge(f.at)
	case f.at == finalDot:
		return drip.OutcomeUnknown, 0
	default:
		return drip.AccountFault, afterNoise
	}
}

// judge says what an answer means at a stage.
func (r reply) judge(at stage) (drip.Verdict, time.Duration) {
	if wait, limit := r.limit(); limit {
		return drip.AccountFault, wait
	}
	temporary := r.code/100 == 4
	switch {
	case r.code == 421:
		return drip.AccountFault, afterNoise
	case r.wantsLogin(), r.refusesSender():
		return drip.AccountFault, afterMend
	case at <= sender && temporary:
		return drip.AccountFault, afterBusy
	case at <= sender:
		return drip.AccountFault, afterMend
	case temporary:
		return drip.Deferred, afterRefuse
	default:
		return drip.Rejected, 0
	}
}

// limit says that the mailbox's own limit is reached, which is no word about the contact. Where a
// server gives no enhanced status, the codes that mean little else count without.
func (r reply) limit() (wait time.Duration, limit bool) {
	switch r.code {
	case 421:
		return afterLimit, strings.HasPrefix(r.status, "4.7.")
	case 432:
		return afterBusy, r.status == "4.3.2" || r.status == ""
	case 450:
		return afterLimit, r.status == "4.2.1"
	case 452:
		return afterBusy, r.status != "4.2.2"
	case 454:
		return afterLimit, r.status == "4.7.0" || r.status == ""
	case 550:
		return afterDay, r.status == "5.4.5"
	default:
		return 0, false
	}
}

// wantsLogin says that the server takes nothing from whoever has not logged in, or not like that.
func (r reply) wantsLogin() bool {
	return r.code == 530 || r.code == 534 || r.code == 535 || r.code == 538
}

// refusesSender says that the answer is about the sender, wherever it comes.
func (r reply) refusesSender() bool {
	switch r.status {
	case "4.1.7", "4.1.8", "5.1.7", "5.1.8":
		return true
	default:
		return r.code == 553 && r.status == "5.7.1"
	}
}
