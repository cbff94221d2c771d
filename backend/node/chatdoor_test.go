package node_test

// The chat as those see it who are no part of it, and as a device uses it over
// HTTP: on a member, and through a guest.

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
)

func jsonNumber(n uint64) string { return strconv.FormatUint(n, 10) }

// A device that is not the wallet's, or a signature that was made for something
// else, must not open the chat.
func TestChatDoor_OnlyDevicesThatLive(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	v := n.visit()
	tests := map[string]struct {
		change func(body map[string]any, d chatDevice)
		want   int
	}{
		"not certified yet":          {func(body map[string]any, _ chatDevice) { delete(body, "rows") }, http.StatusForbidden},
		"with another's certificate": {func(body map[string]any, d chatDevice) { body["rows"] = newChatDevice(t, d.owner).rows }, http.StatusForbidden},
		"of another wallet":          {func(body map[string]any, _ chatDevice) { body["wallet"] = ethereumPerson(t).wallet() }, http.StatusUnauthorized},
		"without a signature":        {func(body map[string]any, _ chatDevice) { delete(body, "signature") }, http.StatusForbidden},
		"with a signature of another purpose": {func(body map[string]any, d chatDevice) {
			body["signature"] = ed25519.Sign(d.key, wire.Signed(wire.LabelAck, []byte("x")))
		}, http.StatusForbidden},
		"with rows that are none": {func(body map[string]any, _ chatDevice) { body["rows"] = [][]byte{[]byte("x")} }, http.StatusBadRequest},
		"with rows of another kind": {func(body map[string]any, d chatDevice) {
			body["rows"] = [][]byte{d.begin(t, wire.NewTag()).announce(t)}
		}, http.StatusBadRequest},
		"with too many rows": {func(body map[string]any, _ chatDevice) { body["rows"] = make([][]byte, 4) }, http.StatusRequestEntityTooLarge},
		"with a nonce of a sign-in": {func(body map[string]any, d chatDevice) {
			body["nonce"] = v.proof(t, d.owner, "shop", true)["nonce"]
		}, http.StatusUnauthorized},
		"named by something shorter": {func(body map[string]any, _ chatDevice) { body["device"] = "ab" }, http.StatusBadRequest},
	}
	for name, tt := range tests {
		d := newChatDevice(t, ethereumPerson(t)) // a new wallet: failures make one wait
		body := d.knock(t, v, true)
		tt.change(body, d)
		if r := v.send(t, http.MethodPost, "/v1/anchat/session", body); r.status != tt.want {
			t.Errorf("%s: %d %s, want %d", name, r.status, r.body, tt.want)
		}
	}
	alice := newChatDevice(t, ethereumPerson(t))
	body := alice.knock(t, v, true)
	in := v.must(t, http.StatusOK, http.MethodPost, "/v1/anchat/session", body)
	if in.text("namespace") != "anchat" || in.text("device") != alice.name().String() || in.get("refresh_token") != nil {
		t.Errorf("a session is %s", in.body)
	}
	v.must(t, http.StatusUnauthorized, http.MethodPost, "/v1/anchat/session", body) // the same again
	// A revoked device is let in no more.
	bob := nextChatDevice(t, alice.owner, alice.list)
	bob.enter(t, v, true)
	without, err := signedWithout(bob, alice)
	if err != nil {
		t.Fatal(err)
	}
	before := alice.enter(t, v, false)
	before.must(t, http.StatusOK, http.MethodGet, "/v1/anchat/inbox", nil)
	putRows(t, bob.enter(t, v, false), without)
	v.must(t, http.StatusForbidden, http.MethodPost, "/v1/anchat/session", alice.knock(t, v, false))
	until(t, "its token ends before its time", func() error { // within auth.RevokeWithin
		if r := before.send(t, http.MethodGet, "/v1/anchat/inbox", nil); r.status != http.StatusForbidden {
			return fmt.Errorf("%d %s", r.status, r.body)
		}
		return nil
	})
}

// signedWithout is the list without a device, signed by another one.
func signedWithout(by, gone chatDevice) ([]byte, error) {
	l, err := by.list.Without(gone.name(), by.list.At).SignBy(by.name(), by.sign)
	return l.Encode(), err
}

