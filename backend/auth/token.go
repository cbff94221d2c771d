package auth

// This file makes and reads what the network signs: access tokens, WebSocket
// tickets and author proofs, all in the form of RFC 7519.

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
)

// kind is what a signed text is for; one is never taken for another.
type kind struct {
	typ      string        // of its header
	audience string        // before ":<network>"
	life     time.Duration // at most
}

func accessKind() kind { return kind{typ: "at+jwt", audience: "debros-gateway", life: TokenLife} }
func ticketKind() kind { return kind{typ: "ticket+jwt", audience: "debros-socket", life: TicketLife} }
func authorKind() kind { return kind{typ: "author+jwt", audience: "debros-gossip", life: TokenLife} }

const keySubject = "key:" // before a key's id: it can never be taken for a wallet

// claims are what is signed.
type claims struct {
	jwt.RegisteredClaims
	Namespace string        `json:"namespace"`
	Scope     string        `json:"scope,omitempty"` // a ceiling, not a right
	SessionID string        `json:"sid,omitempty"`
	Confirm   *confirmation `json:"cnf,omitempty"`
	// Of tickets: who asked, from which page, and where it works when only there.
	Method string `json:"method,omitempty"`
	Origin string `json:"origin,omitempty"`
	Node   string `json:"node,omitempty"`
	// Until is when the credential ends that a ticket stands for.
	Until int64 `json:"until,omitempty"`
}

// confirmation binds a proof to a peer, or a session to a device (RFC 7800).
type confirmation struct {
	Peer   string `json:"peer,omitempty"`
	Device string `json:"device,omitempty"`
}

// verified is a signed text that was checked, and when that ends.
type verified struct {
	principal           core.Principal
	node                string // that signed
	notBefore, notAfter time.Time
	keyFrom, keyUntil   time.Time
	peer                string
	claims              *claims
}

func (a *Auth) issuer() string { return "debros:" + a.settings.Network }

func (a *Auth) audience(k kind) string { return k.audience + ":" + a.settings.Network }

func errToken() error {
	return core.Errorf(core.Unauthenticated, "the credential is not valid, or its time has ended; sign in again")
}

// sign makes a text of that kind. It fills in issuer, audience and times.
func (a *Auth) sign(ctx context.Context, k kind, c claims, at time.Time, life time.Duration) (string, error) {
	key, err := a.signer(ctx)
	if err != nil {
		return "", err
	}
	at = at.Truncate(time.Second)
	c.Issuer, c.Audience = a.issuer(), jwt.ClaimStrings{a.audience(k)}
	c.IssuedAt, c.NotBefore, c.ExpiresAt = jwt.NewNumericDate(at), jwt.NewNumericDate(at), jwt.NewNumericDate(at.Add(min(life, k.life)))
	if c.ID == "" {
		c.ID = randomText(16)
	}
	token := jwt.NewWithClaims(method(key.algorithm), c)
	token.Header["typ"], token.Header["kid"] = k.typ, key.id
	signed, err := token.SignedString(key.private)
	if err != nil {
		return "", core.Wrap(core.Internal, err, "the token could not be signed")
	}
	return signed, nil
}

// parse checks a text of that kind: nothing in it is believed before the
// signature is, but for the id of the key, which find knows. It returns Unauthenticated, or
// Unavailable when the network had to be asked and could not.
func (a *Auth) parse(k kind, signed string, find func(id string) (tokenKey, error)) (verified, error) {
	if len(signed) > MaxCredentialBytes || strings.Count(signed, ".") != 2 {
		return verified{}, errToken()
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{AlgorithmEdDSA, AlgorithmES256}), jwt.WithIssuer(a.issuer()), jwt.WithAudience(a.audience(k)), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithLeeway(Skew), jwt.WithStrictDecoding(), jwt.WithTimeFunc(a.settings.Now),
	)
	var (
		c   claims
		key tokenKey
	)
	_, err := parser.ParseWithClaims(signed, &c, func(t *jwt.Token) (any, error) {
		id, ok := t.Header["kid"].(string)
		// "alg", "typ" and "kid" are all that a header of ours has: keys, addresses
		// of keys and critical extensions are refused with it.
		if !ok || t.Header["typ"] != k.typ || len(t.Header) != 3 {
			return nil, errToken()
		}
		var errKey error
		if key, errKey = find(id); errKey != nil {
			return nil, errKey
		}
		if t.Method.Alg() != key.algorithm { // the key says how it signs, not the token
			return nil, errToken()
		}
		return key.verifier, nil
	})
	if err != nil {
		if unavailable, ok := errors.AsType[*core.Error](err); ok && unavailable.Code == core.Unavailable {
			return verified{}, unavailable
		}
		return verified{}, errToken()
	}
	if !c.sound(k) || c.IssuedAt.Before(key.notBefore.Add(-Skew)) {
		return verified{}, errToken()
	}
	return verified{
		principal: c.principal(), node: key.node, notBefore: c.NotBefore.Time, notAfter: c.ExpiresAt.Time,
		keyFrom: key.notBefore, keyUntil: key.notAfter, peer: c.peer(), claims: &c,
	}, nil
}

