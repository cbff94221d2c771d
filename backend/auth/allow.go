package auth

// This file says who a caller is and what he may do, from memory.

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	operatorSubject  = "operator"
	anonymousSubject = "anonymous"
)

// errDenied is what is not the caller's and what is not there.
func errDenied() error {
	return core.Errorf(core.Denied, "your credential does not allow this in that namespace; ask one of its owners for a grant")
}

// Authenticate says who shows a credential: an access token, an API key or the
// operator's key. It makes no write and, but for what this node has never seen,
// asks nobody. It returns Unauthenticated for a missing or bad credential, and
// Unavailable when this node is out of touch and cannot ask.
func (a *Auth) Authenticate(ctx context.Context, credential core.Secret, address string) (core.Principal, error) {
	if err := a.ready(); err != nil {
		return core.Principal{}, err
	}
	s := credential.Reveal()
	switch {
	case s == "" && !a.settings.RequireAuth:
		return core.Principal{Subject: anonymousSubject, Method: core.MethodNone, Namespace: a.settings.OwnNamespace}, nil
	case s == "":
		return core.Principal{}, core.Errorf(core.Unauthenticated, "a credential is needed: sign in with a wallet, or send an API key")
	case len(s) > MaxCredentialBytes:
		return core.Principal{}, errToken()
	}
	hash := sha256.Sum256([]byte(s))
	if a.settings.OperatorKey != "" && subtle.ConstantTimeCompare(hash[:], a.operator[:]) == 1 {
		return core.Principal{Subject: operatorSubject, Method: core.MethodOperator, Namespace: a.settings.OwnNamespace}, nil
	}
	if p, ok := a.configuredPrincipal(hash, s); ok {
		return p, nil
	}
	if strings.HasPrefix(s, keyPrefix) {
		return a.authenticateKey(ctx, s, address)
	}
	v, err := a.recall(accessKind(), a.view.tokens, hash, s, func(id string) (tokenKey, error) { return a.tokenKey(ctx, id) })
	if err != nil {
		return core.Principal{}, err
	}
	return v.principal, a.standing(ctx, v.principal)
}

// standing returns Unauthenticated when the session or the key of a caller has
// ended.
func (a *Auth) standing(ctx context.Context, p core.Principal) error {
	switch {
	case p.KeyID != "":
		_, err := a.keyStanding(ctx, p.KeyID)
		return err
	case p.SessionID != "":
		ended, err := a.isRevoked(ctx, p.SessionID)
		if err == nil && ended {
			err = core.Errorf(core.Unauthenticated, "the session has ended; sign in again")
		}
		return err
	}
	return nil
}

// rank orders permissions: each includes those before it. 0 is none.
func rank(p core.Permission) int {
	switch p {
	case core.PermissionRead:
		return 1
	case core.PermissionWrite:
		return 2
	case core.PermissionSchema:
		return 3
	case core.PermissionAdmin:
		return 4
	case core.PermissionOwner:
		return 5
	case core.PermissionChat: // of no such order
	}
	return 0
}

// roleRank is the highest permission of a role.
func roleRank(r core.Role) int {
	switch r {
	case core.GrantReader:
		return rank(core.PermissionRead)
	case core.GrantWriter:
		return rank(core.PermissionSchema)
	case core.GrantAdmin:
		return rank(core.PermissionAdmin)
	case core.GrantOwner:
		return rank(core.PermissionOwner)
	}
	return 0
}

// ceiling is the highest permission that scopes leave.
func ceiling(scopes []string) int {
	if scopes == nil {
		return rank(core.PermissionOwner)
	}
	most := 0
	for _, s := range scopes {
		most = max(most, rank(core.Permission(s)))
	}
	return most
}

// Allow returns nil when the caller may do something in a namespace, by the
// grants of this moment. It returns Denied otherwise, with one sentence for what
// is not there and what is not the caller's, and Unauthenticated when his
// credential has ended meanwhile. It asks nobody, but for what this node has
// never been asked.
func (a *Auth) Allow(ctx context.Context, p core.Principal, ns core.Namespace, need core.Permission) error {
	if err := a.ready(); err != nil {
		return err
	}
	if need == core.PermissionChat {
		return a.allowChat(ctx, p, ns)
	}
	wanted := rank(need)
	if wanted == 0 {
		return errDenied()
	}
	have, err := a.power(ctx, p, ns, need == core.PermissionRead)
	if err != nil {
		return err
	}
	if have < wanted {
		return errDenied()
	}
	return nil
}

// power is the highest permission of a caller in a namespace. offline says that
// what this node last knew is enough, where the operator allows that.
func (a *Auth) power(ctx context.Context, p core.Principal, ns core.Namespace, offline bool) (int, error) {
	switch {
	case ns == core.SystemNamespace || ns == core.ChatNamespace:
		return 0, nil
	case p.Method == core.MethodOperator:
		return rank(core.PermissionOwner), nil
	case p.Method == core.MethodNone:
		if a.settings.RequireAuth || ns != a.settings.OwnNamespace {
			return 0, nil
		}
		return rank(core.PermissionOwner), nil
	case p.Namespace != ns:
		return 0, nil
	case a.settings.ExchangeOnly && p.Method == core.MethodAPIKey:
		return 0, core.Errorf(core.Denied, "here an API key only gets access tokens: exchange it at /v1/auth/token and send the token")
	}
	if err := a.standing(ctx, p); err != nil {
		return 0, err
	}
	subject, most := p.Subject, ceiling(p.Scopes)
	if p.KeyID != "" {
		if c, ok := a.configuredByID(p.KeyID); ok {
			return min(most, roleRank(core.GrantWriter), all(c.namespace == ns)), nil
		}
		key, err := a.keyStanding(ctx, p.KeyID)
		if err != nil || key.namespace != ns {
			return 0, err
		}
		subject, most = key.creator, min(most, ceiling(key.scopes), rank(core.PermissionAdmin))
	}
	role, err := a.role(ctx, ns, subject, offline)
	return min(most, roleRank(role)), err
}

// all is everything or nothing.
func all(yes bool) int {
	if yes {
		return rank(core.PermissionOwner)
	}
	return 0
}

// role is what the grants make of a subject. The operator owns everything.
func (a *Auth) role(ctx context.Context, ns core.Namespace, subject string, offline bool) (core.Role, error) {
	if subject == operatorSubject {
		return core.GrantOwner, nil
	}
	return fetch(ctx, a, a.view.roles, roleKey{ns, subject}, offline, func(ctx context.Context, ask asking) (core.Role, bool, error) {
		rows, err := ask(ctx, stmt(`SELECT role FROM auth_grants WHERE namespace = ?1 AND subject = ?2`, ns, subject))
		if err != nil || len(rows) == 0 {
			return "", false, err
		}
		return core.Role(text(rows[0][0])), true, nil
	})
}