// What one device puts, another reads: the very bytes, from a member and through a
// guest, whole and as they come.
func TestChatDoor_RowsGoInAndOut(t *testing.T) {
	member := start(t, t.TempDir(), nil)
	guest := start(t, t.TempDir(), func(c *config.Config) { c.Discovery.BootstrapPeers = member.file.P2P })
	alice, bob := newChatDevice(t, ethereumPerson(t)), newChatDevice(t, solanaPerson(t))
	atMember, atGuest := alice.enter(t, member.visit(), true), bob.enter(t, guest.visit(), true)
	tag := wire.NewTag()
	s := alice.begin(t, tag)
	rows := [][]byte{s.announce(t), s.message(t), s.message(t)}
	putRows(t, atMember, rows...)
	for name, v := range map[string]visitor{"a member": atMember, "a guest": atGuest} {
		p := readRows(t, v, tag, 0)
		if len(p.Rows) != 3 || p.Last != 3 || p.Closed {
			t.Fatalf("%s: %d rows of %d, closed %v", name, len(p.Rows), p.Last, p.Closed)
		}
		for i, r := range p.Rows {
			if !bytes.Equal(r.Row, rows[i]) || r.Seq != uint64(i+1) || r.At.IsZero() {
				t.Errorf("%s: row %d is another one", name, i)
			}
		}
		if rest := readRows(t, v, tag, 2); len(rest.Rows) != 1 || rest.Rows[0].Seq != 3 {
			t.Errorf("%s: after the second come %d", name, len(rest.Rows))
		}
		v.must(t, http.StatusNotFound, http.MethodGet, "/v1/anchat/mailboxes/"+wire.NewTag().Reveal(), nil)
	}
	// Only the session's owner takes an index, and nobody another's inbox.
	forged := bob.begin(t, tag)
	forged.next = 7
	stolen := forged.message(t)
	copy(stolen[18:], rows[1][18:50])
	if codes := tryPut(t, atGuest, stolen); codes[0] != core.Denied {
		t.Errorf("a forged message: %q", codes[0])
	}
	held := atGuest.must(t, http.StatusOK, http.MethodGet, "/v1/anchat/stored?session="+s.id().String()+"&idx=1", nil)
	if by, _ := held.get("by").([]any); len(by) != 1 { //nolint:errcheck // the length tells
		t.Errorf("held by %s", held.body)
	}
	whose := atMember.must(t, http.StatusOK, http.MethodGet, "/v1/anchat/accounts/"+bob.name().String(), nil)
	if whose.text("account") != wire.AccountID(bob.statement.Account) {
		t.Errorf("the device is of %s", whose.body)
	}
	devices, err := gateway.ReadChatFrames(guest.visit().must(t, http.StatusOK, http.MethodGet, "/v1/anchat/devices/"+alice.owner.wallet(), nil).body, 10, wire.MaxRowBytes)
	if err != nil || len(devices) != 2 || !bytes.Equal(devices[0], alice.rows[0]) || !bytes.Equal(devices[1], alice.rows[1]) {
		t.Errorf("devices: %d rows, %v", len(devices), err)
	}
	followed := atMember.must(t, http.StatusOK, http.MethodPost, "/v1/anchat/follow", map[string]any{"tags": []string{tag.Reveal()}, "after": 0})
	if n, _ := followed.get("mailboxes").(map[string]any); n[tag.Name().String()] != 3.0 { //nolint:errcheck // the number tells
		t.Errorf("follow: %s", followed.body)
	}
	// A socket brings what is new, from the number on that was asked for.
	ticket := atGuest.must(t, http.StatusOK, http.MethodPost, "/v1/ws-ticket", map[string]any{}).text("ticket")
	dialer := websocket.Dialer{Subprotocols: []string{"debros.raw.v1", "ticket." + ticket}}
	conn, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(atGuest.base, "http")+"/v1/anchat/ws", nil) //nolint:bodyclose // the socket has taken it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) //nolint:errcheck // the node may have closed it
	if err = conn.WriteJSON(map[string]any{"mailboxes": []any{map[string]any{"tag": tag.Reveal(), "after": 2}}}); err != nil {
		t.Fatal(err)
	}
	next := s.message(t)
	want := [][]byte{rows[2], next}
	for i := range want {
		kind, frame, errRead := conn.ReadMessage()
		if errRead != nil || kind != websocket.BinaryMessage || !bytes.HasPrefix(frame, nameOf(tag)) {
			t.Fatalf("frame %d: kind %d, %v: %s", i, kind, errRead, frame)
		}
		got, errRows := gateway.ReadChatRows(frame[16:])
		if errRows != nil || len(got) != 1 || !bytes.Equal(got[0].Row, want[i]) {
			t.Fatalf("frame %d has %d rows, %v", i, len(got), errRows)
		}
		if i == 0 {
			putRows(t, atMember, next)
		}
	}
}

func nameOf(tag wire.Tag) []byte {
	name := tag.Name()
	return name[:]
}

// Nobody reaches the chat's rows by the routes of data: no owner of anything, and
// not whoever runs the node.
func TestChatDoor_NoOtherRouteReachesTheChat(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	alice := newChatDevice(t, ethereumPerson(t))
	device, tag := alice.enter(t, n.visit(), true), wire.NewTag()
	s := alice.begin(t, tag)
	putRows(t, device, s.announce(t), s.message(t))
	operator := n.visit().with(n.operatorKey(t))
	refused := 0
	for _, row := range readTable(t, n.visit()).rows(t) {
		if row.need == "public" || row.need == "local" || row.need == "far" || row.need == "anyone" || row.need == "session" || row.need == "operator" {
			continue
		}
		for _, at := range []place{{namespace: "anchat"}, {"anchat", true}} {
			if at.body && !row.bodyNames {
				continue
			}
			refused++
			if r := row.send(t, operator, at); r.status != http.StatusBadRequest && r.status != http.StatusForbidden || strings.Contains(string(r.body), `"items"`) {
				t.Errorf("%s, %s: %d %s", row, at, r.status, r.body)
			}
		}
	}
	if refused < 40 {
		t.Errorf("%d requests say nothing", refused)
	}
	c := n.operator(t)
	if _, err := n.tryClient("anchat", core.Secret(n.operatorKey(t))); core.CodeOf(err) != core.Invalid {
		t.Errorf("the Go client: %v", err)
	}
	if err := c.Operator().AddReplica(t.Context(), core.ChatNamespace); core.CodeOf(err) != core.Invalid {
		t.Errorf("a replica: %v", err)
	}
	if _, err := c.Operator().Transfer(t.Context(), core.TransferJob{Verb: core.TransferOut, Namespace: core.ChatNamespace, Transfer: core.Transfer{Kind: core.TransferBackup}, Path: t.TempDir() + "/b"}); core.CodeOf(err) != core.Invalid {
		t.Errorf("a backup: %v", err)
	}
	if list, err := json.Marshal(n.Namespaces()); err != nil || strings.Contains(string(list), "anchat") {
		t.Errorf("the page lists %s, %v", list, err)
	}
	if p := readRows(t, device, tag, 0); len(p.Rows) != 2 {
		t.Errorf("%d rows are left", len(p.Rows))
	}
}
