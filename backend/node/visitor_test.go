package node_test

// This file is an outsider who knows the HTTP contract and nothing else: a
// wallet, a plain HTTP client and a WebSocket.

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/gorilla/websocket"
	"github.com/mr-tron/base58"
)

// person has a wallet of one chain.
type person struct {
	ethereum *ecdsa.PrivateKey
	solana   ed25519.PrivateKey
}

func ethereumPerson(t testing.TB) person {
	t.Helper()
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return person{ethereum: key}
}

func solanaPerson(t testing.TB) person {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return person{solana: key}
}

func (p person) wallet() string {
	if p.ethereum != nil {
		return crypto.PubkeyToAddress(p.ethereum.PublicKey).Hex()
	}
	return base58.Encode(p.solana[32:])
}

func (p person) sign(t testing.TB, text string) string {
	t.Helper()
	if p.ethereum == nil {
		return base58.Encode(ed25519.Sign(p.solana, []byte(text)))
	}
	signature, err := crypto.Sign(accounts.TextHash([]byte(text)), p.ethereum)
	if err != nil {
		t.Fatal(err)
	}
	return "0x" + hexOf(signature)
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 2*len(b))
	for _, c := range b {
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}

// visitor calls one gateway, with a credential or without.
type visitor struct {
	base, credential string
	header           map[string]string // more headers, of every request
}

func (v visitor) with(credential string) visitor {
	v.credential = credential
	return v
}

// from is the visitor behind a proxy that says where he comes from.
func (v visitor) from(address string) visitor {
	v.header = map[string]string{"X-Forwarded-For": address}
	return v
}

// reply is an answer: its status, its headers and its body.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// get is a field of a JSON answer, nil when there is none.
func (r reply) get(field string) any {
	var m map[string]any
	if json.Unmarshal(r.body, &m) != nil {
		return nil
	}
	return m[field]
}

func (r reply) text(field string) string {
	s, _ := r.get(field).(string) //nolint:errcheck // what is no text is ""
	return s
}

// send makes one request. A body that is no text or bytes goes as JSON.
func (v visitor) send(t testing.TB, method, path string, body any) reply {
	t.Helper()
	r, err := v.trySend(t, method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (v visitor) trySend(t testing.TB, method, path string, body any) (reply, error) {
	t.Helper()
	kind, raw := "application/json", []byte(nil)
	switch b := body.(type) {
	case nil:
	case []byte:
		kind, raw = "application/octet-stream", b
	case string:
		raw = []byte(b)
	default:
		var err error
		if raw, err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, v.base+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	for name, value := range v.header {
		req.Header.Set(name, value)
	}
	if v.credential != "" {
		req.Header.Set("Authorization", "Bearer "+v.credential)
	}
	resp, err := outside.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	raw, err = io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, raw}, err
}

// outside is the HTTP client of all visitors.
var outside = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableKeepAlives: false}}

// must is send whose answer has the status.
func (v visitor) must(t testing.TB, status int, method, path string, body any) reply {
	t.Helper()
	r := v.send(t, method, path, body)
	if r.status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, path, r.status, r.body, status)
	}
	return r
}

// proof asks for a challenge and signs it: the nonce alone, or the message.
func (v visitor) proof(t testing.TB, p person, ns string, message bool) map[string]any {
	t.Helper()
	challenge := v.must(t, http.StatusOK, http.MethodPost, "/v1/auth/challenge", map[string]any{"wallet": p.wallet(), "namespace": ns})
	text := challenge.text("nonce")
	if message {
		text = challenge.text("message")
	}
	return map[string]any{"wallet": p.wallet(), "namespace": ns, "nonce": challenge.text("nonce"), "signature": p.sign(t, text)}
}

// signIn returns the answer of verify.
func (v visitor) signIn(t testing.TB, p person, ns string) reply {
	t.Helper()
	return v.must(t, http.StatusOK, http.MethodPost, "/v1/auth/verify", v.proof(t, p, ns, true))
}

// signedIn is the visitor with an access token of ns.
func (v visitor) signedIn(t testing.TB, p person, ns string) visitor {
	t.Helper()
	return v.with(v.signIn(t, p, ns).text("access_token"))
}

// socket opens a WebSocket, or returns the status of the refusal.
func (v visitor) socket(t testing.TB, path string) (*websocket.Conn, int) {
	t.Helper()
	header := http.Header{}
	if v.credential != "" {
		header.Set("Authorization", "Bearer "+v.credential)
	}
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(v.base, "http")+path, header) //nolint:bodyclose // the socket has taken it, and a refusal's is read
	switch {
	case err != nil && resp == nil:
		t.Fatal(err)
	case err != nil:
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { _ = conn.Close() }) //nolint:errcheck // most are closed by the other side
	return conn, http.StatusSwitchingProtocols
}

// visit is a visitor of the node's gateway without a credential.
func (r *running) visit() visitor { return visitor{base: r.file.Gateway} }
