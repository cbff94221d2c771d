package engine

// The simulator: five people with two devices each, in one room, and everything that
// can happen to them in any order. What happens is drawn from a seed; beside it a
// model keeps who may read what. SIM_SEEDS and SIM_STEPS say how much of it is run.

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// sent is a message as the model has it.
type sent struct {
	body    string
	readers map[wire.Fingerprint]bool // whose devices its sender knew as members'
	void    bool                      // its author had left when it was stored
}

// actor is a device with what the model knows of it.
type actor struct {
	*device
	view    int                                   // of the chain
	knows   map[wallet.Account][]wire.Fingerprint // live devices, as it learned them last
	lost    bool                                  // some of its letters were lost, or it was set back
	backups []backup
	dead    bool // revoked
}

// backup is a copy of a data folder.
type backup struct {
	records map[string][]byte
	read    map[inner.Ref]string
	box     int
	late    []stored
	opened  []wire.Envelope
	view    int
}

// thief is somebody with a copy of an actor's data folder.
type thief struct {
	of     *actor
	d      *device
	before []wire.Envelope // what the actor had opened when it was stolen from
}

type sim struct {
	t      *testing.T
	w      *world
	chance *rand.Rand
	owners []owner
	actors []*actor
	sent   map[inner.Ref]*sent
	thiefs []*thief
	count  int
}

// Whatever happens, every device reads exactly what it may: each message once, a
// removed member and a thief nothing later, and nothing is lost while somebody who
// has it is there.
func TestSimulator(t *testing.T) {
	seeds, steps := setting(t, "SIM_SEEDS", 4), setting(t, "SIM_STEPS", 150)
	first := setting(t, "SIM_FIRST", 1)
	for seed := first; seed < first+seeds; seed++ {
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			run(t, seed, steps)
		})
		if !ok {
			return
		}
	}
}

func setting(t *testing.T, name string, or uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return or
	}
	n, err := strconv.ParseUint(text, 10, 32)
	must(t, err)
	return n
}

func run(t *testing.T, seed, steps uint64) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat it by: SIM_FIRST=%d SIM_SEEDS=1 SIM_STEPS=%d go test -count=1 -run TestSimulator ./backend/anchat/engine", seed, steps)
		}
	})
	s := &sim{t: t, w: newWorld(t), chance: rand.New(rand.NewPCG(seed, 0)), sent: map[inner.Ref]*sent{}}
	for i := range 5 {
		o := newOwner(t, fmt.Sprint("person ", i))
		s.owners = append(s.owners, o)
		for range 2 {
			s.enrol(o)
		}
	}
	s.w.room.set(false, s.owners[0].account, s.owners[1].account, s.owners[2].account)
	for _, a := range s.actors {
		s.catchUp(a)
	}
	for range steps {
		s.w.now = s.w.now.Add(time.Duration(1+s.chance.IntN(90)) * time.Second)
		s.step()
	}
	s.judge()
}

func (s *sim) enrol(o owner) *actor {
	a := &actor{device: s.w.enrol(o), knows: map[wallet.Account][]wire.Fingerprint{}}
	a.view = len(s.w.room.steps) - 1
	s.actors = append(s.actors, a)
	return a
}

func (s *sim) step() {
	live := slices.DeleteFunc(slices.Clone(s.actors), func(a *actor) bool { return a.dead })
	a := live[s.chance.IntN(len(live))]
	switch n := s.chance.IntN(100); {
	case n < 43:
		s.send(a)
	case n < 63:
		s.catchUp(a)
	case n < 70:
		s.some(a)
	case n < 77:
		s.gossip(a)
	case n < 81:
		s.again(a)
	case n < 83:
		s.lose(a)
	case n < 86:
		a.restart()
	case n < 87:
		a.DropOutbound(s.w.room.id)
		a.save()
	case n < 89:
		s.come()
	case n < 91:
		s.leave(a)
	case n < 93:
		s.remove(a)
	case n < 95:
		s.keep(a)
	case n < 97:
		s.setBack(a)
	case n < 98:
		s.steal(a)
	case n < 99:
		s.revoke(a)
	default:
		s.w.now = s.w.now.Add(time.Duration(1+s.chance.IntN(5)) * 24 * time.Hour)
		s.publish()
	}
}

