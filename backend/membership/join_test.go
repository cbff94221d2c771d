package membership

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// invite makes a ticket and reads it back.
func invite(t testing.TB, m *alone, ttl time.Duration) (core.Ticket, Invitation) {
	t.Helper()
	ticket, err := m.Invite(t.Context(), core.InviteOptions{TTL: ttl})
	if err != nil {
		t.Fatal(err)
	}
	i, err := ParseTicket(ticket.Text)
	if err != nil {
		t.Fatal(err)
	}
	return ticket, i
}

func asks(i Invitation) request {
	return request{Ask: askJoin, Network: i.Network, Ticket: i.ID, Secret: hex.EncodeToString(i.secret[:]), Name: "newcomer"}
}

// somebody is a peer that is nowhere.
func somebody(n int) peer.ID { return peer.ID(fmt.Sprintf("\x00\x24\x08\x01\x12\x20%032d", n)) }

// If two that find the same ticket both get in, a ticket that leaked lets
// everybody in.
func TestTicket_AdmitsOne(t *testing.T) {
	m := founder(t, nil)
	_, i := invite(t, m, 0)
	var admitted, refused atomic.Int64
	var winner atomic.Value
	var joining sync.WaitGroup
	for n := range 200 {
		joining.Go(func() {
			_, err := m.admit(t.Context(), somebody(n), asks(i))
			switch {
			case err == nil:
				admitted.Add(1)
				winner.Store(somebody(n))
			case core.CodeOf(err) == core.Denied && strings.Contains(err.Error(), "used by another node"):
				refused.Add(1)
			default:
				t.Errorf("redeemer %d: %v", n, err)
			}
		})
	}
	joining.Wait()
	if admitted.Load() != 1 || refused.Load() != 199 {
		t.Fatalf("%d were admitted, %d refused", admitted.Load(), refused.Load())
	}
	members, err := m.Members(t.Context())
	if err != nil || len(members) != 2 {
		t.Fatalf("members: %+v, %v", members, err)
	}
	won, _ := winner.Load().(peer.ID) //nolint:errcheck // stored above
	if _, err = m.admit(t.Context(), won, asks(i)); err != nil {
		t.Errorf("the winner, whose answer was lost, asks again: %v", err)
	}
	list, err := m.Tickets(t.Context())
	if err != nil || len(list) != 1 || list[0].UsedBy != won.String() {
		t.Errorf("tickets: %+v, %v", list, err)
	}
	if err := m.RevokeTicket(t.Context(), i.ID); core.CodeOf(err) != core.Conflict {
		t.Errorf("a used ticket was revoked: %v", err)
	}
}

// A ticket that works when it must not is a door that nobody can shut; one that
// says too much helps to guess another.
func TestTicket_Admits(t *testing.T) {
	const ttl = time.Hour
	for name, test := range map[string]struct {
		pass   time.Duration
		revoke bool
		change func(*request)
		says   string // "" admits
	}{
		"in time":               {pass: ttl - time.Second},
		"too late":              {pass: ttl + time.Second, says: "expired"},
		"revoked":               {revoke: true, says: "revoked"},
		"revoked and too late":  {pass: 2 * ttl, revoke: true, says: "revoked"},
		"for another network":   {change: func(r *request) { r.Network = "work" }, says: "another network"},
		"with another secret":   {change: func(r *request) { r.Secret = strings.Repeat("00", secretBytes) }, says: "does not know this ticket"},
		"without a secret":      {change: func(r *request) { r.Secret = "" }, says: "does not know this ticket"},
		"with another id":       {change: func(r *request) { r.Ticket = strings.Repeat("00", ticketIDBytes) }, says: "does not know this ticket"},
		"without a ticket":      {change: func(r *request) { r.Ticket = "" }, says: "with a ticket only"},
		"with SQL for a ticket": {change: func(r *request) { r.Ticket = "' OR 1=1 --12345" }, says: "does not know this ticket"},
	} {
		t.Run(name, func(t *testing.T) {
			m := founder(t, nil)
			_, i := invite(t, m, ttl)
			if test.revoke {
				if err := m.RevokeTicket(t.Context(), i.ID); err != nil {
					t.Fatal(err)
				}
			}
			m.clock.Pass(test.pass)
			ask := asks(i)
			if test.change != nil {
				test.change(&ask)
			}
			_, err := m.admit(t.Context(), somebody(1), ask)
			members, errMembers := m.Members(t.Context())
			switch {
			case errMembers != nil:
				t.Fatal(errMembers)
			case test.says == "" && (err != nil || len(members) != 2):
				t.Errorf("refused: %v, %d members", err, len(members))
			case test.says != "" && (core.CodeOf(err) != core.Denied || !strings.Contains(err.Error(), test.says) || len(members) != 1):
				t.Errorf("%v, %d members", err, len(members))
			}
		})
	}
}

