package node

// This file is the way to the sessions, keys and grants of whichever network the
// node is in. The operator is known in every one.

import (
	"context"

	"git.debros.io/DeBros/network/backend/auth"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
)

// authDoor is package auth for the gateway.
type authDoor struct{ networks *networks }

// Auth is the same for the node's own page.
func (n *Node) Auth() gateway.Auth { return authDoor{n.networks} }

func (d authDoor) auth() (*auth.Auth, error) {
	s, err := d.networks.session()
	if err == nil && s.auth == nil {
		err = core.Errorf(core.Unavailable, "this node is a guest; its members answer")
	}
	if err != nil {
		return nil, err
	}
	return s.auth, nil
}

// Until ends at once when the node is changing networks.
func (d authDoor) Until(ctx context.Context, p core.Principal, ns core.Namespace, need core.Permission) (context.Context, context.CancelFunc) {
	a, err := d.auth()
	if err == nil {
		return a.Until(ctx, p, ns, need)
	}
	ended, cancel := context.WithCancelCause(ctx)
	cancel(err)
	return ended, func() {}
}

func (d authDoor) Authenticate(ctx context.Context, credential core.Secret, address string) (core.Principal, error) {
	a, err := d.auth()
	if err != nil {
		return core.Principal{}, err
	}
	return a.Authenticate(ctx, credential, address)
}

func (d authDoor) Allow(ctx context.Context, p core.Principal, ns core.Namespace, need core.Permission) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.Allow(ctx, p, ns, need)
}

func (d authDoor) Challenge(ctx context.Context, r core.ChallengeRequest) (core.Challenge, error) {
	a, err := d.auth()
	if err != nil {
		return core.Challenge{}, err
	}
	return a.Challenge(ctx, r)
}

func (d authDoor) Verify(ctx context.Context, p core.Proof) (core.Tokens, error) {
	a, err := d.auth()
	if err != nil {
		return core.Tokens{}, err
	}
	return a.Verify(ctx, p)
}

func (d authDoor) OpenDevice(ctx context.Context, p core.DeviceProof) (core.Tokens, error) {
	a, err := d.auth()
	if err != nil {
		return core.Tokens{}, err
	}
	return a.OpenDevice(ctx, p)
}

func (d authDoor) Register(ctx context.Context, p core.Proof, name string) (core.App, error) {
	a, err := d.auth()
	if err != nil {
		return core.App{}, err
	}
	return a.Register(ctx, p, name)
}

func (d authDoor) KeyByProof(ctx context.Context, p core.Proof, o core.KeyOptions) (core.APIKey, error) {
	a, err := d.auth()
	if err != nil {
		return core.APIKey{}, err
	}
	return a.KeyByProof(ctx, p, o)
}

func (d authDoor) Exchange(ctx context.Context, p core.Principal) (core.Tokens, error) {
	a, err := d.auth()
	if err != nil {
		return core.Tokens{}, err
	}
	return a.Exchange(ctx, p)
}

func (d authDoor) Refresh(ctx context.Context, token core.Secret, ns core.Namespace, address string) (core.Tokens, error) {
	a, err := d.auth()
	if err != nil {
		return core.Tokens{}, err
	}
	return a.Refresh(ctx, token, ns, address)
}

func (d authDoor) Logout(ctx context.Context, token core.Secret) (int, error) {
	a, err := d.auth()
	if err != nil {
		return 0, err
	}
	return a.Logout(ctx, token)
}

func (d authDoor) LogoutAll(ctx context.Context, p core.Principal) (int, error) {
	a, err := d.auth()
	if err != nil {
		return 0, err
	}
	return a.LogoutAll(ctx, p)
}

func (d authDoor) Sessions(ctx context.Context, p core.Principal) ([]core.Session, error) {
	a, err := d.auth()
	if err != nil {
		return nil, err
	}
	return a.Sessions(ctx, p)
}

func (d authDoor) RevokeSession(ctx context.Context, p core.Principal, id string) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.RevokeSession(ctx, p, id)
}

