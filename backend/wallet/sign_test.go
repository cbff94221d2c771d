package wallet

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	bin "github.com/gagliardetto/binary"
	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/system"
	"github.com/mr-tron/base58"

	"git.debros.io/DeBros/network/backend/core"
)

func alice(t testing.TB) *Signer {
	t.Helper()
	seed := Seed(junkWords, "")
	eth, err := Ethereum(seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	sol, err := Solana(seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSigner(eth, sol)
	t.Cleanup(s.Lock)
	return s
}

// A person must see all of what is signed, before it is, and can still say no.
func TestSigner_ShowsInFull(t *testing.T) {
	s := alice(t)
	for text, want := range map[string]Request{
		viemText:           {Account: s.Accounts()[0], Kind: TextSignIn},
		walletStandardText: {Account: s.Accounts()[1], Kind: TextSignIn},
		proofText:          {Account: s.Accounts()[1], Kind: TextNonce},
	} {
		var shown Request
		signature, err := s.Sign(t.Context(), want.Account, text, func(_ context.Context, r Request) error {
			shown = r
			return nil
		})
		if err != nil || Verify(want.Account, text, signature) != nil {
			t.Errorf("%v\n%s", err, text)
		}
		if shown.Text != text || shown.Kind != want.Kind || shown.Account != want.Account || (shown.SignIn == nil) != (want.Kind == TextNonce) {
			t.Errorf("shown: %+v", shown)
		}
	}
	no := errors.New("no")
	if signature, err := s.Sign(t.Context(), s.Accounts()[0], proofText, func(context.Context, Request) error { return no }); !errors.Is(err, no) || signature != "" {
		t.Error(err)
	}
	if signature, err := s.Sign(t.Context(), s.Accounts()[0], proofText, nil); core.CodeOf(err) != core.Denied || signature != "" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if signature, err := s.Sign(ctx, s.Accounts()[0], proofText, func(context.Context, Request) error { cancel(); return nil }); !errors.Is(err, context.Canceled) || signature != "" {
		t.Error(err)
	}
	stranger := account(t, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
	if _, err := s.Sign(t.Context(), stranger, proofText, agree); core.CodeOf(err) != core.NotFound {
		t.Error(err)
	}
}

// transfer is the message of a transaction that takes all of alice's money.
func transfer(t testing.TB) []byte {
	t.Helper()
	from, to := solana.MustPublicKeyFromBase58(aliceSOL), solana.MustPublicKeyFromBase58(naclAddress)
	tx, err := solana.NewTransaction([]solana.Instruction{system.NewTransferInstruction(1e9, from, to).Build()}, solana.Hash{}, solana.TransactionPayer(from))
	if err != nil {
		t.Fatal(err)
	}
	message, err := tx.Message.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// A page that asks for "just a signature" must not get one that moves money.
func TestSigner_SignsNothingElse(t *testing.T) {
	message := transfer(t)
	if _, err := message, checkNoTransaction(string(message)); !errors.Is(err, ErrNotSignable) {
		t.Error("a transaction is not seen as one:", err)
	}
	s := alice(t)
	for name, text := range map[string]string{
		"a Solana transaction":                   string(message),
		"the same with a version":                "\x80" + string(message),
		"a Solana transaction in base64":         base64.StdEncoding.EncodeToString(message),
		"a Solana transaction in base58":         base58.Encode(message),
		"a Solana transaction in hex":            hex.EncodeToString(message),
		"an off-chain message":                   "\xffsolana offchain\x00\x00\x05\x00hello",
		"an Ethereum transaction":                "\x02\xf8\x6b\x01\x80\x84\x59\x68\x2f\x00",
		"a text that brings the prefix":          "\x19Ethereum Signed Message:\n32" + proofText,
		"typed data (EIP-712)":                   `{"types":{"EIP712Domain":[]},"primaryType":"Permit","domain":{},"message":{"value":"1"}}`,
		"a device certificate, until it is made": "anchat device certificate\nDevice: 1\n",
		"words":                                  "I agree to everything",
		"nothing":                                "",
		"a nonce that is too short":              strings.Repeat("a", MinNetworkNonce-1),
		"a nonce that is too long":               strings.Repeat("a", MaxNonceLetters+1),
		"a nonce with a line behind":             proofText + "\n",
		"a nonce with a dash":                    proofText + "-",
		"a hash with 0x":                         "0x" + strings.Repeat("ab", 32) + "_",
		"a nonce in letters that look alike":     strings.Replace(proofText, "a", "а", 1),
		"a megabyte":                             strings.Repeat("a", 1<<20),
		"a sign-in text with a line behind":      viemText + "\nApprove: all",
		"a sign-in text for another account":     strings.Replace(viemText, aliceETH, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", 1),
		"a sign-in text that is good for ever":   strings.Replace(viemText, "\nExpiration Time: 2026-03-01T12:05:00Z", "", 1),
		"a sign-in text with a hidden line":      strings.Replace(viemText, "money.", "money.\r\x1b[1A", 1),
	} {
		for _, a := range s.Accounts() {
			signature, err := s.Sign(t.Context(), a, text, func(context.Context, Request) error {
				t.Errorf("%s was shown as something to sign", name)
				return nil
			})
			if code := core.CodeOf(err); signature != "" || code != core.Denied && code != core.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// A sign-in text is for one of the two.
	if _, err := s.Sign(t.Context(), s.Accounts()[1], viemText, agree); core.CodeOf(err) != core.Invalid {
		t.Error(err)
	}
}

// Whatever the fuzzer finds that would be signed, Solana's own decoder must not
// take it for a message.
func FuzzSigner_NoTransaction(f *testing.F) {
	for _, text := range []string{proofText, walletStandardText, walletStandardBareText, viemText} {
		f.Add(text)
	}
	f.Add(string(transfer(f)))
	f.Fuzz(func(t *testing.T, text string) {
		for _, address := range []string{aliceSOL, aliceETH} {
			if _, err := judge(account(t, address), text); err != nil {
				continue
			}
			var m solana.Message
			err := m.UnmarshalWithDecoder(bin.NewBinDecoder([]byte(text)))
			if err == nil && int(m.Header.NumRequiredSignatures) <= len(m.AccountKeys) {
				t.Fatalf("%q is a transaction: %+v", text, m)
			}
		}
	})
}

// Whoever leaves the desk must not leave an open wallet there.
func TestSigner_LocksWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alice(t)
		a := s.Accounts()[0]
		for range 3 { // each use begins the time anew
			time.Sleep(IdleLock - time.Second)
			if _, err := s.Sign(t.Context(), a, proofText, agree); err != nil {
				t.Fatal(err)
			}
		}
		s.mu.Lock()
		k := *s.keys
		s.mu.Unlock()
		time.Sleep(IdleLock + lockCheck)
		synctest.Wait()
		if strings.Trim(string(k.eth.raw())+string(k.sol.key), "\x00") != "" {
			t.Error("the keys are still in memory, though nobody asked")
		}
		if !s.Locked() {
			t.Error("it is still open")
		}
		if _, err := s.Sign(t.Context(), a, proofText, agree); !errors.Is(err, ErrLocked) {
			t.Error(err)
		}
		if len(s.Accounts()) != 2 {
			t.Error("a locked wallet no longer says whose it is")
		}
		s.Lock()
	})
}

// Who chose another time gets it, and never more than a working day.
func TestSigner_LockAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct{ chosen, want time.Duration }{
			{time.Minute, time.Minute}, {time.Hour, time.Hour}, {1000 * time.Hour, MaxIdleLock},
		} {
			s := alice(t)
			s.LockAfter(c.chosen)
			time.Sleep(c.want - time.Second)
			early := s.Locked()
			time.Sleep(time.Second)
			if late := s.Locked(); early || !late {
				t.Errorf("%v chosen: locked %v a second before %v, and %v after it", c.chosen, early, c.want, late)
			}
			s.Lock()
		}
	})
}

func TestSigner_LocksWhileAsking(t *testing.T) {
	s := alice(t)
	signature, err := s.Sign(t.Context(), s.Accounts()[0], proofText, func(context.Context, Request) error {
		s.Lock()
		return nil
	})
	if !errors.Is(err, ErrLocked) || signature != "" {
		t.Error(err)
	}
}

// A laptop that slept through the night wakes with its monotonic clock where it
// was, and a thief can set the other one back.
func TestSigner_LocksAfterSleep(t *testing.T) {
	start := time.Now()
	// A time counts whole seconds of the wall clock from bit 30 on, beside the
	// other clock; no function moves one without the other.
	wall := func(now time.Time, by time.Duration) time.Time {
		*(*uint64)(unsafe.Pointer(&now)) += uint64(by/time.Second) << 30
		return now
	}
	if slept := wall(start, 8*time.Hour); slept.Sub(start) != 0 || slept.Round(0).Sub(start.Round(0)) != 8*time.Hour {
		t.Fatal("the clocks did not part; this test proves nothing")
	}
	for name, c := range map[string]struct {
		now    time.Time
		locked bool
	}{
		"a moment later":                        {start.Add(time.Second), false},
		"five minutes later":                    {start.Add(IdleLock), true},
		"the wall clock alone went on":          {wall(start, 8*time.Hour), true},
		"the wall clock alone went back":        {wall(start, -time.Hour), false},
		"five minutes, the wall clock set back": {wall(start.Add(IdleLock), -time.Hour), true},
	} {
		now := start
		k, err := material{KindSolana, make([]byte, 32)}.keys(0)
		if err != nil {
			t.Fatal(err)
		}
		s := newSigner(k, func() time.Time { return now })
		s.mu.Lock()
		s.timer.Stop() // so that it does not read now
		s.mu.Unlock()
		now = c.now
		if s.Locked() != c.locked {
			t.Errorf("%s: locked %v", name, s.Locked())
		}
		s.Lock()
	}
}

// Whoever holds a certificate's signature reads the account's chats, so it is
// named as what it is, and refused to every other computer.
func TestSigner_NamesADeviceCertificate(t *testing.T) {
	s := alice(t)
	for domain, want := range map[string]core.Code{
		"127.0.0.1:6420": "", "localhost": "", "localhost:80": "",
		"127.0.0.1.example.org": core.Denied, "localhost.example.org:80": core.Denied, "debros.example:443": core.Denied, "127.0.0.1:0": core.Denied,
	} {
		for i, chain := range []string{"1", "mainnet"} {
			a := s.Accounts()[i]
			text, err := SignIn{
				Domain: domain, Account: a, Statement: "Add a device to my chats.", URI: DeviceURI, Version: "1", ChainID: chain, Nonce: "abcdefgh12345678",
				IssuedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ExpirationTime: time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC),
				Resources: []string{"anchat://device/1"},
			}.Text()
			if err != nil {
				t.Fatal(err)
			}
			var shown Request
			signature, err := s.Sign(t.Context(), a, text, func(_ context.Context, r Request) error {
				shown = r
				return nil
			})
			if want != "" {
				if core.CodeOf(err) != want || signature != "" || shown.Text != "" {
					t.Errorf("%s: %v, shown %q", domain, err, shown.Text)
				}
				continue
			}
			if err != nil || shown.Kind != TextDevice || shown.Text != text || shown.SignIn == nil {
				t.Errorf("%s: %+v, %v", domain, shown, err)
			}
		}
	}
}