// Every member has the tables on its disk: a secret there is one for each of them.
func TestTicket_SecretIsNotStored(t *testing.T) {
	m := founder(t, nil)
	ticket, i := invite(t, m, 0)
	rows, err := m.query(t.Context(), core.LevelWeak, `SELECT * FROM tickets`)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	list, err := m.Tickets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for what, kept := range map[string]string{"the table": fmt.Sprint(rows), "the list": string(data)} {
		for _, form := range []string{hex.EncodeToString(i.secret[:]), string(i.secret[:]), ticket.Text} {
			if strings.Contains(kept, form) {
				t.Errorf("%s holds the secret: %s", what, kept)
			}
		}
	}
	if !strings.Contains(fmt.Sprint(rows), hashSecret(i.secret[:])) {
		t.Error("nothing tells the ticket from another")
	}
}

// What a node says of itself is shown to all members; half a letter of it must
// not keep the node out.
func TestAdmit_ForeignWords(t *testing.T) {
	m := founder(t, func(s *Settings) { s.OpenJoin = true })
	ask := request{
		Ask: askJoin, Name: "x" + strings.Repeat("ä", MaxNameBytes), Version: strings.Repeat("v", 1000),
		Addresses: []string{"nonsense", "/ip4/192.0.2.1/tcp/1", strings.Repeat("/ip4/192.0.2.1", 100)},
	}
	if _, err := m.admit(t.Context(), somebody(1), ask); err != nil {
		t.Fatal(err)
	}
	members, err := m.Members(t.Context())
	if err != nil || len(members) != 2 {
		t.Fatalf("%+v, %v", members, err)
	}
	got := members[1]
	if got.Self {
		got = members[0]
	}
	if len(got.Name) > MaxNameBytes || !utf8.ValidString(got.Name) || len(got.Version) != MaxVersionBytes || len(got.Addresses) != 1 {
		t.Errorf("%+v", got)
	}
}