// sound tells whether the claims are such as sign writes.
func (c *claims) sound(k kind) bool {
	if c.IssuedAt == nil || c.NotBefore == nil || c.ExpiresAt == nil || len(c.Audience) != 1 || c.ID == "" || c.Subject == "" {
		return false
	}
	life := c.ExpiresAt.Sub(c.IssuedAt.Time)
	if life <= 0 || life > k.life || c.NotBefore.Before(c.IssuedAt.Time) {
		return false
	}
	if k.typ == accessKind().typ && (c.SessionID == "") == (c.keyID() == "") {
		return false // it is of a session or of a key
	}
	switch device := c.device() != ""; { // devices have sessions of the chat, and nobody else has
	case c.Namespace == string(core.ChatNamespace):
		return device || k.typ == authorKind().typ
	case device:
		return false
	}
	_, err := core.ParseNamespace(c.Namespace)
	return err == nil
}

func (c *claims) peer() string {
	if c.Confirm == nil {
		return ""
	}
	return c.Confirm.Peer
}

// device is the one that a session of the chat is bound to, "" for all others.
func (c *claims) device() string {
	if c.Confirm == nil {
		return ""
	}
	return c.Confirm.Device
}

// keyID is the API key's, "" when it is no key.
func (c *claims) keyID() string {
	id, ok := strings.CutPrefix(c.Subject, keySubject)
	if !ok {
		return ""
	}
	return id
}

func (c *claims) principal() core.Principal {
	p := core.Principal{
		Subject: c.Subject, Method: core.MethodJWT, Namespace: core.Namespace(c.Namespace), SessionID: c.SessionID,
		Issuer: c.Issuer, Audience: c.Audience[0], IssuedAt: c.IssuedAt.UTC(), NotBefore: c.NotBefore.UTC(), ExpiresAt: c.ExpiresAt.UTC(),
	}
	p.KeyID, p.Device = c.keyID(), c.device()
	if c.Scope != "" {
		p.Scopes = strings.Fields(c.Scope)
	}
	return p
}

// recall is parse with a memory: a text that was checked is only looked at for
// what may have changed.
func (a *Auth) recall(k kind, memory *cache[[sha256.Size]byte, verified], hash [sha256.Size]byte, signed string, find func(id string) (tokenKey, error)) (verified, error) {
	v, seen := memory.get(hash)
	if !seen {
		begun := memory.begin()
		var err error
		if v, err = a.parse(k, signed, find); err != nil {
			return verified{}, err
		}
		memory.put(hash, v, begun)
	}
	now := a.settings.Now()
	if !now.Before(v.notAfter.Add(Skew)) || now.Add(Skew).Before(v.notBefore) || !a.accepted(v.node, v.keyFrom, v.keyUntil) {
		return verified{}, errToken()
	}
	return v, nil
}

// access makes the access token of a session or a key.
func (a *Auth) access(ctx context.Context, c claims, at, end time.Time) (core.Secret, time.Duration, error) {
	life := TokenLife
	if left := end.Sub(at).Truncate(time.Second); !end.IsZero() && left < life {
		life = left
	}
	if life <= 0 {
		return "", 0, errToken()
	}
	signed, err := a.sign(ctx, accessKind(), c, at, life)
	return core.Secret(signed), life, err
}

// scope writes a ceiling as one claim.
func scope(scopes []string) string { return strings.Join(scopes, " ") }

// allScopes are the ceiling of a wallet's own session: none.
func allScopes() []string {
	return []string{string(core.PermissionRead), string(core.PermissionWrite), string(core.PermissionSchema), string(core.PermissionAdmin), string(core.PermissionOwner)}
}

// knownScope tells whether an API key may have it.
func knownScope(s string) bool {
	return slices.Contains([]string{string(core.PermissionRead), string(core.PermissionWrite), string(core.PermissionSchema), string(core.PermissionAdmin)}, s)
}