func (d authDoor) JWKS(ctx context.Context) ([]core.JWK, error) {
	a, err := d.auth()
	if err != nil {
		return nil, err
	}
	return a.JWKS(ctx)
}

func (d authDoor) Ticket(ctx context.Context, p core.Principal, origin string) (core.WebSocketTicket, error) {
	a, err := d.auth()
	if err != nil {
		return core.WebSocketTicket{}, err
	}
	return a.Ticket(ctx, p, origin)
}

func (d authDoor) Redeem(ctx context.Context, ticket core.Secret, origin string) (core.Principal, error) {
	a, err := d.auth()
	if err != nil {
		return core.Principal{}, err
	}
	return a.Redeem(ctx, ticket, origin)
}

func (d authDoor) Namespaces(ctx context.Context, p core.Principal) ([]core.NamespaceGrant, error) {
	a, err := d.auth()
	if err != nil {
		return nil, err
	}
	return a.Namespaces(ctx, p)
}

func (d authDoor) CreateNamespace(ctx context.Context, p core.Principal, ns core.Namespace) (core.NamespaceGrant, error) {
	a, err := d.auth()
	if err != nil {
		return core.NamespaceGrant{}, err
	}
	return a.CreateNamespace(ctx, p, ns)
}

func (d authDoor) Grants(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.Grant, error) {
	a, err := d.auth()
	if err != nil {
		return nil, err
	}
	return a.Grants(ctx, p, ns)
}

func (d authDoor) Grant(ctx context.Context, p core.Principal, ns core.Namespace, subject string, role core.Role) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.Grant(ctx, p, ns, subject, role)
}

func (d authDoor) Keys(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.APIKey, error) {
	a, err := d.auth()
	if err != nil {
		return nil, err
	}
	return a.Keys(ctx, p, ns)
}

func (d authDoor) CreateKey(ctx context.Context, p core.Principal, ns core.Namespace, o core.KeyOptions) (core.APIKey, error) {
	a, err := d.auth()
	if err != nil {
		return core.APIKey{}, err
	}
	return a.CreateKey(ctx, p, ns, o)
}

func (d authDoor) RevokeKey(ctx context.Context, p core.Principal, ns core.Namespace, id string) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.RevokeKey(ctx, p, ns, id)
}

func (d authDoor) Apps(ctx context.Context, ns core.Namespace) ([]core.App, error) {
	a, err := d.auth()
	if err != nil {
		return nil, err
	}
	return a.Apps(ctx, ns)
}

func (d authDoor) App(ctx context.Context, ns core.Namespace, id string) (core.App, error) {
	a, err := d.auth()
	if err != nil {
		return core.App{}, err
	}
	return a.App(ctx, ns, id)
}

func (d authDoor) CreateApp(ctx context.Context, p core.Principal, ns core.Namespace, name, publicKey string) (core.App, error) {
	a, err := d.auth()
	if err != nil {
		return core.App{}, err
	}
	return a.CreateApp(ctx, p, ns, name, publicKey)
}

func (d authDoor) UpdateApp(ctx context.Context, p core.Principal, ns core.Namespace, id, name, publicKey string) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.UpdateApp(ctx, p, ns, id, name, publicKey)
}

func (d authDoor) DeleteApp(ctx context.Context, p core.Principal, ns core.Namespace, id string) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.DeleteApp(ctx, p, ns, id)
}

func (d authDoor) Audit(ctx context.Context, ns core.Namespace, limit int) ([]core.AuditEvent, error) {
	a, err := d.auth()
	if err != nil {
		return nil, err
	}
	return a.Audit(ctx, ns, limit)
}

func (d authDoor) WithdrawKeys(ctx context.Context, node string) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.WithdrawKeys(ctx, node)
}

func (d authDoor) Reset(ctx context.Context) error {
	a, err := d.auth()
	if err != nil {
		return err
	}
	return a.Reset(ctx)
}
