package wallet

// This file signs. What may be signed is a short list, and nothing else has a
// way in: there is no "sign these bytes".

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// MinNetworkNonce is the least number of letters and digits of a bare nonce.
// Gateways issue about 50 of them; shorter texts may mean something elsewhere.
const MinNetworkNonce = 20

// TextKind says what a text that may be signed is.
type TextKind string

// The kinds.
const (
	TextNonce  TextKind = "nonce"   // the bare nonce of a gateway, for older clients
	TextSignIn TextKind = "sign-in" // see SignIn
	TextDevice TextKind = "device"  // a sign-in text that makes a computer one of the account's devices
)

// DeviceURI is what a device certificate's text signs in to. Who holds such a
// signature reads the account's chats for a year, so the text has a name of its
// own, and none that another computer asks for is signed.
const DeviceURI = "anchat://link-device/v1"

// The reasons for which a signer refuses.
var (
	// ErrLocked is for a wallet that was locked, or not used for IdleLock.
	ErrLocked error = core.Errorf(core.Unauthenticated, "the wallet is locked; unlock it with its passphrase")
	// ErrNotSignable is for every text that is not of a TextKind.
	ErrNotSignable error = core.Errorf(core.Denied, "this wallet signs a network's nonce, its sign-in text or a device certificate and nothing else; take the text unchanged from where it was made")
)

// Request is what a person must see before it is signed.
type Request struct {
	Account Account
	Kind    TextKind
	Text    string  // all of it
	SignIn  *SignIn // the values of a sign-in text and of a device certificate; else nil
}

// Confirm shows a request in full and returns nil when the person agrees. Any
// error of it ends the signature and comes back to the caller.
type Confirm func(ctx context.Context, r Request) error

// Signer is an open wallet. It locks itself when it was not used for IdleLock, or
// as long as LockAfter says, also when the computer slept meanwhile. Whoever opened it calls Lock at the
// end. Its methods may be called from any goroutine.
type Signer struct {
	accounts []Account
	now      func() time.Time

	mu     sync.Mutex
	keys   *keys // nil once locked
	idle   time.Duration
	usedAt time.Time
	timer  *time.Timer
}

// lockCheck is how often an open wallet looks at the clock. A single timer of
// IdleLock would stand still while the computer sleeps.
const lockCheck = 10 * time.Second

// NewSigner opens a wallet of two keys that lie in no folder, such as those of
// test people. It takes them over: Lock wipes the caller's keys too.
func NewSigner(eth EthereumKey, sol SolanaKey) *Signer {
	return newSigner(keys{eth: &eth, sol: &sol}, time.Now)
}

// newSigner takes k over.
func newSigner(k keys, now func() time.Time) *Signer {
	s := &Signer{accounts: k.accounts(), now: now, keys: &k, idle: IdleLock, usedAt: now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(lockCheck, s.check)
	return s
}

// Accounts are the accounts that it can sign for, Ethereum first. They can be
// asked for when it is locked, too.
func (s *Signer) Accounts() []Account { return slices.Clone(s.accounts) }

// Locked tells whether it can sign no more.
func (s *Signer) Locked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lockIdleLocked()
	return s.keys == nil
}

// LockAfter sets for how long it stays open without a signature. The longest is
// MaxIdleLock.
func (s *Signer) LockAfter(idle time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = min(idle, MaxIdleLock)
	s.lockIdleLocked()
}

// Lock wipes the keys. It may be called twice.
func (s *Signer) Lock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lockLocked()
}

// Sign signs text for account after confirm has agreed to it: a nonce as gateways
// issue them, or a sign-in text for this account that has a time of expiry, which
// a device certificate is, too. All else is ErrNotSignable, or core.Invalid with what is wrong about it. The
// signature is in the form that Verify and other tools read: 0x and hex for ETH,
// base58 for SOL.
func (s *Signer) Sign(ctx context.Context, account Account, text string, confirm Confirm) (string, error) {
	if s.Locked() {
		return "", ErrLocked
	}
	if !slices.Contains(s.accounts, account) {
		return "", errNoAccount()
	}
	request, err := judge(account, text)
	if err != nil {
		return "", err
	}
	if confirm == nil {
		return "", core.Errorf(core.Denied, "nobody was asked; a text is shown in full before it is signed")
	}
	if err = confirm(ctx, request); err != nil {
		return "", fmt.Errorf("confirm signature: %w", err)
	}
	if err = ctx.Err(); err != nil {
		return "", fmt.Errorf("confirm signature: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lockIdleLocked() // people take their time
	if s.keys == nil {
		return "", ErrLocked
	}
	s.usedAt = s.now()
	return s.keys.sign(account, text)
}

// judge says what text is, if it may be signed for account.
func judge(account Account, text string) (Request, error) {
	request := Request{Account: account, Kind: TextNonce, Text: text}
	if len(text) >= MinNetworkNonce && len(text) <= MaxNonceLetters && isBase62(text) {
		return request, checkNoTransaction(text)
	}
	signIn, err := ParseSignIn(text)
	switch {
	case err != nil && strings.Contains(text, " wants you to sign in "):
		return Request{}, err // it says what is wrong
	case err != nil:
		return Request{}, ErrNotSignable
	case signIn.Account != account:
		return Request{}, core.Errorf(core.Invalid, "this sign-in text is for another account; choose the one that it names")
	case signIn.ExpirationTime.IsZero():
		return Request{}, core.Errorf(core.Invalid, "this sign-in text would be good for ever; ask for one with a time of expiry")
	}
	request.Kind, request.SignIn = TextSignIn, &signIn
	if signIn.URI == DeviceURI {
		request.Kind = TextDevice
		if !isLoopback(signIn.Domain) {
			return Request{}, core.Errorf(core.Denied, "this text would make another computer one of your devices; only a page of this computer may ask for that")
		}
	}
	return request, checkNoTransaction(text)
}

// isLoopback holds for the pages that a node serves on its own computer.
func isLoopback(domain string) bool {
	host := domain
	if name, port, err := net.SplitHostPort(domain); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
		host = name
	}
	return host == "localhost" || host == "127.0.0.1"
}

// checkNoTransaction refuses what Solana could read as a transaction's message:
// how many of its keys sign, two more counts, the number of keys in one byte,
// then 32 bytes for each key and 32 of a block's hash. The other form of one
// begins with a byte above 127, which no text here has. In printable ASCII more
// keys would have to sign than fit; this makes sure of it should the list of
// texts grow. Ethereum needs no such rule: what EIP-191 hashes is no transaction.
func checkNoTransaction(text string) error {
	const head, key, hash = 4, 32, 32
	if len(text) < head {
		return nil
	}
	signers, count := int(text[0]), int(text[3])
	if text[0] > 127 || count > 127 || signers <= count && head+count*key+hash <= len(text) {
		return ErrNotSignable
	}
	return nil
}

// check locks an idle wallet and otherwise comes again.
func (s *Signer) check() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lockIdleLocked()
	if s.keys != nil {
		s.timer.Reset(lockCheck)
	}
}

// lockIdleLocked goes by both clocks: the one that stands still in sleep, and
// the one that people can set back.
func (s *Signer) lockIdleLocked() {
	now := s.now()
	if now.Sub(s.usedAt) >= s.idle || now.Round(0).Sub(s.usedAt.Round(0)) >= s.idle {
		s.lockLocked()
	}
}

func (s *Signer) lockLocked() {
	if s.keys == nil {
		return
	}
	s.keys.wipe()
	s.keys = nil
	s.timer.Stop()
}

func errNoAccount() error {
	return core.Errorf(core.NotFound, "this wallet does not have that account; choose one of its own")
}
