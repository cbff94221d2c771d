package service

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// What a device puts must be there for the others, once, in the order in which it
// was stored, and byte for byte.
func TestPut_StoresInOrder(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	first := alice.event(tag.Name(), 1, wire.Hash{}, false)
	rows := []wire.Row{first, k.announce(), k.message(0), k.message(1)}
	receipts := must(t, d.Service, rows...)
	must(t, d.Service, alice.event(tag.Name(), 2, first.Hash(), false), k.message(7))
	again := must(t, d.Service, rows...)
	stored := box(t, d.Service, tag)
	if len(stored) != 6 {
		t.Fatalf("%d rows are stored", len(stored))
	}
	for i, s := range stored {
		if s.Seq != uint64(i+1) || i < len(rows) && !bytes.Equal(s.Row, rows[i].Encode()) || !s.At.Equal(d.clock.Now()) {
			t.Errorf("row %d: number %d", i, s.Seq)
		}
	}
	for i := range rows {
		if receipts[i].Seq != uint64(i+1) || again[i].Seq != receipts[i].Seq || again[i].Index < receipts[i].Index || receipts[i].Index == 0 {
			t.Errorf("receipt %d: %+v, again %+v", i, receipts[i], again[i])
		}
	}
}

// Whatever is not proved must not be stored, or a stranger writes into rooms; and
// the reason must be told, or nobody can help themselves.
func TestPut_Refuses(t *testing.T) {
	d := newDesk(t, Settings{})
	s := d.Service
	people := newPerson(t, d.clock.Now)
	alice, sibling := people.enrolled(s), people.enrolled(s)
	bob := newPerson(t, d.clock.Now).enrolled(s)
	ghost := newPerson(t, d.clock.Now).newDevice()
	revoked := people.enrolled(s)
	tag, other, closed := wire.NewTag(), wire.NewTag(), wire.NewTag()
	box1, box2, box3 := tag.Name(), other.Name(), closed.Name()
	k, foreign, old, last := alice.talk(box1), bob.talk(box2), revoked.talk(box1), alice.talk(box3)
	first := alice.event(box1, 1, wire.Hash{}, false)
	must(t, s, first, k.announce(), k.message(0), foreign.announce(), old.announce())
	must(t, s, last.announce(), last.message(0), alice.event(box3, 1, wire.Hash{}, true))
	people.list = signList(sibling, people.list.Without(revoked.id, d.clock.Now()))
	must(t, s, people.list)

	damaged := func(e wire.Event) wire.Event { e.Sealed = append([]byte{1}, e.Sealed...); return e }
	elsewhere := foreign.message(3)
	elsewhere.Mailbox = box1
	stolen := foreign.message(3) // signed by another session than it names
	stolen.Session, stolen.Mailbox = k.session, box1
	odd := k.messageOf(9, randomBytes(300))
	newer := k.message(9)
	newer.Suite = 2
	erasing := func(e wire.Erase, by *device) wire.Erase { e.Device = by.id; return signs(by, e) }
	inFuture := alice.event(box1, 2, first.Hash(), false)
	inFuture.At = wire.Time(d.clock.Now().Add(25 * time.Hour))
	retold := k.announce()
	retold.Mailbox = box2

	for name, test := range map[string]struct {
		row  wire.Row
		want core.Code
	}{
		"message, another session's signature":     {stolen, core.Denied},
		"message, session announced elsewhere":     {elsewhere, core.Denied},
		"message, session announced nowhere":       {bob.talk(box1).message(0), core.NotFound},
		"message, not padded":                      {odd, core.Invalid},
		"message, suite that is unknown":           {newer, core.Invalid},
		"message, other bytes under a taken index": {k.message(0), core.Conflict},
		"message, mailbox closed":                  {last.message(1), core.PreconditionFailed},
		"message, device revoked":                  {old.message(0), core.Denied},
		"event, content changed":                   {damaged(alice.event(box1, 2, first.Hash(), false)), core.Denied},
		"event, unknown device":                    {ghost.event(box1, 2, first.Hash(), false), core.Denied},
		"event, revoked device":                    {revoked.event(box1, 2, first.Hash(), false), core.Denied},
		"event, number left out":                   {alice.event(box1, 3, first.Hash(), false), core.Conflict},
		"event, other one before it":               {alice.event(box1, 2, wire.Hash{1}, false), core.Conflict},
		"event, place taken":                       {alice.event(box1, 1, wire.Hash{}, false), core.Conflict},
		"event, mailbox closed":                    {alice.event(box3, 2, wire.Hash{}, false), core.PreconditionFailed},
		"event, from the future":                   {signs(alice, inFuture), core.Invalid},
		"event, number 0":                          {alice.event(box1, 0, wire.Hash{}, false), core.Invalid},
		"announcement, revoked device":             {revoked.talk(box1).announce(), core.Denied},
		"announcement, mailbox closed":             {alice.talk(box3).announce(), core.PreconditionFailed},
		"announcement, session known elsewhere":    {signs(alice, retold), core.Conflict},
		"announcement, session of somebody else":   {signs(bob, wire.Announce{Mailbox: box1, Session: k.session, Device: bob.id, At: wire.Time(d.clock.Now())}), core.Conflict},
		"envelope, to a revoked device":            {alice.envelope(revoked.id), core.NotFound},
		"envelope, to nobody":                      {alice.envelope(ghost.id), core.NotFound},
		"envelope, from a revoked device":          {revoked.envelope(bob.id), core.Denied},
		"erasure, by a sibling":                    {erasing(alice.erase(k.session, 0), sibling), core.Denied},
		"erasure, by somebody else":                {erasing(alice.erase(k.session, 0), bob), core.Denied},
		"erasure, signed by another":               {func() wire.Row { e := bob.erase(k.session, 0); e.Device = alice.id; return e }(), core.Denied},
		"erasure, message not there":               {alice.erase(k.session, 5), core.NotFound},
		"erasure, session not there":               {alice.erase(wire.Session{1}, 0), core.NotFound},
		"knock, revoked device":                    {revoked.knock(box2), core.Denied},
		"acknowledgement, not signed by its receiver": {func() wire.Row {
			a := signs(bob, wire.Ack{Device: bob.id, At: wire.Time(d.clock.Now())})
			a.Device = alice.id
			return a
		}(), core.Denied},
		"typing":                       {signs(alice, wire.Fleeting{Mailbox: box1, Device: alice.id, At: wire.Time(d.clock.Now())}), core.Invalid},
		"fallback key, revoked device": {signs(revoked, wire.Prekey{Device: revoked.id, ID: 1, At: wire.Time(d.clock.Now())}), core.Denied},
	} {
		receipt := puts(t, s, test.row)[0]
		if receipt.Code != test.want || receipt.Why == "" {
			t.Errorf("%s: %q, want %q: %s", name, receipt.Code, test.want, receipt.Why)
		}
	}
	if n := len(box(t, s, tag)); n != 4 {
		t.Errorf("%d rows are stored in the end", n)
	}
	if _, err := s.As(wire.Caller{}).Put(t.Context(), nil); core.CodeOf(err) != core.Invalid {
		t.Errorf("no rows: %v", err)
	}
	if _, err := s.As(wire.Caller{}).Put(t.Context(), make([][]byte, wire.MaxPutRows+1)); core.CodeOf(err) != core.TooLarge {
		t.Errorf("too many rows: %v", err)
	}
	receipts, err := s.As(wire.Caller{}).Put(t.Context(), [][]byte{nil, {200}, make([]byte, wire.MaxRowBytes+1)})
	if want := []core.Code{core.Invalid, core.Invalid, core.TooLarge}; err != nil || !slices.Equal(codes(receipts), want) {
		t.Errorf("no rows at all: %v %v", codes(receipts), err)
	}
}

