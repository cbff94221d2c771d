// This file is the Identity part of the Wallet screen: sign-ins, namespaces with
// their grants, API keys, apps, and the node's own identity.

package api

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"rsc.io/qr"

	"git.debros.io/DeBros/network/backend/core"
)

// Identity is bound as "Identity".
type Identity struct{ d *desk }

// Whom a call acts as. Whoever has the page open runs the node, so the operator
// is always possible; the account is the wallet that is signed in.
const (
	asOperator = "operator"
	asAccount  = "account"
)

const (
	// maxKeyDays bounds the life of a key that the page makes: ten years.
	maxKeyDays = 3650
	// maxNameText bounds the name of a key or an app.
	maxNameText = 256
)

// SignInSession is one sign-in of the account; see core.Session.
type SignInSession struct {
	ID        string `json:"id"`
	Namespace string `json:"namespace"`
	CreatedAt string `json:"created_at"`
	UsedAt    string `json:"used_at"`
	ExpiresAt string `json:"expires_at"`
	Address   string `json:"address"` // from which it was made
	Current   bool   `json:"current"`
}

// GrantInfo is somebody's role in a namespace; see core.Grant.
type GrantInfo struct {
	Subject   string `json:"subject"`
	Role      string `json:"role"`
	GrantedBy string `json:"granted_by"`
	CreatedAt string `json:"created_at"`
}

// KeyInfo is an API key without its secret; see core.APIKey.
type KeyInfo struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Creator    string   `json:"creator"`
	Scopes     []string `json:"scopes"`
	CreatedAt  string   `json:"created_at"`
	ExpiresAt  string   `json:"expires_at"` // "": never
	LastUsedAt string   `json:"last_used_at"`
}

// NewKey says what an API key may do; Days 0 is for ever.
type NewKey struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
	Days   int      `json:"days"`
}

// MadeKey is a key that was just made; its secret is in this answer only.
type MadeKey struct {
	Key    KeyInfo `json:"key"`
	Secret string  `json:"secret"` //nolint:gosec // it is shown once
}

// AppInfo is a program that was registered; see core.App.
type AppInfo struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	PublicKey string `json:"public_key"`
	Wallet    string `json:"wallet"`
	CreatedAt string `json:"created_at"`
}

// NodeIdentity is who the node is to others. QR holds the rows of a QR code of
// the peer id, '1' for a dark module.
type NodeIdentity struct {
	PeerID  string   `json:"peer_id"`
	Name    string   `json:"name"`
	Network string   `json:"network"`
	KeyFile string   `json:"key_file"`
	QR      []string `json:"qr"`
}

// principal is whom a call acts as in a namespace. The network proves the session
// anew; that it was made for another namespace only lowers what a stolen token is
// worth, and this one has not left the program.
func (d *desk) principal(ctx context.Context, a Auth, as string, ns core.Namespace) (core.Principal, error) {
	switch as {
	case asOperator:
		return core.Principal{Subject: asOperator, Method: core.MethodOperator, Namespace: ns}, nil
	case asAccount:
		p, err := d.signedInAs(ctx, a)
		if ns != "" {
			p.Namespace = ns
		}
		return p, err
	}
	return core.Principal{}, core.Errorf(core.Invalid, "A call acts as %q or %q.", asOperator, asAccount)
}

// who is what a call of this struct works with.
type who struct {
	auth Auth
	core.Principal
	ns core.Namespace
}

// ask runs one call for somebody in a namespace; "" is none.
func ask[T any](d *desk, method, as, namespace string, do func(context.Context, who) (T, error)) (T, error) {
	return guard(d, method, MaxCallTime, func(ctx context.Context) (out T, err error) {
		w := who{}
		if namespace != "" {
			if w.ns, err = core.ParseNamespace(namespace); err != nil {
				return out, err
			}
		}
		if w.auth, err = d.auth(); err != nil {
			return out, err
		}
		if w.Principal, err = d.principal(ctx, w.auth, as, w.ns); err != nil {
			return out, err
		}
		return do(ctx, w)
	})
}

// tell is ask for a call without a result.
func tell(d *desk, method, as, namespace string, do func(context.Context, who) error) error {
	_, err := ask(d, method, as, namespace, func(ctx context.Context, w who) (none, error) { return none{}, do(ctx, w) })
	return err
}

