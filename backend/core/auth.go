package core

import "time"

// Permission is what a request needs in a namespace. Each includes those before
// it: who may write may read.
type Permission string

// The permissions, from least to most. The first four are also the scopes that
// an API key may have; PermissionOwner is never given to a key.
const (
	PermissionRead   Permission = "read"   // keys, rows, topics, changes
	PermissionWrite  Permission = "write"  // keys and rows, publish
	PermissionSchema Permission = "schema" // create and drop tables
	PermissionAdmin  Permission = "admin"  // export, import, apps, everybody's keys, grants of writers and readers
	PermissionOwner  Permission = "owner"  // grants of admins and owners, deleting the namespace
	// PermissionChat is of no such order. Every device of a wallet has it, in
	// ChatNamespace alone, and nobody has another one there.
	PermissionChat Permission = "chat"
)

// Role is what a grant makes of somebody in a namespace.
type Role string

// The roles.
const (
	GrantOwner  Role = "owner"
	GrantAdmin  Role = "admin"
	GrantWriter Role = "writer"
	GrantReader Role = "reader"
)

// Methods by which a caller proved who he is.
const (
	MethodJWT      = "jwt"
	MethodAPIKey   = "api_key"
	MethodOperator = "operator" // the key in the node's own data folder
	MethodNone     = "none"     // a loopback gateway that asks for no credential
)

// Principal is whom a credential proved. What it may do is decided at each
// request by the grants as they are then; Scopes only lower that.
type Principal struct {
	Subject   string    `json:"subject"` // the wallet as shown, "key:<id>", "operator" or "anonymous"
	Method    string    `json:"method"`
	Namespace Namespace `json:"namespace"` // that the credential is for
	// Scopes are a ceiling; nil is no ceiling.
	Scopes    []string  `json:"scopes,omitempty"`
	SessionID string    `json:"session_id,omitempty"` // of a JWT
	KeyID     string    `json:"key_id,omitempty"`     // of an API key, or of the one that a JWT was made from
	Device    string    `json:"device,omitempty"`     // that a session of the chat is bound to
	Issuer    string    `json:"issuer,omitempty"`
	Audience  string    `json:"audience,omitempty"`
	IssuedAt  time.Time `json:"issued_at"`
	NotBefore time.Time `json:"not_before"`
	ExpiresAt time.Time `json:"expires_at"` // zero when it does not expire
}

// Operator tells whether the caller runs the node.
func (p Principal) Operator() bool { return p.Method == MethodOperator }

// Account is whom to count rates and sockets by: the wallet or the key.
func (p Principal) Account() string { return p.Subject }

// ChallengeRequest asks for a text to sign. Purpose is for people only.
type ChallengeRequest struct {
	Wallet    string
	ChainType string // "ETH", "SOL" or "" to see it from the wallet
	Namespace Namespace
	Purpose   string
	// Domain is the name by which the caller reached the gateway, URI where the
	// proof is sent; both stand in the text that is signed.
	Domain, URI string
}

// Challenge is what a wallet signs: the nonce alone, or the message with it in.
type Challenge struct {
	Wallet    string
	Namespace Namespace
	Nonce     string
	Purpose   string
	ExpiresAt time.Time
	Message   string
}

// Proof is a signed challenge.
type Proof struct {
	Wallet      string
	ChainType   string
	Namespace   Namespace
	Nonce       string
	Signature   string
	Domain, URI string // as in ChallengeRequest
	Address     string // of the caller, for the audit log; "" when unknown
}

// PurposeDevice is the purpose of a challenge that a device of the chat signs. It
// opens a session of the chat and nothing else.
const PurposeDevice = "device"

// DeviceProof is a challenge that a device of a wallet has signed.
type DeviceProof struct {
	Wallet      string
	ChainType   string
	Device      string // its fingerprint in hex
	Nonce       string
	Domain, URI string // as in ChallengeRequest
	Address     string // of the caller, for the audit log; "" when unknown
	// Verify checks the device's signature over the challenge's text, and that the
	// device is the wallet's. It returns Unauthenticated or Denied.
	Verify func(message string) error
}