func (s *sim) isMember(a wallet.Account) bool { return slices.Contains(s.w.room.accounts(), a) }

// learnAll has a device look at everybody's devices.
func (s *sim) learnAll(a *actor) {
	for _, o := range s.owners {
		a.learn(o.account)
		lists := s.w.known[o.account].Lists
		a.knows[o.account] = lists[len(lists)-1].Live
	}
	a.save()
}

// catchUp reads all there is.
func (s *sim) catchUp(a *actor) {
	s.learnAll(a)
	a.sync()
	a.view = len(s.w.room.steps) - 1
}

// some reads a part, in the order in which it was stored.
func (s *sim) some(a *actor) {
	s.learnAll(a) // the harness learns whenever it has to: the model has to know
	inbox := s.w.inbox[a.Device()]
	for n := s.chance.IntN(4); n > 0 && a.mail < len(inbox); n-- {
		a.letter(inbox[a.mail])
		a.mail++
	}
	for n := s.chance.IntN(4); n > 0 && a.box < len(s.w.mailbox); n-- {
		a.row(s.w.mailbox[a.box])
		a.view = max(a.view, s.w.mailbox[a.box].step)
		a.box++
	}
	a.save()
}

// gossip brings a stored row early and out of order.
func (s *sim) gossip(a *actor) {
	if a.box >= len(s.w.mailbox) || !s.isMember(a.Account()) {
		return
	}
	row := s.w.mailbox[a.box+s.chance.IntN(len(s.w.mailbox)-a.box)]
	s.learnAll(a)
	row.at, row.step = s.w.now, a.view
	late := len(a.late)
	refused := len(a.refused)
	a.row(row)
	a.late, a.refused = a.late[:min(late, len(a.late))], a.refused[:refused] // the stored copy comes
	a.save()
}

// again brings a row or a letter that was there.
func (s *sim) again(a *actor) {
	s.learnAll(a)
	twice, refused := a.twice, len(a.refused)
	if a.mail > 0 {
		a.letter(s.w.inbox[a.Device()][s.chance.IntN(a.mail)])
	}
	if a.box > 0 {
		late := len(a.late)
		a.row(s.w.mailbox[s.chance.IntN(a.box)])
		a.late = a.late[:late]
	}
	if a.twice != twice {
		s.t.Errorf("a message was opened twice")
	}
	a.refused = a.refused[:refused]
	a.save()
}

// lose drops a letter that was not read yet.
func (s *sim) lose(a *actor) {
	inbox := s.w.inbox[a.Device()]
	if a.mail < len(inbox) {
		at := a.mail + s.chance.IntN(len(inbox)-a.mail)
		s.w.inbox[a.Device()] = slices.Delete(slices.Clone(inbox), at, at+1)
		a.lost = true
	}
}

// send seals with what the device knows, which may be old; when the service refuses,
// it reads and tries once more.
func (s *sim) send(a *actor) {
	s.count++
	body := fmt.Sprint("message ", s.count)
	for range 2 {
		if a.knows[a.Account()] == nil {
			s.learnAll(a)
		}
		v := view{s.w.room, a.view}
		rows, ref, err := a.Seal(v, text(body), s.w.now)
		if core.CodeOf(err) == core.Denied {
			return
		}
		must(s.t, err)
		if s.chance.IntN(20) == 0 { // killed before it was saved
			a.restart()
			continue
		}
		a.save()
		if err = s.put(a, rows); err == nil {
			s.note(a, v, ref, body)
			return
		}
		s.catchUp(a)
	}
}

// put is a service that looks at who is revoked.
func (s *sim) put(a *actor, rows []wire.Row) error {
	lists := s.w.known[a.Account()].Lists
	if !lists[len(lists)-1].Lives(a.Device()) {
		return core.Errorf(core.Denied, "revoked")
	}
	return s.w.put(rows...)
}

