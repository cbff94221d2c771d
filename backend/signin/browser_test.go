package signin_test

// This file is the Go side of the journeys in frontend/tests/signin.e2e.ts: the
// hosts of the page, with real signatures, for a real browser. The journeys build
// this package's tests and start TestBrowserHost in a process of its own.

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/gagliardetto/solana-go"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/signin"
	"git.debros.io/DeBros/network/frontend"
)

// signIn is one page, from its opening to its end.
type signIn struct {
	ID    string `json:"id"`
	URL   string `json:"url"`
	Code  string `json:"code"`
	ended chan string
}

// browserHost opens pages and tells how they ended.
type browserHost struct {
	ctx     context.Context //nolint:containedctx // a process for one test: it is the process's life
	log     *slog.Logger
	gateway string
	running sync.WaitGroup
	mu      sync.Mutex // also over the gateway's texts
	pages   map[string]*signIn
}

// TestBrowserHost is no test of its own; it serves until its input ends.
func TestBrowserHost(t *testing.T) {
	if os.Getenv("DEBROS_SIGNIN_HOST") == "" {
		t.Skip("the journeys of the page start this")
	}
	ctx, stop := context.WithCancel(t.Context())
	h := &browserHost{ctx: ctx, log: slog.New(slog.NewTextHandler(os.Stderr, nil)), pages: make(map[string]*signIn)}
	gateway := httptest.NewServer(h.gatewayRoutes())
	h.gateway = gateway.URL
	control := httptest.NewServer(h.controlRoutes())
	fmt.Printf("control %s\n", control.URL)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Error(err)
	}
	stop()
	h.running.Wait()
	control.Close()
	gateway.Close()
}

func (h *browserHost) controlRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /loopback", func(w http.ResponseWriter, r *http.Request) {
		s, err := signin.Listen(h.ctx, signin.Settings{
			Dist: frontend.Dist(),
			Begin: func(_ context.Context, p signin.Proposal) (string, error) {
				return text(p.Account, "code "+p.Code), nil
			},
			Finish: func(_ context.Context, a signin.Answer) error { return verify(a) },
			Life:   lifeOf(r),
		}, h.log)
		if err != nil {
			panic(err)
		}
		h.open(w, &signIn{URL: s.URL(), Code: s.Code()}, func() string {
			account, err := s.Run(h.ctx)
			return fmt.Sprintf("%s %s %v", account.ChainType, account.Wallet, err)
		})
	})
	mux.HandleFunc("POST /gateway", func(w http.ResponseWriter, _ *http.Request) {
		c, err := signin.ListenCallback(h.ctx, frontend.Dist(), h.log)
		if err != nil {
			panic(err)
		}
		h.open(w, &signIn{URL: c.LoginURL(h.gateway), Code: c.Host()}, func() string {
			key, err := c.Run(h.ctx)
			return fmt.Sprintf("%s %s %v", key.APIKey.Reveal(), key.Namespace, err)
		})
	})
	mux.HandleFunc("GET /ended/{id}", func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		page := h.pages[r.PathValue("id")]
		h.mu.Unlock()
		fmt.Fprint(w, <-page.ended)
	})
	mux.HandleFunc("POST /sign/{chain}", func(w http.ResponseWriter, r *http.Request) {
		message, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if err != nil {
			panic(err)
		}
		fmt.Fprint(w, sign(r.PathValue("chain"), message))
	})
	mux.HandleFunc("GET /addresses", func(w http.ResponseWriter, _ *http.Request) { answer(w, addresses()) })
	return mux
}

