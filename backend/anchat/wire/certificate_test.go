package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// careless is a wallet that signs whatever it is shown.
type careless struct {
	account wallet.Account
	sign    func(text string) string
}

func carelessWallets(t testing.TB) []careless {
	t.Helper()
	eth, err := crypto.ToECDSA(bytes.Repeat([]byte{7}, 32))
	must(t, err)
	ethAccount, err := wallet.AccountFromBytes(wallet.ETH, crypto.PubkeyToAddress(eth.PublicKey).Bytes())
	must(t, err)
	sol := deviceKey("wallet")
	solAccount, err := wallet.AccountFromBytes(wallet.SOL, sol[32:])
	must(t, err)
	return []careless{
		{ethAccount, func(text string) string {
			signature, signErr := crypto.Sign(accounts.TextHash([]byte(text)), eth)
			must(t, signErr)
			signature[64] += 27
			return hexutil.Encode(signature)
		}},
		{solAccount, func(text string) string { return base64.StdEncoding.EncodeToString(ed25519.Sign(sol, []byte(text))) }},
	}
}

func (w careless) certificate(t testing.TB, device string) Certificate {
	t.Helper()
	text, err := request(w.account, device).Text()
	must(t, err)
	return Certificate{Statement: statement(w.account, device), Text: text, Signature: w.sign(text)}
}

// A device speaks for a wallet because of this text alone. Whoever gets it signed
// elsewhere, or moves the signature to keys of their own, must have nothing.
func TestCertificate_Check(t *testing.T) {
	wallets := carelessWallets(t)
	for i, w := range wallets {
		account := w.account
		good := w.certificate(t, "phone")
		got, err := good.Check()
		if err != nil {
			t.Fatal(err)
		}
		if got.Device != good.Fingerprint() || got.Code != "123456" || got.ListVersion != 1 || got.ListHash != request(account, "phone").List.Hash() ||
			!got.IssuedAt.Equal(noon) || !got.ExpiresAt.Equal(noon.Add(CertificateLife)) {
			t.Errorf("it says %+v", got)
		}
		long := request(account, "phone")
		long.Domain, long.List.Version = "localhost:65535", 999_999
		if text, longErr := long.Text(); longErr != nil || len(text) >= 500 {
			t.Errorf("the longest text has %d bytes, %v; small screens show less than 500", len(text), longErr)
		}
		other := wallets[1-i].account
		moved := map[string]func(*Certificate){
			"moved to another signing key":  func(c *Certificate) { c.Signing[0]++ },
			"moved to another identity key": func(c *Certificate) { c.Identity[0]++ },
			"moved to another time":         func(c *Certificate) { c.CreatedAt = c.CreatedAt.Add(time.Millisecond) },
			"moved to another wallet":       func(c *Certificate) { c.Account = other },
			"with another signature":        func(c *Certificate) { c.Signature = w.certificate(t, "laptop").Signature },
			"with no signature":             func(c *Certificate) { c.Signature = "" },
			"with no text":                  func(c *Certificate) { c.Text = "" },
		}
		for name, change := range moved {
			c := good
			change(&c)
			if _, err = c.Check(); !refused(err, core.Denied) {
				t.Errorf("%s, %s: %v", account.Chain(), name, err)
			}
		}
		// Each field of the text, signed by the very wallet.
		signIn, err := wallet.ParseSignIn(good.Text)
		must(t, err)
		fields := map[string]func(*wallet.SignIn){
			"won on a foreign site":        func(s *wallet.SignIn) { s.Domain = "chat.example.com" },
			"won on a look-alike site":     func(s *wallet.SignIn) { s.Domain = "127.0.0.1.example.com" },
			"won on another loopback":      func(s *wallet.SignIn) { s.Domain = "127.0.0.2:80" },
			"for a gateway":                func(s *wallet.SignIn) { s.URI = "https://example.com/v1/auth" },
			"with another statement":       func(s *wallet.SignIn) { s.Statement = "Sign in to win a prize." },
			"with a code of letters":       func(s *wallet.SignIn) { s.Statement = strings.Replace(s.Statement, "123456", "abcdef", 1) },
			"with a code of five":          func(s *wallet.SignIn) { s.Statement = strings.Replace(s.Statement, "123456", "12345", 1) },
			"for ten years":                func(s *wallet.SignIn) { s.ExpirationTime = noon.Add(10 * CertificateLife) },
			"without an end":               func(s *wallet.SignIn) { s.ExpirationTime = time.Time{} },
			"without a device":             func(s *wallet.SignIn) { s.Resources = s.Resources[1:] },
			"without a list":               func(s *wallet.SignIn) { s.Resources = s.Resources[:1] },
			"with something more":          func(s *wallet.SignIn) { s.Resources = append(s.Resources, "anchat://all/1") },
			"for another device":           func(s *wallet.SignIn) { s.Resources[0] = deviceResource + Fingerprint{1}.String() },
			"with version 0 of the list":   func(s *wallet.SignIn) { s.Resources[1] = listResource + "0/" + Hash{}.String() },
			"with a list by another name":  func(s *wallet.SignIn) { s.Resources[1] = strings.ToUpper(s.Resources[1]) },
			"with a list of leading zeros": func(s *wallet.SignIn) { s.Resources[1] = strings.Replace(s.Resources[1], "/1/", "/01/", 1) },
		}
		for name, change := range fields {
			changed := signIn
			changed.Resources = append([]string{}, signIn.Resources...)
			change(&changed)
			text, textErr := changed.Text()
			if textErr != nil {
				continue // no wallet shows such a text
			}
			c := good
			c.Text, c.Signature = text, w.sign(text)
			if _, err = c.Check(); !refused(err, core.Denied) {
				t.Errorf("%s, %s: %v", account.Chain(), name, err)
			}
		}
	}
}

