package wallet

import (
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func signIn(t testing.TB, address string) SignIn {
	t.Helper()
	issued := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := SignIn{
		Domain:         "gateway.example:6001",
		Account:        account(t, address),
		Statement:      "Sign in to namespace shop of the DeBros network 7Q2F. This moves no money.",
		URI:            "https://gateway.example:6001/v1/auth/verify",
		Version:        "1",
		ChainID:        "1",
		Nonce:          proofText,
		IssuedAt:       issued,
		ExpirationTime: issued.Add(5 * time.Minute),
	}
	if s.Account.Chain() == SOL {
		s.ChainID = "mainnet"
	}
	return s
}

// What two other implementations write for the same values: viem 2 for
// Ethereum (its times cut to seconds), wallet-standard 1 for Solana.
const (
	viemText = `gateway.example:6001 wants you to sign in with your Ethereum account:
0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266

Sign in to namespace shop of the DeBros network 7Q2F. This moves no money.

URI: https://gateway.example:6001/v1/auth/verify
Version: 1
Chain ID: 1
Nonce: 4UjV2mXkPq8sT0wYb6cE1gLr9nHzDa5F
Issued At: 2026-03-01T12:00:00Z
Expiration Time: 2026-03-01T12:05:00Z`
	viemBareText = `gateway.example:6001 wants you to sign in with your Ethereum account:
0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266


URI: https://gateway.example:6001/v1/auth/verify
Version: 1
Chain ID: 1
Nonce: 4UjV2mXkPq8sT0wYb6cE1gLr9nHzDa5F
Issued At: 2026-03-01T12:00:00Z
Resources:
- https://example.com/a
- ipfs://b`
	walletStandardText = `gateway.example:6001 wants you to sign in with your Solana account:
oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96

Sign in to namespace shop of the DeBros network 7Q2F. This moves no money.

URI: https://gateway.example:6001/v1/auth/verify
Version: 1
Chain ID: mainnet
Nonce: 4UjV2mXkPq8sT0wYb6cE1gLr9nHzDa5F
Issued At: 2026-03-01T12:00:00Z
Expiration Time: 2026-03-01T12:05:00Z`
	walletStandardBareText = `gateway.example:6001 wants you to sign in with your Solana account:
oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96

URI: https://gateway.example:6001/v1/auth/verify
Version: 1
Chain ID: mainnet
Nonce: 4UjV2mXkPq8sT0wYb6cE1gLr9nHzDa5F
Issued At: 2026-03-01T12:00:00Z`
	// The two examples of EIP-4361 without a scheme.
	eipText = `example.com wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json`
)

// A text that differs by one byte from what other wallets and verifiers build
// is one that they warn of or refuse.
func TestSignIn_OtherImplementations(t *testing.T) {
	bareETH, bareSOL := signIn(t, aliceETH), signIn(t, aliceSOL)
	bareETH.Statement, bareETH.ExpirationTime = "", time.Time{}
	bareETH.Resources = []string{"https://example.com/a", "ipfs://b"}
	bareSOL.Statement, bareSOL.ExpirationTime = "", time.Time{}
	exact := signIn(t, aliceETH)
	exact.IssuedAt = exact.IssuedAt.Add(900 * time.Millisecond).In(time.FixedZone("elsewhere", 7200))
	for name, c := range map[string]struct {
		have SignIn
		want string
	}{
		"viem":                            {signIn(t, aliceETH), viemText},
		"viem, no statement":              {bareETH, viemBareText},
		"wallet-standard":                 {signIn(t, aliceSOL), walletStandardText},
		"wallet-standard, no statement":   {bareSOL, walletStandardBareText},
		"a time of another zone, not cut": {exact, viemText},
	} {
		text, err := c.have.Text()
		if err != nil || text != c.want {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	for _, text := range []string{eipText, strings.Replace(eipText, "example.com wants", "example.com:3388 wants", 1), viemText, viemBareText, walletStandardText, walletStandardBareText} {
		s, err := ParseSignIn(text)
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		if again, err := s.Text(); err != nil || again != text {
			t.Errorf("%v\n%s", err, again)
		}
	}
}

func TestParseSignIn_ReadsValues(t *testing.T) {
	s, err := ParseSignIn(walletStandardText)
	if err != nil {
		t.Fatal(err)
	}
	want := signIn(t, aliceSOL)
	if s.Domain != want.Domain || s.Account != want.Account || s.Statement != want.Statement || s.URI != want.URI || s.Nonce != want.Nonce ||
		s.ChainID != "mainnet" || !s.IssuedAt.Equal(want.IssuedAt) || !s.ExpirationTime.Equal(want.ExpirationTime) {
		t.Errorf("%+v", s)
	}
}

// A value that brings its own line could write another domain, nonce or account
// into the text that a person reads.
func TestSignIn_Refuses(t *testing.T) {
	for name, change := range map[string]func(s *SignIn){
		"a line break in the statement":   func(s *SignIn) { s.Statement = "a\nURI: https://evil.example" },
		"a carriage return":               func(s *SignIn) { s.Statement = "a\rb" },
		"an escape sequence":              func(s *SignIn) { s.Statement = "\x1b[2J" },
		"a letter that is not ASCII":      func(s *SignIn) { s.Statement = "Grüße" },
		"a statement that looks like URI": func(s *SignIn) { s.Statement = "URI: https://evil.example" },
		"a user part in the domain":       func(s *SignIn) { s.Domain = "gateway.example@evil.example" },
		"a path in the domain":            func(s *SignIn) { s.Domain = "evil.example/gateway.example" },
		"a space in the domain":           func(s *SignIn) { s.Domain = "gateway.example wants" },
		"a domain of another alphabet":    func(s *SignIn) { s.Domain = "gatewаy.example" },
		"no domain":                       func(s *SignIn) { s.Domain = "" },
		"a port that is none":             func(s *SignIn) { s.Domain = "gateway.example:port" },
		"nobody":                          func(s *SignIn) { s.Account = Account{} },
		"a relative URI":                  func(s *SignIn) { s.URI = "/v1/auth/verify" },
		"a line break in the URI":         func(s *SignIn) { s.URI += "\nVersion: 2" },
		"another version":                 func(s *SignIn) { s.Version = "2" },
		"a chain id with a zero before":   func(s *SignIn) { s.ChainID = "01" },
		"a chain id in words":             func(s *SignIn) { s.ChainID = "mainnet" },
		"a short nonce":                   func(s *SignIn) { s.Nonce = "abc" },
		"a nonce with a dash":             func(s *SignIn) { s.Nonce = "abcdefgh-1234567" },
		"no time":                         func(s *SignIn) { s.IssuedAt = time.Time{} },
		"a year of five digits":           func(s *SignIn) { s.IssuedAt = s.IssuedAt.AddDate(10000, 0, 0); s.ExpirationTime = time.Time{} },
		"expired when issued":             func(s *SignIn) { s.ExpirationTime = s.IssuedAt },
		"more than a device can show":     func(s *SignIn) { s.Statement = strings.Repeat("a", MaxSignInBytes) },
		"a resource that is none":         func(s *SignIn) { s.Resources = []string{"a b"} },
		"resources without end":           func(s *SignIn) { s.Resources = strings.Split(strings.Repeat("a://b ", MaxResources)+"a://b", " ") },
	} {
		s := signIn(t, aliceETH)
		change(&s)
		if text, err := s.Text(); core.CodeOf(err) != core.Invalid || text != "" {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	// The longest that fits, so that the limit is where it is said to be.
	s := signIn(t, aliceETH)
	s.Statement = strings.Repeat("a", len(s.Statement)+MaxSignInBytes-len(viemText))
	if text, err := s.Text(); err != nil || len(text) != MaxSignInBytes {
		t.Error(len(text), err)
	}
	s.Statement += "a"
	if _, err := s.Text(); core.CodeOf(err) != core.Invalid {
		t.Error(err)
	}
}

// The built-in wallet shows what it read and signs what it got: both must be one.
func TestParseSignIn_Refuses(t *testing.T) {
	swap := func(from, to string) string {
		if !strings.Contains(viemText, from) {
			t.Fatal(from)
		}
		return strings.Replace(viemText, from, to, 1)
	}
	for name, text := range map[string]string{
		"nothing":                                 "",
		"a bare nonce":                            proofText,
		"a scheme before the domain":              "https://" + viemText,
		"an address in small letters":             swap("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
		"a Solana address under Ethereum's words": swap(aliceETH, aliceSOL),
		"a line break at the end":                 viemText + "\n",
		"text after the end":                      viemText + "\nNot Before: 2026-03-01T12:00:00Z",
		"carriage returns":                        strings.ReplaceAll(viemText, "\n", "\r\n"),
		"an empty line too many":                  swap("\n\nURI", "\n\n\nURI"),
		"an empty line too few":                   swap("\n\nURI", "\nURI"),
		"two statements":                          swap("money.\n", "money.\nReally.\n"),
		"lines in another order":                  swap("Version: 1\nChain ID: 1", "Chain ID: 1\nVersion: 1"),
		"a line twice":                            swap("Version: 1\n", "Version: 1\nVersion: 1\n"),
		"no nonce":                                swap("Nonce: "+proofText+"\n", ""),
		"parts of a second":                       swap("12:00:00Z", "12:00:00.5Z"),
		"another zone":                            swap("12:00:00Z", "12:00:00+00:00"),
		"a day that is none":                      swap("2026-03-01T12:00", "2026-02-30T12:00"),
		"resources without a mark":                viemText + "\nResources:\nhttps://example.com",
		"an empty list of resources":              viemText + "\nResources:",
		"a megabyte":                              strings.Repeat("a\n", 1<<19),
	} {
		if _, err := ParseSignIn(text); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseSignIn(f *testing.F) {
	for _, text := range []string{viemText, viemBareText, walletStandardText, walletStandardBareText, eipText, ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSignIn(text)
		if err != nil {
			if core.CodeOf(err) != core.Invalid {
				t.Fatal(err)
			}
			return
		}
		if again, err := s.Text(); err != nil || again != text {
			t.Fatalf("%q became %q: %v", text, again, err)
		}
		if len(text) > MaxSignInBytes || strings.Trim(text, "\n") != text || !isPrintable(strings.ReplaceAll(text, "\n", "")) {
			t.Fatalf("%q", text)
		}
	})
}