// Half of a change must never be stored: a room would have members who have no key.
// What belongs to other rooms is none of its business.
func TestPut_AllOrNoneOfAMailbox(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	one, two := wire.NewTag(), wire.NewTag()
	k, m := alice.talk(one.Name()), alice.talk(two.Name())
	must(t, d.Service, k.announce(), k.message(0))
	bad := alice.talk(one.Name()).message(0) // announced nowhere
	receipts := puts(t, d.Service, k.message(1), m.announce(), bad, alice.envelope(alice.id), m.message(0), k.message(2))
	want := []core.Code{core.NotFound, "", core.NotFound, "", "", core.NotFound}
	if !slices.Equal(codes(receipts), want) {
		t.Errorf("%v, want %v", codes(receipts), want)
	}
	if a, b := len(box(t, d.Service, one)), len(box(t, d.Service, two)); a != 2 || b != 2 {
		t.Errorf("%d and %d rows are stored", a, b)
	}
	// Some of them stored before, the others after an event that closes.
	closing := alice.event(one.Name(), 1, wire.Hash{}, true)
	if got := codes(puts(t, d.Service, k.message(0), k.message(1), closing, k.message(2))); got[3] != core.PreconditionFailed || got[1] != core.PreconditionFailed {
		t.Errorf("%v", got)
	}
	must(t, d.Service, k.message(1), closing)
	if got := codes(puts(t, d.Service, k.message(2))); got[0] != core.PreconditionFailed {
		t.Errorf("%v", got)
	}
	page, err := d.As(wire.Caller{}).Mailbox(t.Context(), one, 0, 0)
	if err != nil || !page.Closed || page.Last != 4 {
		t.Errorf("%+v %v", page, err)
	}
}