// Sessions lists the sign-ins of the account, on all devices, newest first.
func (i *Identity) Sessions() ([]SignInSession, error) {
	return ask(i.d, "Identity.Sessions", asAccount, "", func(ctx context.Context, w who) ([]SignInSession, error) {
		all, err := w.auth.Sessions(ctx, w.Principal)
		out := make([]SignInSession, len(all))
		for i, s := range all {
			out[i] = SignInSession{
				ID: s.ID, Namespace: string(s.Namespace), CreatedAt: stamp(s.CreatedAt), UsedAt: stamp(s.UsedAt), ExpiresAt: stamp(s.ExpiresAt),
				Address: s.Address, Current: s.Current,
			}
		}
		return out, err
	})
}

// RevokeSession ends one sign-in of the account.
func (i *Identity) RevokeSession(id string) error {
	return tell(i.d, "Identity.RevokeSession", asAccount, "", func(ctx context.Context, w who) error {
		if err := w.auth.RevokeSession(ctx, w.Principal, id); err != nil {
			return err
		}
		if id == w.SessionID {
			i.d.forget()
		}
		return nil
	})
}

// RevokeAllSessions ends all sign-ins of the account, this one too, and says how
// many there were.
func (i *Identity) RevokeAllSessions() (int, error) {
	return ask(i.d, "Identity.RevokeAllSessions", asAccount, "", func(ctx context.Context, w who) (int, error) {
		n, err := w.auth.LogoutAll(ctx, w.Principal)
		if err == nil {
			i.d.forget()
		}
		return n, err
	})
}

// Namespaces lists what as may use, with the role in it.
func (i *Identity) Namespaces(as string) ([]NamespaceRole, error) {
	return ask(i.d, "Identity.Namespaces", as, "", func(ctx context.Context, w who) ([]NamespaceRole, error) {
		all, err := w.auth.Namespaces(ctx, w.Principal)
		return roles(all), err
	})
}

// CreateNamespace claims a free name.
func (i *Identity) CreateNamespace(as, name string) (NamespaceRole, error) {
	return ask(i.d, "Identity.CreateNamespace", as, name, func(ctx context.Context, w who) (NamespaceRole, error) {
		made, err := w.auth.CreateNamespace(ctx, w.Principal, w.ns)
		return NamespaceRole{Name: string(made.Name), Role: string(made.Role), CreatedAt: stamp(made.CreatedAt)}, err
	})
}

// Grants lists who may use a namespace.
func (i *Identity) Grants(as, namespace string) ([]GrantInfo, error) {
	return ask(i.d, "Identity.Grants", as, namespace, func(ctx context.Context, w who) ([]GrantInfo, error) {
		all, err := w.auth.Grants(ctx, w.Principal, w.ns)
		out := make([]GrantInfo, len(all))
		for i, g := range all {
			out[i] = GrantInfo{Subject: g.Subject, Role: string(g.Role), GrantedBy: g.GrantedBy, CreatedAt: stamp(g.CreatedAt)}
		}
		return out, err
	})
}

// Grant gives a wallet a role, or another one; "" takes it away. A mistyped
// address is refused by its checksum where it has one.
func (i *Identity) Grant(as, namespace, wallet, role string) error {
	return tell(i.d, "Identity.Grant", as, namespace, func(ctx context.Context, w who) error {
		account, err := i.d.wallets.store.ParseAddress(strings.TrimSpace(wallet))
		if err != nil {
			return err
		}
		return w.auth.Grant(ctx, w.Principal, w.ns, account.Address, core.Role(role))
	})
}

// CheckAddress says what is wrong with a wallet's address, "" when nothing is.
func (i *Identity) CheckAddress(text string) (string, error) {
	return guard(i.d, "Identity.CheckAddress", MaxCallTime, func(context.Context) (string, error) {
		if _, err := i.d.wallets.store.ParseAddress(strings.TrimSpace(text)); err != nil {
			return core.Sentence(err), nil
		}
		return "", nil
	})
}

// Keys lists API keys: for an admin all, else as's own.
func (i *Identity) Keys(as, namespace string) ([]KeyInfo, error) {
	return ask(i.d, "Identity.Keys", as, namespace, func(ctx context.Context, w who) ([]KeyInfo, error) {
		all, err := w.auth.Keys(ctx, w.Principal, w.ns)
		out := make([]KeyInfo, len(all))
		for i, k := range all {
			out[i] = keyInfo(k)
		}
		return out, err
	})
}

func keyInfo(k core.APIKey) KeyInfo {
	return KeyInfo{
		ID: k.ID, Name: k.Name, Creator: k.Creator, Scopes: list(k.Scopes),
		CreatedAt: stamp(k.CreatedAt), ExpiresAt: stamp(k.ExpiresAt), LastUsedAt: stamp(k.LastUsedAt),
	}
}