// note tells the model who may read a message.
func (s *sim) note(a *actor, v view, ref inner.Ref, body string) {
	m := &sent{body: body, readers: map[wire.Fingerprint]bool{a.Device(): true}, void: !s.isMember(a.Account())}
	for _, member := range v.Members() {
		for _, f := range a.knows[member.Account] {
			m.readers[f] = true
		}
	}
	s.sent[ref] = m
	a.note(ref, body)
}

func (s *sim) come() {
	o := s.owners[s.chance.IntN(len(s.owners))]
	if !s.isMember(o.account) {
		s.w.room.set(false, append(s.w.room.accounts(), o.account)...)
	}
}

// leave takes a person out; the device that does it knows at once.
func (s *sim) leave(a *actor) {
	if s.isMember(a.Account()) && len(s.w.room.accounts()) > 2 {
		s.catchUp(a)
		s.w.room.set(false, slices.DeleteFunc(s.w.room.accounts(), func(b wallet.Account) bool { return b == a.Account() })...)
		a.view = len(s.w.room.steps) - 1
	}
}

// remove takes somebody else out, and the room moves.
func (s *sim) remove(a *actor) {
	members := s.w.room.accounts()
	if !s.isMember(a.Account()) || len(members) <= 2 {
		return
	}
	s.catchUp(a)
	whom := members[s.chance.IntN(len(members))]
	if whom != a.Account() {
		s.w.room.set(true, slices.DeleteFunc(members, func(b wallet.Account) bool { return b == whom })...)
		a.view = len(s.w.room.steps) - 1
	}
}

func (s *sim) keep(a *actor) {
	a.backups = append(a.backups, backup{records: maps.Clone(a.records), read: maps.Clone(a.read), box: a.box, late: slices.Clone(a.late), opened: slices.Clone(a.opened), view: a.view})
}

// setBack brings an old data folder back. The letters of since then were
// acknowledged, and are gone.
func (s *sim) setBack(a *actor) {
	if len(a.backups) == 0 {
		return
	}
	b := a.backups[s.chance.IntN(len(a.backups))]
	a.records, a.read, a.box, a.late, a.view = maps.Clone(b.records), maps.Clone(b.read), b.box, slices.Clone(b.late), b.view
	a.opened = slices.Clone(b.opened)
	a.restart()
	a.Restored()
	rows, err := a.Publish(s.w.now)
	must(s.t, err)
	a.save()
	must(s.t, s.w.put(rows...))
	a.lost = true
	s.learnAll(a)
}

// steal copies a data folder; the thief sees everything that comes to it.
func (s *sim) steal(a *actor) {
	if len(s.thiefs) >= 3 {
		return
	}
	d := &device{w: s.w, owner: a.owner, records: maps.Clone(a.records), read: map[inner.Ref]string{}, mail: a.mail}
	d.restart()
	s.thiefs = append(s.thiefs, &thief{of: a, d: d, before: slices.Clone(a.opened)})
}

// revoke ends a device, and its owner takes a new one. What was stolen of it is worth
// nothing from then on.
func (s *sim) revoke(a *actor) {
	at := slices.IndexFunc(s.actors, func(b *actor) bool { return !b.dead && b != a && b.Account() == a.Account() })
	if at < 0 {
		return
	}
	s.learnAll(a)
	rows, err := a.Revoke(s.actors[at].Device(), s.w.now)
	must(s.t, err)
	must(s.t, s.w.put(rows...))
	s.actors[at].dead = true
	s.w.now = s.w.now.Add(time.Second)
	s.learnAll(a)
	s.learnAll(s.enrol(a.owner))
	a.save()
}

func (s *sim) publish() {
	for _, a := range s.actors {
		if a.dead {
			continue
		}
		rows, err := a.Publish(s.w.now)
		must(s.t, err)
		a.save()
		must(s.t, s.w.put(rows...))
	}
}