// Over the wire: a newcomer with a ticket comes in, and learns where the
// network's own group lives; what a stranger sends is bounded before it is read.
func TestJoin_OverTheWire(t *testing.T) {
	m := founder(t, nil)
	_, i := invite(t, m, 0)
	newcomer := testkit.NewHost(t)
	var phases []string
	a, err := Redeem(t.Context(), newcomer, i, Me{Name: "newcomer", Version: "test"}, func(p core.JoinProgress) { phases = append(phases, p.Phase) })
	if err != nil {
		t.Fatal(err)
	}
	if a.Network != "home" || len(a.System) != 1 || a.System[0].ID != m.self || len(a.System[0].Addresses) == 0 {
		t.Errorf("admitted with %+v", a)
	}
	if fmt.Sprint(phases) != "[connect admit]" {
		t.Errorf("progress: %v", phases)
	}
	if !m.IsMember(newcomer.ID()) || m.IsMember(testkit.NewHost(t).ID()) {
		t.Error("the member takes the newcomer for a stranger, or a stranger for a member")
	}
	guest := testkit.NewHost(t)
	if err = guest.Connect(t.Context(), peer.AddrInfo{ID: m.host.ID(), Addrs: m.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	d, err := Describe(t.Context(), guest, m.host.ID())
	if err != nil || d.Network != "home" || len(d.System) != 0 || len(d.Members) == 0 {
		t.Errorf("a guest learns %+v, %v", d, err)
	}
	if _, err := JoinOpen(t.Context(), guest, peer.AddrInfo{ID: m.host.ID()}, Me{}, nil); core.CodeOf(err) != core.Denied {
		t.Errorf("joined without a ticket: %v", err)
	}
	for name, says := range map[string][]byte{
		"a length without end": binary.BigEndian.AppendUint32(nil, 1<<31),
		"one byte too many":    binary.BigEndian.AppendUint32(nil, MaxFrameBytes+1),
		"no JSON":              append(binary.BigEndian.AppendUint32(nil, 3), "abc"...),
	} {
		s, err := guest.NewStream(t.Context(), m.host.ID(), JoinProtocol)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Write(says); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Read(make([]byte, 1)); err == nil || n > 0 {
			t.Errorf("%s was answered", name)
		}
	}
}

// A length is judged before anything is allocated for it.
func TestReadFrame_JudgesTheLength(t *testing.T) {
	huge := binary.BigEndian.AppendUint32(nil, 1<<32-1)
	var v any
	if n := testing.AllocsPerRun(100, func() { _ = readFrame(bytes.NewReader(huge), &v) }); n > 8 { //nolint:errcheck // judged below
		t.Errorf("%v allocations", n)
	}
	if err := readFrame(bytes.NewReader(huge), &v); core.CodeOf(err) != core.TooLarge {
		t.Errorf("%v", err)
	}
	if err := writeFrame(io.Discard, strings.Repeat("x", MaxFrameBytes)); core.CodeOf(err) != core.TooLarge {
		t.Errorf("%v", err)
	}
}

// Whoever may guess without end finds a ticket some day, and whoever comes under
// a thousand names must not fill the memory.
func TestAskers_AreCounted(t *testing.T) {
	c := testkit.NewClock()
	a := newAskers(c.Now)
	for n := range MaxJoinsPerMinute {
		if !a.allowed("guesser") {
			t.Fatalf("request %d was refused", n+1)
		}
	}
	if a.allowed("guesser") || !a.allowed("another") {
		t.Error("the guesser may go on, or another pays for it")
	}
	for n := range 2 * MaxAskers {
		a.allowed(somebody(n))
	}
	if len(a.count) > MaxAskers {
		t.Errorf("%d peers are kept", len(a.count))
	}
	c.Pass(time.Minute)
	if !a.allowed("guesser") {
		t.Error("a minute later it is still refused")
	}
	c.Pass(-time.Hour)
	if !a.allowed("another") {
		t.Error("a clock that was set back locks all out")
	}
}

// Too many open tickets are too many open doors.
func TestInvite_Bounded(t *testing.T) {
	m := founder(t, nil)
	for _, ttl := range []time.Duration{-1, time.Millisecond, core.MaxTicketTTL + 1} {
		if _, err := m.Invite(t.Context(), core.InviteOptions{TTL: ttl}); core.CodeOf(err) != core.Invalid {
			t.Errorf("a ticket for %v: %v", ttl, err)
		}
	}
	now := m.clock.Now()
	_, err := m.exec(t.Context(), core.Statement{
		SQL: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
			INSERT INTO tickets(id, secret_hash, created_at, created_by, expires_at) SELECT 't' || i, '', ?2, '', ?3 FROM n`,
		Args: []any{MaxTickets, now.UnixMilli(), now.Add(time.Hour).UnixMilli()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = m.Invite(t.Context(), core.InviteOptions{}); core.CodeOf(err) != core.Limited {
		t.Errorf("one ticket more: %v", err)
	}
	if err = m.RevokeTicket(t.Context(), "t1"); err != nil {
		t.Fatal(err)
	}
	if _, err = m.Invite(t.Context(), core.InviteOptions{}); err != nil {
		t.Errorf("after one was revoked: %v", err)
	}
	if err = m.RevokeTicket(t.Context(), "nowhere"); core.CodeOf(err) != core.NotFound {
		t.Errorf("an unknown ticket: %v", err)
	}
}