// CreateKey makes an API key. Only this answer holds its secret.
func (i *Identity) CreateKey(as, namespace string, n NewKey) (MadeKey, error) {
	return ask(i.d, "Identity.CreateKey", as, namespace, func(ctx context.Context, w who) (MadeKey, error) {
		if n.Days < 0 || n.Days > maxKeyDays || len(n.Name) > maxNameText {
			return MadeKey{}, core.Errorf(core.Invalid, "A key lives for 1 to %d days or for ever, and its name has at most %d bytes.", maxKeyDays, maxNameText)
		}
		k, err := w.auth.CreateKey(ctx, w.Principal, w.ns, core.KeyOptions{
			Name: strings.TrimSpace(n.Name), Scopes: n.Scopes, ExpiresIn: time.Duration(n.Days) * 24 * time.Hour,
		})
		if err != nil {
			return MadeKey{}, err
		}
		return MadeKey{Key: keyInfo(k), Secret: k.Secret.Reveal()}, nil
	})
}

// RevokeKey ends an API key on all nodes.
func (i *Identity) RevokeKey(as, namespace, id string) error {
	return tell(i.d, "Identity.RevokeKey", as, namespace, func(ctx context.Context, w who) error {
		return w.auth.RevokeKey(ctx, w.Principal, w.ns, id)
	})
}

// Apps lists the programs that were registered for a namespace.
func (i *Identity) Apps(as, namespace string) ([]AppInfo, error) {
	return ask(i.d, "Identity.Apps", as, namespace, func(ctx context.Context, w who) ([]AppInfo, error) {
		if err := w.auth.Allow(ctx, w.Principal, w.ns, core.PermissionAdmin); err != nil {
			return nil, err
		}
		all, err := w.auth.Apps(ctx, w.ns)
		out := make([]AppInfo, len(all))
		for i, a := range all {
			out[i] = appInfo(a)
		}
		return out, err
	})
}

func appInfo(a core.App) AppInfo {
	return AppInfo{ID: a.ID, Name: a.Name, PublicKey: a.PublicKey, Wallet: a.Wallet, CreatedAt: stamp(a.CreatedAt)}
}

// CreateApp registers a program; its public key may be "".
func (i *Identity) CreateApp(as, namespace, name, publicKey string) (AppInfo, error) {
	return ask(i.d, "Identity.CreateApp", as, namespace, func(ctx context.Context, w who) (AppInfo, error) {
		if name = strings.TrimSpace(name); name == "" || len(name) > maxNameText || len(publicKey) > maxNameText {
			return AppInfo{}, core.Errorf(core.Invalid, "An app has a name; name and public key have at most %d bytes.", maxNameText)
		}
		if err := w.auth.Allow(ctx, w.Principal, w.ns, core.PermissionAdmin); err != nil {
			return AppInfo{}, err
		}
		made, err := w.auth.CreateApp(ctx, w.Principal, w.ns, name, strings.TrimSpace(publicKey))
		return appInfo(made), err
	})
}

// DeleteApp removes a program's registration.
func (i *Identity) DeleteApp(as, namespace, id string) error {
	return tell(i.d, "Identity.DeleteApp", as, namespace, func(ctx context.Context, w who) error {
		if err := w.auth.Allow(ctx, w.Principal, w.ns, core.PermissionAdmin); err != nil {
			return err
		}
		return w.auth.DeleteApp(ctx, w.Principal, w.ns, id)
	})
}

// Node is the node's own identity.
func (i *Identity) Node() (NodeIdentity, error) {
	return guard(i.d, "Identity.Node", MaxCallTime, func(ctx context.Context) (NodeIdentity, error) {
		b, err := i.d.node()
		if err != nil {
			return NodeIdentity{}, err
		}
		s, err := b.Machine.Status(ctx)
		if err != nil {
			return NodeIdentity{}, err
		}
		out := NodeIdentity{PeerID: s.PeerID, Name: s.Name, Network: s.Network, KeyFile: i.d.keyFile(b), QR: []string{}}
		if code, err := qr.Encode(s.PeerID, qr.L); err == nil { // without a picture it is still an id
			out.QR = qrRows(code)
		}
		return out, nil
	})
}

// keyFile is where the node's key lies: its configuration may name another place.
func (d *desk) keyFile(b Backend) string {
	for _, v := range b.Machine.ConfigValues() {
		switch {
		case v.Name != "node.key_file" || v.Value == "":
		case filepath.IsAbs(v.Value):
			return v.Value
		default:
			return filepath.Join(d.program.DataDir, v.Value)
		}
	}
	return filepath.Join(d.program.DataDir, "identity.key")
}