// Tokens are a session's: both are secrets.
type Tokens struct {
	AccessToken  Secret
	ExpiresIn    time.Duration
	RefreshToken Secret // "" when the session was made by an API key or a device
	Subject      string
	Namespace    Namespace
	SessionID    string
}

// Session is one sign-in as its owner sees it.
type Session struct {
	ID        string    `json:"id"`
	Subject   string    `json:"subject"`
	Namespace Namespace `json:"namespace"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at"` // last refresh
	ExpiresAt time.Time `json:"expires_at"`
	Address   string    `json:"address"` // from which it was made
	Current   bool      `json:"current"`
}

// KeyOptions say what a new API key may do. The zero value reads, writes and
// makes tables, and does not expire.
type KeyOptions struct {
	Name      string
	Plan      string // of the older clients: kept and given back, decides nothing
	Scopes    []string
	ExpiresIn time.Duration
}

// APIKey is a key as its namespace's admins see it. Secret is in the answer that
// made it and nowhere else.
type APIKey struct {
	ID         string    `json:"id"`
	Secret     Secret    `json:"-"`
	Name       string    `json:"name"`
	Plan       string    `json:"plan"`
	Namespace  Namespace `json:"namespace"`
	Creator    string    `json:"creator"` // wallet as shown
	Scopes     []string  `json:"scopes"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`   // zero: never
	LastUsedAt time.Time `json:"last_used_at"` // written in batches, so minutes late
	RevokedAt  time.Time `json:"revoked_at"`
}

// Grant is somebody's role in a namespace. Subject is a wallet as shown.
type Grant struct {
	Namespace Namespace `json:"namespace"`
	Subject   string    `json:"subject"`
	Role      Role      `json:"role"`
	GrantedBy string    `json:"granted_by"`
	CreatedAt time.Time `json:"created_at"`
}

// NamespaceGrant is a namespace that the caller may use, and his role in it.
type NamespaceGrant struct {
	Name      Namespace `json:"name"`
	Role      Role      `json:"role"`
	CreatedAt time.Time `json:"created_at"`
}

// App is a program that was registered for a namespace.
type App struct {
	ID        string    `json:"app_id"`
	Name      string    `json:"name"`
	PublicKey string    `json:"public_key"` // of the wallet that registered it
	Namespace Namespace `json:"namespace"`
	Wallet    string    `json:"wallet"`
	CreatedAt time.Time `json:"created_at"`
}

// AuditEvent is one thing that happened to an account, a key or a grant. It
// holds no secret.
type AuditEvent struct {
	ID        int64     `json:"id"`
	Time      time.Time `json:"time"`
	Event     string    `json:"event"` // "sign_in", "refused", "key_created", …
	Subject   string    `json:"subject"`
	Namespace Namespace `json:"namespace"`
	Target    string    `json:"target"` // a key's or session's id, or whom a grant is about
	Detail    string    `json:"detail"`
	Address   string    `json:"address"`
	RequestID string    `json:"request_id"`
}

// JWK is one public key of those that sign tokens (RFC 7517, RFC 7518, RFC 8037).
type JWK struct {
	KeyType   string `json:"kty"` // "OKP" or "EC"
	Curve     string `json:"crv"` // "Ed25519" or "P-256"
	X         string `json:"x"`
	Y         string `json:"y,omitempty"` // of "EC"
	KeyID     string `json:"kid"`         // thumbprint of RFC 7638
	Algorithm string `json:"alg"`         // "EdDSA" or "ES256"
	Use       string `json:"use"`
}

// WebSocketTicket opens one WebSocket, once.
type WebSocketTicket struct {
	Ticket    Secret
	ExpiresIn time.Duration
}
