package gateway

// This file has the routes by which a wallet becomes a session, an app or a key,
// and a session goes on and ends.

import (
	"net/http"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// loginPath is the page on which a browser's wallet signs.
const loginPath = "/v1/auth/login"

// maxKeyLife bounds how long a key may be asked for; a century is for ever.
const maxKeyLife = 100 * 365 * 24 * time.Hour

type challengeRequest struct {
	Wallet    string `json:"wallet"`
	Purpose   string `json:"purpose,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	ChainType string `json:"chain_type,omitempty"` // "ETH" or "SOL"; without it, what the wallet looks like
}

type challengeAnswer struct {
	Wallet    string         `json:"wallet"`
	Namespace core.Namespace `json:"namespace"`
	Nonce     string         `json:"nonce"`
	Purpose   string         `json:"purpose"`
	ExpiresAt time.Time      `json:"expires_at"`
	Message   string         `json:"message"` // the text to sign; the nonce alone may be signed too
}

// proofRequest is a signed challenge.
type proofRequest struct {
	Wallet    string `json:"wallet"`
	Nonce     string `json:"nonce"`
	Signature string `json:"signature"` // of the nonce or the message
	Namespace string `json:"namespace,omitempty"`
	ChainType string `json:"chain_type,omitempty"`
}

type verifyAnswer struct {
	tokenAnswer
	RefreshToken      string `json:"refresh_token"` //nolint:gosec // G117: this answer hands it out
	Subject           string `json:"subject"`
	Nonce             string `json:"nonce"`
	SignatureVerified bool   `json:"signature_verified"`
}

// tokenAnswer is common to all that give an access token.
type tokenAnswer struct {
	AccessToken string         `json:"access_token"` //nolint:gosec // G117: this answer hands it out
	TokenType   string         `json:"token_type"`
	ExpiresIn   int64          `json:"expires_in"` // seconds
	Namespace   core.Namespace `json:"namespace"`
}

func tokenOf(t core.Tokens) tokenAnswer {
	return tokenAnswer{AccessToken: t.AccessToken.Reveal(), TokenType: "Bearer", ExpiresIn: int64(t.ExpiresIn / time.Second), Namespace: t.Namespace}
}

type registerRequest struct {
	proofRequest
	Name string `json:"name,omitempty"`
}

type registerAnswer struct {
	ClientID          string        `json:"client_id"`
	App               registeredApp `json:"app"`
	SignatureVerified bool          `json:"signature_verified"`
}

type registeredApp struct {
	AppID     string         `json:"app_id"`
	Name      string         `json:"name"`
	PublicKey string         `json:"public_key"`
	Namespace core.Namespace `json:"namespace"`
	Wallet    string         `json:"wallet"`
}

type apiKeyRequest struct {
	proofRequest
	Plan      string   `json:"plan,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`     // read, write, schema, admin
	ExpiresIn int64    `json:"expires_in,omitempty"` // seconds; without it the key does not end
}

type apiKeyAnswer struct {
	APIKey    string         `json:"api_key"` //nolint:gosec // G117: shown this once
	Namespace core.Namespace `json:"namespace"`
	Plan      string         `json:"plan"`
	Wallet    string         `json:"wallet"`
}

type refreshRequest struct {
	RefreshToken string `json:"refresh_token"` //nolint:gosec // G117: the caller brings it
	Namespace    string `json:"namespace,omitempty"`
}

type refreshAnswer struct {
	tokenAnswer
	RefreshToken string `json:"refresh_token"` //nolint:gosec // G117: this answer hands it out
	Subject      string `json:"subject"`
}

type logoutRequest struct {
	RefreshToken string `json:"refresh_token,omitempty"` //nolint:gosec // G117: the caller brings it
	All          bool   `json:"all,omitempty"`           // every session of the caller; needs an access token
}

type logoutAnswer struct {
	Status  string `json:"status"`
	Revoked int    `json:"revoked"`
}

// whoamiAnswer never holds a key. Times are Unix seconds, as in the token.
type whoamiAnswer struct {
	Authenticated bool           `json:"authenticated"`
	Method        string         `json:"method"`
	Subject       string         `json:"subject"`
	Namespace     core.Namespace `json:"namespace"`
	Issuer        string         `json:"issuer,omitempty"`
	Audience      string         `json:"audience,omitempty"`
	IssuedAt      int64          `json:"issued_at,omitempty"`
	NotBefore     int64          `json:"not_before,omitempty"`
	ExpiresAt     int64          `json:"expires_at,omitempty"`
}

func (g *Gateway) signInRoutes() []route {
	return []route{
		{methods: "POST", path: "/v1/auth/challenge", access: public, body: jsonBody, rate: rateChallenge, summary: "Gives a text for a wallet to sign; it holds for five minutes and once.", request: challengeRequest{}, response: challengeAnswer{}, serve: challenge},
		{methods: "POST", path: "/v1/auth/verify", access: public, body: jsonBody, rate: rateVerify, summary: "Turns a signed challenge into a session.", request: proofRequest{}, response: verifyAnswer{}, serve: verify},
		{methods: "POST", path: "/v1/auth/register", access: public, body: jsonBody, rate: rateVerify, status: http.StatusCreated, summary: "Registers an app for a namespace with a signed challenge.", request: registerRequest{}, response: registerAnswer{}, serve: register},
		{methods: "POST", path: "/v1/auth/api-key", access: public, body: jsonBody, rate: rateVerify, summary: "Makes an API key with a signed challenge; it is shown once.", request: apiKeyRequest{}, response: apiKeyAnswer{}, serve: keyByProof},
		{methods: "POST", path: "/v1/auth/token", access: anyone, rate: rateToken, summary: "Turns an API key into an access token.", response: tokenAnswer{}, serve: exchange},
		{methods: "POST", path: "/v1/auth/refresh", access: public, body: jsonBody, rate: rateRefresh, summary: "Goes on with a session; the refresh token is replaced.", request: refreshRequest{}, response: refreshAnswer{}, serve: refresh},
		{methods: "POST", path: "/v1/auth/logout", access: public, body: jsonBody, summary: "Ends the session of a refresh token, or all sessions of the caller.", request: logoutRequest{}, response: logoutAnswer{}, serve: logout},
		{methods: "GET POST", path: "/v1/auth/whoami", access: anyone, devices: true, summary: "Tells who the credential says you are.", response: whoamiAnswer{}, serve: whoami},
		{methods: "GET", path: loginPath, access: public, here: true, mediaType: "text/html", summary: "Shows the page on which a browser's wallet signs in.", params: []param{{name: "callback", help: "loopback address that gets the key", required: true}}, serve: g.login},
		{methods: "GET", path: loginPath + "/{file...}", access: public, here: true, mediaType: "application/octet-stream", summary: "Files of the sign-in page.", serve: g.login},
	}
}

// foreignNamespace is the namespace that a caller without a credential names.
func (c *call) foreignNamespace(named string) (core.Namespace, error) {
	if named == "" {
		return c.g.settings.Namespace, nil
	}
	return core.ParseNamespace(named)
}

// reached is how the caller came here: both stand in the text that is signed.
func (c *call) reached() (domain, uri string) {
	return c.r.Host, c.g.scheme(c.r, c.peer()) + "://" + c.r.Host + "/v1/auth/verify"
}

func challenge(c *call) error {
	var in challengeRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := c.limitClaimed(rateChallenge, in.Wallet); err != nil {
		return err
	}
	ns := core.ChatNamespace // what a device signs in to
	if in.Purpose != core.PurposeDevice {
		var err error
		if ns, err = c.foreignNamespace(in.Namespace); err != nil {
			return err
		}
	}
	r := core.ChallengeRequest{Wallet: in.Wallet, ChainType: in.ChainType, Namespace: ns, Purpose: in.Purpose}
	r.Domain, r.URI = c.reached()
	out, err := c.g.services.Auth.Challenge(c.r.Context(), r)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, challengeAnswer(out))
}