// The person on this computer is never shown a text that would be refused.
func TestRequest_Text(t *testing.T) {
	account := purse(t).Accounts()[0]
	tests := map[string]func(*Request){
		"a foreign site":                 func(r *Request) { r.Domain = "example.com" },
		"a loopback of six":              func(r *Request) { r.Domain = "[::1]:80" },
		"port 0":                         func(r *Request) { r.Domain = "localhost:0" },
		"a port with a plus":             func(r *Request) { r.Domain = "localhost:+80" },
		"a code of seven":                func(r *Request) { r.Code = "1234567" },
		"a list without the device":      func(r *Request) { r.List = List{Account: account, Version: 1} },
		"a list of another account":      func(r *Request) { r.List.Account = purse(t).Accounts()[1] },
		"a nonce that nobody could type": func(r *Request) { r.Nonce = "!" },
	}
	for name, change := range tests {
		r := request(account, "phone")
		change(&r)
		if text, err := r.Text(); !refused(err, core.Invalid) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for _, domain := range []string{"127.0.0.1:1", "127.0.0.1", "localhost", "localhost:65535"} {
		r := request(account, "phone")
		r.Domain = domain
		if _, err := r.Text(); err != nil {
			t.Errorf("%s: %v", domain, err)
		}
	}
}

// Old history stays verified when a certificate ends: what counts is the moment at
// which a session was announced.
func TestCertified_Covers(t *testing.T) {
	c := Certified{IssuedAt: noon, ExpiresAt: noon.Add(CertificateLife)}
	tests := map[string]struct {
		at   time.Time
		want bool
	}{
		"at once":                        {noon, true},
		"by a clock that is behind":      {noon.Add(-MaxSkew), true},
		"before":                         {noon.Add(-MaxSkew - time.Second), false},
		"on the last day":                {noon.Add(CertificateLife - time.Second), true},
		"at its end":                     {noon.Add(CertificateLife), false},
		"a year before, asked years on":  {noon.AddDate(0, 6, 0), true},
		"years after, whenever one asks": {noon.AddDate(3, 0, 0), false},
	}
	for name, test := range tests {
		if got := c.Covers(test.at); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The wallet's one signature stands for one list: that version, those devices.
func TestCertified_Backs(t *testing.T) {
	s := purse(t)
	account := s.Accounts()[0]
	c, err := certificate(t, s, account, "phone").Check()
	must(t, err)
	list := request(account, "phone").List
	if !c.Backs(list) {
		t.Fatal("the list that it names is not backed")
	}
	more := list.With(Fingerprint{1}, noon)
	changed := list
	changed.Live = append([]Fingerprint{{1}}, list.Live...)
	signed, err := list.SignBy(Fingerprint{1}, signer("phone"))
	must(t, err)
	for name, l := range map[string]List{"the next version": more, "a device more": changed, "one that a device signed": signed} {
		if c.Backs(l) {
			t.Errorf("%s is backed", name)
		}
	}
}

// A list of devices is one row of facts: sorted, each device once, with its past.
func TestList_Check(t *testing.T) {
	a, b := Fingerprint{1}, Fingerprint{2}
	account := purse(t).Accounts()[0]
	one := List{Account: account}.With(b, noon)
	two := one.With(a, noon)
	three := two.Without(b, noon.Add(time.Hour))
	for name, l := range map[string]List{"first": one, "second": two, "third": three} {
		if err := l.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if two.Parent != one.Hash() || three.Parent != two.Hash() || !two.Lives(a) || three.Lives(b) || !three.RevokedAt(b).Equal(noon.Add(time.Hour)) {
		t.Error("the versions do not follow each other")
	}
	tests := map[string]func(*List){
		"version 0":              func(l *List) { l.Version = 0 },
		"no parent":              func(l *List) { l.Parent = Hash{} },
		"a first with a parent":  func(l *List) { l.Version = 1 },
		"not in order":           func(l *List) { l.Live = []Fingerprint{b, a} },
		"a device twice":         func(l *List) { l.Live = []Fingerprint{a, a} },
		"live and revoked":       func(l *List) { l.Live = []Fingerprint{a, b} },
		"too many":               func(l *List) { l.Live = make([]Fingerprint, MaxLiveDevices+1) },
		"too many revoked":       func(l *List) { l.Revoked = make([]Revoked, MaxRevokedDevices+1) },
		"a signer, no signature": func(l *List) { l.Signer = a },
		"a signature by nobody":  func(l *List) { l.Signature = make([]byte, 64) },
	}
	for name, change := range tests {
		l := three
		change(&l)
		if err := l.Check(); !refused(err, core.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	full := one
	for n := range MaxRevokedDevices + 5 {
		full = full.Without(Fingerprint{9, byte(n), byte(n >> 8)}, noon)
	}
	if err := full.Check(); err != nil || !full.RevokedAt(Fingerprint{9, 0, 0}).IsZero() || full.RevokedAt(Fingerprint{9, byte(MaxRevokedDevices + 4), 0}).IsZero() {
		t.Errorf("the oldest revoked ones are not forgotten first: %v", err)
	}
}