// Several steps of a room in one request are a chain, as they are in several.
func TestPut_EventsTogether(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	first := alice.event(tag.Name(), 1, wire.Hash{}, false)
	second := alice.event(tag.Name(), 2, first.Hash(), false)
	third := alice.event(tag.Name(), 3, second.Hash(), true)
	other := alice.event(tag.Name(), 2, first.Hash(), false)
	k := alice.talk(tag.Name())
	for name, test := range map[string]struct {
		rows []wire.Row
		want []core.Code
	}{
		"one left out":         {[]wire.Row{first, third}, []core.Code{core.Conflict, core.Conflict}},
		"in another order":     {[]wire.Row{second, first}, []core.Code{core.Conflict, core.Conflict}},
		"two in one place":     {[]wire.Row{first, second, other}, []core.Code{core.Conflict, core.Conflict, core.Conflict}},
		"one of them twice":    {[]wire.Row{first, first}, []core.Code{core.Conflict, core.Conflict}},
		"a row behind the end": {[]wire.Row{first, second, third, k.announce()}, []core.Code{core.PreconditionFailed, core.PreconditionFailed, core.PreconditionFailed, core.PreconditionFailed}},
	} {
		if got := codes(puts(t, d.Service, test.rows...)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if n := len(box(t, d.Service, tag)); n != 0 {
		t.Fatalf("%d rows are stored", n)
	}
	must(t, d.Service, k.announce(), first, k.message(0), second)
	must(t, d.Service, second, third)
	if n := len(box(t, d.Service, tag)); n != 5 {
		t.Errorf("%d rows are stored", n)
	}
}

// Who erases a message must be sure that its text is gone from the nodes, that the
// others are told, and that nobody can put another in its place.
func TestPut_Erases(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	message := k.message(0)
	must(t, d.Service, k.announce(), message, alice.event(tag.Name(), 1, wire.Hash{}, true))
	erase := alice.erase(k.session, 0)
	must(t, d.Service, erase)
	must(t, d.Service, erase)
	must(t, d.Service, message) // repeated by somebody who has not heard of it
	rows := box(t, d.Service, tag)
	if len(rows) != 4 || !bytes.Equal(rows[1].Row, erase.Encode()) || !bytes.Equal(rows[3].Row, erase.Encode()) {
		t.Fatalf("%d rows", len(rows))
	}
	held, err := d.As(wire.Caller{}).StoredAt(t.Context(), k.session, 0)
	if err != nil || held.Seq != 2 || !slices.Equal(held.By, []string{"here-name"}) || !slices.Equal(held.All, held.By) || held.Index == 0 {
		t.Errorf("%+v %v", held, err)
	}
	if _, err = d.As(wire.Caller{}).StoredAt(t.Context(), k.session, 1); core.CodeOf(err) != core.NotFound {
		t.Errorf("%v", err)
	}
}

// Envelopes wait for their device until it signs for them, or for 90 days; each is
// delivered once.
func TestPut_Envelopes(t *testing.T) {
	d := newDesk(t, Settings{})
	alice, bob := newPerson(t, d.clock.Now).enrolled(d.Service), newPerson(t, d.clock.Now).enrolled(d.Service)
	list := []wire.Envelope{alice.envelope(bob.id), alice.envelope(bob.id), bob.envelope(bob.id)}
	must(t, d.Service, list[0], list[1], list[2])
	inbox := func(after uint64) wire.Page {
		t.Helper()
		page, err := d.As(bob.caller()).Inbox(t.Context(), after, 0)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	if page := inbox(1); len(page.Rows) != 2 || page.Last != 3 || !bytes.Equal(page.Rows[0].Row, list[1].Encode()) {
		t.Fatalf("%+v", page)
	}
	taken := list[0] // same name, other bytes
	taken.Body = randomBytes(10)
	if got := puts(t, d.Service, signs(alice, taken))[0].Code; got != core.Conflict {
		t.Errorf("%q", got)
	}
	must(t, d.Service, signs(bob, wire.Ack{Device: bob.id, Envelopes: []wire.EnvelopeID{list[0].ID, list[1].ID}, At: wire.Time(d.clock.Now())}))
	more := alice.envelope(bob.id)
	if must(t, d.Service, more)[0].Seq != 4 {
		t.Error("a number is used again")
	}
	if page := inbox(0); len(page.Rows) != 2 || page.Rows[0].Seq != 3 {
		t.Errorf("%+v", page)
	}
	// A new key for a room, one of whose devices is gone: the others get theirs, once.
	carol := newPerson(t, d.clock.Now).enrolled(d.Service)
	rows := []wire.Row{alice.envelope(carol.id), alice.envelope(alice.id), alice.envelope(wire.Fingerprint{9}), alice.envelope(carol.id)}
	for range 2 {
		receipts := puts(t, d.Service, rows...)
		if !slices.Equal(codes(receipts), []core.Code{"", "", core.NotFound, ""}) || receipts[0].Seq != 1 || receipts[1].Seq != 1 || receipts[3].Seq != 2 {
			t.Errorf("%+v", receipts)
		}
	}
	rest := []wire.Row{alice.envelope(carol.id), alice.envelope(alice.id)}
	if receipts := must(t, d.Service, rest...); receipts[0].Seq != 3 || receipts[1].Seq != 2 {
		t.Errorf("%+v", receipts)
	}
	d.clock.Pass(EnvelopeLife - time.Hour)
	if err := d.sweep(t.Context()); err != nil || len(inbox(0).Rows) != 2 {
		t.Errorf("removed too early: %v", err)
	}
	d.clock.Pass(2 * time.Hour)
	if err := d.sweep(t.Context()); err != nil || len(inbox(0).Rows) != 0 || inbox(0).Last != 4 {
		t.Errorf("not removed: %v", err)
	}
	if _, err := d.As(wire.Caller{}).Inbox(t.Context(), 0, 0); core.CodeOf(err) != core.Unauthenticated {
		t.Errorf("nobody's inbox: %v", err)
	}
}

// One wallet must not be able to fill everybody's disk, nor be shut out for ever.
func TestPut_Quota(t *testing.T) {
	d := newDesk(t, Settings{Messages: Rate{3, 5}, Changes: Rate{5, 5}, Envelopes: Rate{2, 2}})
	alice, bob := newPerson(t, d.clock.Now).enrolled(d.Service), newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k, m, others := alice.talk(tag.Name()), alice.talk(wire.NewTag().Name()), bob.talk(tag.Name())
	must(t, d.Service, k.announce(), m.announce(), others.announce(), k.message(0), k.message(1))
	for _, step := range []struct {
		row  wire.Row
		want core.Code
		wait time.Duration
	}{
		{row: m.message(0)},
		{row: k.message(2), want: core.Limited},
		{row: k.message(0), want: core.Conflict}, // not "later": it never will be
		{row: others.message(0)},
		{row: k.message(3), wait: time.Minute},
		{row: k.message(4)},
		{row: k.message(5), want: core.Limited},
		{row: k.message(5), want: core.Limited, wait: time.Minute},
		{row: k.message(5), wait: 24 * time.Hour},
		{row: alice.envelope(bob.id)},
		{row: alice.envelope(alice.id)},
		{row: alice.envelope(bob.id), want: core.Limited},
		{row: bob.envelope(bob.id)},
	} {
		d.clock.Pass(step.wait)
		if got := puts(t, d.Service, step.row)[0]; got.Code != step.want {
			t.Errorf("%s: %q, want %q: %s", step.row.Kind(), got.Code, step.want, got.Why)
		}
	}
	got := codes(puts(t, d.Service, k.message(10), k.message(11), k.message(12), k.message(13)))
	if !slices.Equal(got, []core.Code{core.Limited, core.Limited, core.Limited, core.Limited}) || len(box(t, d.Service, tag)) != 8 {
		t.Errorf("more at once than in a minute: %v; %d rows", got, len(box(t, d.Service, tag)))
	}
	d.clock.Pass(3 * 24 * time.Hour)
	if err := d.sweep(t.Context()); err != nil {
		t.Error(err)
	}
	rows, err := d.query(t.Context(), core.QueryOptions{}, stmt(`SELECT count(*) FROM usage`))
	if err != nil || number(rows.Values[0][0]) != 0 {
		t.Errorf("counts are kept: %v %v", rows, err)
	}
}

// Who only passes gossip on sees the names of mailboxes, and has a wallet of his own:
// he must not be able to write into a room, or to close it.
func TestPut_TakesTheNameForNoTag(t *testing.T) {
	d := newDesk(t, Settings{})
	alice, relay := newPerson(t, d.clock.Now).enrolled(d.Service), newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	first := alice.event(tag.Name(), 1, wire.Hash{}, false)
	k, intruder := alice.talk(tag.Name()), relay.talk(tag.Name())
	put := func(as wire.Caller, rows ...wire.Row) core.Code {
		t.Helper()
		encoded := make([][]byte, len(rows))
		for i, r := range rows {
			encoded[i] = r.Encode()
		}
		receipts, err := d.As(as).Put(t.Context(), encoded)
		if err != nil {
			t.Fatal(err)
		}
		return receipts[len(rows)-1].Code
	}
	if got := put(alice.caller(), first); got != "" { // she makes the mailbox
		t.Errorf("%q", got)
	}
	if got := put(alice.caller(), k.announce(), k.message(0)); got != "" {
		t.Errorf("%q", got)
	}
	for name, row := range map[string]wire.Row{"event": relay.event(tag.Name(), 2, first.Hash(), true), "announcement": intruder.announce()} {
		if got := put(relay.caller(), row); got != core.Limited {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := put(relay.caller(), k.message(1)); got != "" { // he may pass on what she has signed
		t.Errorf("%q", got)
	}
	if got := put(relay.caller(), alice.event(tag.Name(), 2, first.Hash(), false)); got != "" {
		t.Errorf("%q", got)
	}
	if got := put(relay.caller(), relay.knock(tag.Name())); got != "" {
		t.Errorf("%q", got)
	}
	if got := put(relay.caller(), intruder.announce()); got != core.Limited { // nor does all that open the door to him
		t.Errorf("%q", got)
	}
	if _, err := d.As(relay.caller()).Mailbox(t.Context(), tag, 0, 0); err != nil { // she has let him in
		t.Fatal(err)
	}
	if got := put(relay.caller(), intruder.announce(), intruder.message(0)); got != "" {
		t.Errorf("%q", got)
	}
}

// What is remembered of who has shown what must not grow without end.
func TestShown_Bounded(t *testing.T) {
	s := shown{seen: map[showing]bool{}}
	s.add(wire.Fingerprint{}, wire.Name{1})
	if s.has(wire.Fingerprint{}, make([]byte, 16)) || len(s.seen) != 0 {
		t.Error("nobody is remembered")
	}
	for i := range maxShown + 1 {
		s.add(wire.Fingerprint{1}, wire.Name{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	if len(s.seen) != 1 || !s.has(wire.Fingerprint{1}, append([]byte{0x40, 0x0d, 0x03}, make([]byte, 13)...)) {
		t.Errorf("%d are remembered", len(s.seen))
	}
}