func lifeOf(r *http.Request) time.Duration {
	ms, err := strconv.Atoi(r.URL.Query().Get("life"))
	if err != nil {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

func (h *browserHost) open(w http.ResponseWriter, page *signIn, run func() string) {
	page.ended = make(chan string, 1)
	h.mu.Lock()
	page.ID = strconv.Itoa(len(h.pages))
	h.pages[page.ID] = page
	h.mu.Unlock()
	h.running.Go(func() { page.ended <- run() })
	answer(w, page)
}

// gatewayRoutes is as much of a gateway as the page talks to, by the contract.
func (h *browserHost) gatewayRoutes() http.Handler {
	texts := make(map[string]string) // by nonce
	mux := http.NewServeMux()
	page := signin.GatewayPage(frontend.Dist())
	mux.Handle(signin.LoginPath, page)
	mux.Handle(signin.LoginPath+"/", page)
	type call struct {
		Wallet    string `json:"wallet"`
		ChainType string `json:"chain_type"`
		Namespace string `json:"namespace"`
		Nonce     string `json:"nonce"`
		Signature string `json:"signature"`
	}
	route := func(path string, serve func(call) (any, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			var c call
			d := json.NewDecoder(r.Body)
			d.DisallowUnknownFields()
			if err := d.Decode(&c); err != nil || r.Header.Get("Content-Type") != "application/json" {
				http.Error(w, `{"error":"bad call","code":"invalid"}`, http.StatusBadRequest)
				return
			}
			h.mu.Lock()
			body, err := serve(c)
			h.mu.Unlock()
			if err != nil {
				w.WriteHeader(core.CodeOf(err).HTTPStatus())
				body = map[string]string{"error": core.Sentence(err), "code": string(core.CodeOf(err))}
			}
			answer(w, body)
		})
	}
	route("/v1/auth/challenge", func(c call) (any, error) {
		nonce := "nonce" + strconv.Itoa(len(texts))
		texts[nonce] = text(signin.Account{Wallet: c.Wallet, ChainType: c.ChainType}, nonce)
		return map[string]string{"wallet": c.Wallet, "namespace": "shop", "nonce": nonce, "message": texts[nonce], "expires_at": time.Now().Add(signin.PageLife).Format(time.RFC3339)}, nil
	})
	route("/v1/auth/api-key", func(c call) (any, error) {
		a := signin.Answer{Account: signin.Account{Wallet: c.Wallet, ChainType: c.ChainType}, Text: texts[c.Nonce], Signature: c.Signature}
		if err := verify(a); err != nil {
			return nil, err
		}
		return map[string]string{"api_key": "ak_canary_" + c.ChainType, "namespace": c.Namespace, "plan": "free", "wallet": c.Wallet}, nil
	})
	return mux
}

func answer(w http.ResponseWriter, body any) {
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}

// text is long and has letters that a careless page would turn into markup.
func text(a signin.Account, proof string) string {
	return "127.0.0.1 wants you to sign in with your account:\n" + a.Wallet + "\n\nSign in to the DeBros network 7Q2F, " + proof + ". This moves no money. <b>&amp;\n\nURI: http://127.0.0.1\nVersion: 1\nNonce: x"
}

func ethereumKey() []byte { return []byte(strings.Repeat("e", 32)) }

func solanaKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))
}

func addresses() map[string]string {
	key, err := crypto.ToECDSA(ethereumKey())
	if err != nil {
		panic(err)
	}
	return map[string]string{
		"ETH": crypto.PubkeyToAddress(key.PublicKey).Hex(),
		"SOL": solana.PrivateKey(solanaKey()).PublicKey().String(),
	}
}

func ethereumHash(message string) []byte {
	return crypto.Keccak256([]byte("\x19Ethereum Signed Message:\n" + strconv.Itoa(len(message)) + message))
}

// sign is the wallet's own part: hex for both chains.
func sign(chain string, message []byte) string {
	if chain == signin.ChainSolana {
		return hex.EncodeToString(ed25519.Sign(solanaKey(), message))
	}
	key, err := crypto.ToECDSA(ethereumKey())
	if err != nil {
		panic(err)
	}
	signature, err := crypto.Sign(ethereumHash(string(message)), key)
	if err != nil {
		panic(err)
	}
	signature[64] += 27
	return "0x" + hex.EncodeToString(signature)
}

// verify checks what the page sent, as far as these journeys need it.
func verify(a signin.Answer) error {
	refused := core.Errorf(core.Unauthenticated, "The signature is not of this wallet and text.")
	if a.ChainType == signin.ChainSolana {
		key, err := solana.PublicKeyFromBase58(a.Wallet)
		if err != nil {
			return refused
		}
		signature, err := base64.StdEncoding.DecodeString(a.Signature)
		if err != nil || len(signature) != ed25519.SignatureSize || !ed25519.Verify(key[:], []byte(a.Text), signature) {
			return refused
		}
		return nil
	}
	signature, err := hex.DecodeString(strings.TrimPrefix(a.Signature, "0x"))
	if err != nil || len(signature) != crypto.SignatureLength {
		return refused
	}
	signature[64] -= 27
	key, err := crypto.SigToPub(ethereumHash(a.Text), signature)
	if err != nil || !strings.EqualFold(crypto.PubkeyToAddress(*key).Hex(), a.Wallet) {
		return refused
	}
	return nil
}