// proof reads what was signed, and counts it for the wallet.
func (c *call) proof(in proofRequest) (core.Proof, error) {
	if err := c.limitClaimed(rateVerify, in.Wallet); err != nil {
		return core.Proof{}, err
	}
	ns, err := c.foreignNamespace(in.Namespace)
	p := core.Proof{Wallet: in.Wallet, ChainType: in.ChainType, Namespace: ns, Nonce: in.Nonce, Signature: in.Signature, Address: c.address()}
	p.Domain, p.URI = c.reached()
	return p, err
}

func verify(c *call) error {
	var in proofRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	p, err := c.proof(in)
	if err != nil {
		return err
	}
	t, err := c.g.services.Auth.Verify(c.r.Context(), p)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, verifyAnswer{
		tokenAnswer: tokenOf(t), RefreshToken: t.RefreshToken.Reveal(), Subject: t.Subject, Nonce: in.Nonce, SignatureVerified: true,
	})
}

func register(c *call) error {
	var in registerRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	p, err := c.proof(in.proofRequest)
	if err != nil {
		return err
	}
	app, err := c.g.services.Auth.Register(c.r.Context(), p, in.Name)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, registerAnswer{
		ClientID:          app.ID,
		App:               registeredApp{AppID: app.ID, Name: app.Name, PublicKey: app.PublicKey, Namespace: app.Namespace, Wallet: app.Wallet},
		SignatureVerified: true,
	})
}

