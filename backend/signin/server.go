package signin

// This file is the program's own page: a text made in Go goes out, one signature
// comes back.

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net/http"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// The chains whose wallets can sign in, as the HTTP contract spells them.
const (
	ChainEthereum = "ETH"
	ChainSolana   = "SOL"
)

// Account is an account that a person chose in a wallet. Its address is as the
// wallet wrote it and not checked here.
type Account struct {
	Wallet    string // the address
	ChainType string // ChainEthereum or ChainSolana
}

// Proposal is what a text to sign is made from.
type Proposal struct {
	Account
	// Code is the six digits that the person compares on both screens. A text that
	// the program makes contains them; a gateway's cannot, because whichever
	// gateway checks the signature builds the same text again.
	Code string
}

// Answer is a wallet's signature of a text that Begin made. Nothing is checked
// yet but the lengths.
type Answer struct {
	Account
	Text      string // as Begin returned it, byte for byte
	Signature string // Ethereum: hex, Solana: base64
}

// Settings say what a page shows and who judges its answer.
type Settings struct {
	// Dist is the built page of the program (frontend.Dist).
	Dist fs.FS
	// Begin makes the text that the account is to sign. It may be called
	// MaxChoices times, and from several goroutines.
	Begin func(context.Context, Proposal) (text string, err error)
	// Finish judges an answer; nil means signed in. The sentence of its error is
	// shown on the page, where the person may then choose anew. It is never
	// called twice for one text, nor again after it returned nil.
	Finish func(context.Context, Answer) error
	// Life is how long the page waits; 0 is PageLife.
	Life time.Duration
}

// Server is one page on loopback that waits for one answer.
type Server struct {
	settings Settings
	code     string
	door     *door

	mu      sync.Mutex
	choices int     // texts asked for
	open    *Answer // the text that waits for its signature
	judging bool    // Finish is running
	signed  *Account
}

// Listen opens a free port on 127.0.0.1 for one page. The caller closes the
// server. It returns Unavailable when there is no port.
func Listen(ctx context.Context, s Settings, log *slog.Logger) (*Server, error) {
	if s.Dist == nil || s.Begin == nil || s.Finish == nil || s.Life < 0 {
		return nil, core.Errorf(core.Invalid, "a sign-in page needs its files, Begin and Finish, and a life that is not negative")
	}
	if s.Life == 0 {
		s.Life = PageLife
	}
	code, err := newCode()
	if err != nil {
		return nil, err
	}
	d, err := openDoor(ctx, s.Dist, log)
	if err != nil {
		return nil, err
	}
	return &Server{settings: s, code: code, door: d}, nil
}

// newCode draws six digits, each number with the same chance.
func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// URL is the page's address. It holds the secret of the page: give it to the
// browser and to nobody else.
func (s *Server) URL() string { return s.door.origin() + "/#" + s.door.secret }

// Code is the six digits to show beside the page. A person who sees another code
// on the page must not sign there.
func (s *Server) Code() string { return s.code }

// Close gives the port back. It may be called twice, and after Run.
func (s *Server) Close() error { return s.door.close() }

// Run serves the page until an answer is accepted, and returns who signed. It
// returns Unavailable when nobody did in time, and the end of ctx as it is. The
// port is closed then; Run is called once.
func (s *Server) Run(ctx context.Context) (Account, error) {
	err := s.door.run(ctx, s.settings.Life, func(live context.Context, answered func()) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("POST /challenge", s.door.call(func(w http.ResponseWriter, r *http.Request) (any, error) { return s.challenge(live, w, r) }))
		mux.Handle("POST /answer", s.door.call(func(w http.ResponseWriter, r *http.Request) (any, error) {
			done, err := s.answer(live, w, r)
			if err == nil {
				answered()
			}
			return done, err
		}))
		s.door.pages(mux, modeLoopback)
		return mux
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signed != nil { // an answer that was accepted as the time ran out counts
		return *s.signed, nil
	}
	return Account{}, err
}

type challengeCall struct {
	Wallet    string `json:"wallet"`
	ChainType string `json:"chain_type"`
}

type challengeAnswer struct {
	Message   string `json:"message"`
	Code      string `json:"code"`
	ExpiresIn int    `json:"expires_in"` // seconds, at most
}

// challenge has a text made for the account that was chosen. It replaces the one
// before: a person who chooses anew has given the other up.
func (s *Server) challenge(live context.Context, w http.ResponseWriter, r *http.Request) (any, error) {
	var c challengeCall
	if err := decode(w, r, &c); err != nil {
		return nil, err
	}
	if c.Wallet == "" || len(c.Wallet) > maxWalletBytes || (c.ChainType != ChainEthereum && c.ChainType != ChainSolana) {
		return nil, core.Errorf(core.Invalid, "A challenge needs a wallet and chain_type %q or %q.", ChainEthereum, ChainSolana)
	}
	if err := s.choose(); err != nil {
		return nil, err
	}
	account := Account(c)
	text, err := s.settings.Begin(live, Proposal{Account: account, Code: s.code})
	if err != nil {
		return nil, err
	}
	if text == "" || len(text) > MaxTextBytes {
		return nil, core.Errorf(core.Internal, "The text to sign has not 1 to %d bytes.", MaxTextBytes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = &Answer{Account: account, Text: text}
	end, _ := live.Deadline() // run gives it one
	return challengeAnswer{Message: text, Code: s.code, ExpiresIn: int(time.Until(end).Seconds())}, nil
}

// choose counts one more choice of an account.
func (s *Server) choose() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.signed != nil || s.judging:
		return errAnswered()
	case s.choices >= MaxChoices:
		return core.Errorf(core.Limited, "An account was chosen %d times on this page; start the sign-in again.", MaxChoices)
	}
	s.choices++
	s.open = nil
	return nil
}

func errAnswered() error {
	return core.Errorf(core.Conflict, "This page has its answer already; close it.")
}

type answerCall struct {
	Wallet    string `json:"wallet"`
	Signature string `json:"signature"`
}

type doneAnswer struct {
	Status string `json:"status"`
}

// answer hands the signature on to be judged. The text is used up either way.
func (s *Server) answer(live context.Context, w http.ResponseWriter, r *http.Request) (any, error) {
	var c answerCall
	if err := decode(w, r, &c); err != nil {
		return nil, err
	}
	if c.Signature == "" || len(c.Signature) > maxSignatureBytes {
		return nil, core.Errorf(core.Invalid, "A signature has 1 to %d characters.", maxSignatureBytes)
	}
	given, err := s.take(c)
	if err != nil {
		return nil, err
	}
	err = s.settings.Finish(live, given)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judging = false
	if err != nil {
		return nil, err
	}
	s.signed = &given.Account
	return doneAnswer{Status: "ok"}, nil
}

// take removes the open text, so that of many answers to it one is judged.
func (s *Server) take(c answerCall) (Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.signed != nil || s.judging:
		return Answer{}, errAnswered()
	case s.open == nil || s.open.Wallet != c.Wallet:
		return Answer{}, core.Errorf(core.Conflict, "No text waits for this wallet's signature; choose the account again.")
	}
	given := *s.open
	given.Signature = c.Signature
	s.open, s.judging = nil, true
	return given, nil
}
