package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeNetwork is a fake's place in a network of two, one of which keeps no list
// of its addresses.
type fakeNetwork struct{ *fake }

func (f fakeNetwork) Network(ctx context.Context) (core.NetworkStatus, error) {
	return core.NetworkStatus{Network: core.Network{ID: "red", Role: core.RoleMember, Current: true}, Leader: "12D3", Voters: 2}, f.enter(ctx)
}

func (f fakeNetwork) Members(ctx context.Context) ([]core.Member, error) {
	return []core.Member{{ID: "12D3", Self: true}, {ID: "12D4", Addresses: []string{"/ip4/127.0.0.1/tcp/1"}}}, f.enter(ctx)
}

func (f fakeNetwork) Placements(ctx context.Context) ([]core.Placement, error) {
	return []core.Placement{
		{Namespace: "default", Index: 1<<53 + 1, Replicas: []core.Replica{{Node: "12D3", Role: core.ReplicaVoter, Lag: 1<<53 + 1}}},
		{Namespace: "asleep"},
	}, f.enter(ctx)
}

func (f fakeNetwork) Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error) {
	now := time.Unix(1000, 0)
	return core.Ticket{ID: "t1", Text: "secret", Link: "debros://join/secret", CreatedAt: now, ExpiresAt: now.Add(o.TTL)}, f.enter(ctx)
}

func (f fakeNetwork) Tickets(ctx context.Context) ([]core.Ticket, error) {
	return []core.Ticket{{ID: "t1"}}, f.enter(ctx)
}

func (f fakeNetwork) Networks(ctx context.Context) ([]core.Network, error) {
	return []core.Network{{ID: "red", Current: true}, {ID: "blue"}}, f.enter(ctx)
}

func (f fakeNetwork) ReadTicket(ctx context.Context, text string) (core.Ticket, error) {
	if !strings.HasPrefix(text, "debros1") {
		return core.Ticket{}, core.Errorf(core.Invalid, "this is no ticket")
	}
	return core.Ticket{ID: "t9", Network: "blue", ExpiresAt: time.Unix(1000, 0)}, f.enter(ctx)
}

func (f fakeNetwork) RevokeTicket(ctx context.Context, _ string) error        { return f.enter(ctx) }
func (f fakeNetwork) Join(ctx context.Context, _ string) error                { return f.enter(ctx) }
func (f fakeNetwork) Leave(ctx context.Context, _ bool) error                 { return f.enter(ctx) }
func (f fakeNetwork) UseNetwork(ctx context.Context, _ string) error          { return f.enter(ctx) }
func (f fakeNetwork) RenameNetwork(ctx context.Context, _, _ string) error    { return f.enter(ctx) }
func (f fakeNetwork) RemoveNetwork(ctx context.Context, _ string) error       { return f.enter(ctx) }
func (f fakeNetwork) RemoveMember(ctx context.Context, _ string) error        { return f.enter(ctx) }
func (f fakeNetwork) AddReplica(ctx context.Context, _ core.Namespace) error  { return f.enter(ctx) }
func (f fakeNetwork) DropReplica(ctx context.Context, _ core.Namespace) error { return f.enter(ctx) }

// A page that reads a log index as a number would show a neighbour's.
func TestNetwork_OverviewKeepsLargeNumbers(t *testing.T) {
	o, err := bound[Network](newFake().page(t)).Overview()
	if err != nil {
		t.Fatal(err)
	}
	const want = "9007199254740993"
	if o.Groups[0].Index != want || o.Groups[0].Replicas[0].Lag != want {
		t.Errorf("index %s and lag %s, not %s", o.Groups[0].Index, o.Groups[0].Replicas[0].Lag, want)
	}
	if len(o.Members) != 2 || len(o.Networks) != 2 || len(o.Tickets) != 1 {
		t.Errorf("something is missing: %+v", o)
	}
}

// The secret of a ticket is in the answer that made it, as text and as a square
// picture, and in no list.
func TestNetwork_TicketSecretIsShownOnce(t *testing.T) {
	n := bound[Network](newFake().page(t))
	tickets, err := n.Invite(2, 3)
	if err != nil || len(tickets) != 3 {
		t.Fatalf("%d tickets, %v", len(tickets), err)
	}
	made := tickets[2]
	if made.Text != "secret" || made.ExpiresAt != "1970-01-01T02:16:40Z" {
		t.Errorf("the ticket is %+v", made)
	}
	for _, row := range made.QR {
		if len(row) != len(made.QR) || strings.Trim(row, "01") != "" {
			t.Fatalf("a row of the picture is %q", row)
		}
	}
	if len(made.QR) < 21 { // the smallest code there is
		t.Errorf("the picture has %d rows", len(made.QR))
	}
	o, err := n.Overview()
	if err != nil || o.Tickets[0].Text != "" || o.Tickets[0].Link != "" {
		t.Errorf("the list is %+v, %v", o.Tickets, err)
	}
}

func TestNetwork_Refuses(t *testing.T) {
	n := bound[Network](newFake().page(t))
	for name, err := range map[string]error{
		"a ticket of a megabyte":   n.Join(strings.Repeat("x", 1<<20)),
		"a name of two lines":      n.Rename("red", "a\nb"),
		"a namespace with a slash": n.KeepReplica("a/b", true),
		"a thousand at once":       second(n.Invite(1, 1000)),
		"nobody":                   second(n.Invite(1, 0)),
		"to read another text":     second(n.Read("hello")),
		"to read a megabyte":       second(n.Read(strings.Repeat("x", 1<<20))),
	} {
		if code := codeOf(t, err); code != core.Invalid && code != core.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Who pastes a ticket wants to know what it is for before it is used up.
func TestNetwork_ReadsATicketWithoutUsingIt(t *testing.T) {
	got, err := bound[Network](newFake().page(t)).Read("debros1x")
	if err != nil {
		t.Fatal(err)
	}
	want := Invitation{ID: "t9", Network: "blue", ExpiresAt: "1970-01-01T00:16:40Z", Known: "blue"}
	if got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}