func keyByProof(c *call) error {
	var in apiKeyRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	life, err := keyLife(in.ExpiresIn)
	if err != nil {
		return err
	}
	p, err := c.proof(in.proofRequest)
	if err != nil {
		return err
	}
	key, err := c.g.services.Auth.KeyByProof(c.r.Context(), p, core.KeyOptions{Plan: in.Plan, Scopes: in.Scopes, ExpiresIn: life})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, apiKeyAnswer{APIKey: key.Secret.Reveal(), Namespace: key.Namespace, Plan: key.Plan, Wallet: key.Creator})
}

// keyLife reads a number of seconds; 0 is for ever.
func keyLife(seconds int64) (time.Duration, error) {
	if seconds < 0 || seconds > int64(maxKeyLife/time.Second) {
		return 0, core.Errorf(core.Invalid, "expires_in is a number of seconds from 1 to %d; leave it out for a key that does not end", int64(maxKeyLife/time.Second))
	}
	return time.Duration(seconds) * time.Second, nil
}

func exchange(c *call) error {
	if c.who.Method != core.MethodAPIKey {
		return core.Errorf(core.Invalid, "only an API key can be turned into an access token; POST /v1/auth/refresh goes on with a session")
	}
	t, err := c.g.services.Auth.Exchange(c.r.Context(), c.who)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, tokenOf(t))
}

func refresh(c *call) error {
	var in refreshRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if in.RefreshToken == "" {
		return core.Errorf(core.Invalid, "refresh_token is missing")
	}
	if err := c.limitClaimed(rateRefresh, family(in.RefreshToken)); err != nil {
		return err
	}
	var ns core.Namespace // "" is the session's own
	var err error
	if in.Namespace != "" {
		if ns, err = core.ParseNamespace(in.Namespace); err != nil {
			return err
		}
	}
	t, err := c.g.services.Auth.Refresh(c.r.Context(), core.Secret(in.RefreshToken), ns, c.address())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, refreshAnswer{tokenAnswer: tokenOf(t), RefreshToken: t.RefreshToken.Reveal(), Subject: t.Subject})
}

// family is the public part of a refresh token, art_<id>_<secret>; "" when it
// does not look like one.
func family(token string) string {
	parts := strings.SplitN(token, "_", 3)
	if len(parts) != 3 || len(parts[1]) > 64 {
		return ""
	}
	return parts[1]
}

func logout(c *call) error {
	var in logoutRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	var revoked int
	var err error
	switch {
	case in.All:
		if c.who, err = c.g.authenticate(c); err != nil {
			return err
		}
		c.known()
		if c.who.Method != core.MethodJWT {
			return core.Errorf(core.Denied, "ending all sessions needs the access token of one of them")
		}
		revoked, err = c.g.services.Auth.LogoutAll(c.r.Context(), c.who)
	case in.RefreshToken != "":
		revoked, err = c.g.services.Auth.Logout(c.r.Context(), core.Secret(in.RefreshToken))
	default:
		return core.Errorf(core.Invalid, "name the refresh_token of the session to end, or set all to true")
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, logoutAnswer{Status: "ok", Revoked: revoked})
}

func whoami(c *call) error {
	seconds := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.Unix()
	}
	p := c.who
	return c.answer(http.StatusOK, whoamiAnswer{
		Authenticated: p.Method != core.MethodNone, Method: p.Method, Subject: p.Subject, Namespace: c.ns, Issuer: p.Issuer, Audience: p.Audience,
		IssuedAt: seconds(p.IssuedAt), NotBefore: seconds(p.NotBefore), ExpiresAt: seconds(p.ExpiresAt),
	})
}

func (g *Gateway) login(c *call) error {
	if g.settings.Login == nil {
		return core.Errorf(core.NotFound, "this gateway has no sign-in page; sign in with 'debros auth login'")
	}
	g.settings.Login.ServeHTTP(c.w, c.r)
	return nil
}
