package sqlite

import "github.com/dripline/dripline/internal/drip"

// projection tells in which slot a planned message will leave if all goes as booked. Nothing stores
// that: a plan books counts, and which message takes which booking is decided as it is claimed. So the
// bookings of an account and step are walked in order of their slots, and the queue beside them.
type projection struct {
	steps int
	slots []drip.Slot // by contact and step
}

func (p *projection) slot(contact, step int) drip.Slot { return p.slots[(contact-1)*p.steps+step-1] }

// lane is one account and step.
type lane struct {
	account int64
	step    int
}

// room is what is unused of a lane in one slot.
type room struct {
	slot  drip.Slot
	count int
}

// turn is a message in its lane's queue, and from when on it may leave.
type turn struct {
	contact int
	due     drip.Slot
}

func (v *view) project(e engagement, inHand map[message]drip.Slot) (*projection, error) {
	p := &projection{steps: e.steps, slots: make([]drip.Slot, e.contacts*e.steps)}
	rooms := map[lane][]room{}
	err := v.each("SELECT account, step, slot, unused FROM capacity WHERE engagement = ? AND unused > 0 ORDER BY slot",
		[]any{e.number}, func(scan func(...any) error) error {
			var l lane
			var r room
			err := scan(&l.account, &l.step, &r.slot, &r.count)
			rooms[l] = append(rooms[l], r)
			return err
		})
	if err != nil || len(rooms) == 0 {
		return p, err
	}
	queues := map[lane][]turn{}
	err = v.each(`SELECT account, step, due, contact FROM messages
		WHERE engagement = ? AND state = 0 AND due IS NOT NULL ORDER BY account, step, due, contact`,
		[]any{e.number}, func(scan func(...any) error) error {
			var l lane
			var t turn
			err := scan(&l.account, &l.step, &t.due, &t.contact)
			if _, held := inHand[message{t.contact, l.step}]; !held {
				queues[l] = append(queues[l], t)
			}
			return err
		})
	if err != nil {
		return p, err
	}
	accounts, err := accountIDs(v, e.number)
	for account := range accounts {
		var followers []turn
		for step := 1; step <= e.steps; step++ {
			l := lane{account, step}
			followers = p.walk(step, append(queues[l], followers...), rooms[l])
		}
	}
	return p, err
}

// walk gives each message of a queue the first room that is not before it may leave, and returns
// those messages as what the next step's queue ends with: they may follow in any later slot.
func (p *projection) walk(step int, queue []turn, rooms []room) []turn {
	var followers []turn
	for _, t := range queue {
		for len(rooms) > 0 && (rooms[0].count == 0 || rooms[0].slot < t.due) {
			rooms = rooms[1:]
		}
		if len(rooms) == 0 {
			break
		}
		rooms[0].count--
		p.slots[(t.contact-1)*p.steps+step-1] = rooms[0].slot
		followers = append(followers, turn{t.contact, rooms[0].slot.Add(drip.SlotLength)})
	}
	return followers
}
