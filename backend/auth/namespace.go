package auth

// This file says whose a namespace is. The first wallet that names a free one
// owns it, by one conditional write.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const day = 24 * time.Hour

// reserved tells whether no wallet may claim a namespace.
func reserved(ns core.Namespace) bool {
	return ns == core.DefaultNamespace || ns == core.SystemNamespace || ns == core.ChatNamespace
}

// claimable tells whether a wallet may try to claim a namespace. Of several that
// do at once, the write decides.
func (a *Auth) claimable(ctx context.Context, ns core.Namespace) (bool, error) {
	if reserved(ns) || !a.settings.OpenRegistration {
		return false, nil
	}
	rows, err := a.near(ctx, stmt(`SELECT 1 FROM auth_namespaces WHERE name = ?1`, ns))
	if err != nil || len(rows) > 0 || a.settings.Occupied == nil {
		return err == nil && len(rows) == 0, err
	}
	occupied, err := a.settings.Occupied(ctx, ns)
	return !occupied, err
}

// insertNamespace are the statements that give a free namespace to a wallet
// which has room for one more: the claim and its grant. ?2 marks the row, and
// the condition's own parameters begin with ?8.
func insertNamespace(ns core.Namespace, maker, subject string, now time.Time, condition string, args ...any) []core.Statement {
	return []core.Statement{
		stmt(`INSERT INTO auth_namespaces(name, maker, owner, created_at) SELECT ?1, ?2, ?3, ?4
 WHERE (SELECT count(*) FROM auth_namespaces WHERE owner = ?3) < ?5
 AND (SELECT count(*) FROM auth_namespaces WHERE owner = ?3 AND created_at > ?6) < ?7 AND `+condition+` ON CONFLICT(name) DO NOTHING`,
			append([]any{ns, maker, subject, now, MaxNamespaces, now.Add(-day), MaxNamespacesPerDay}, args...)...),
		stmt(`INSERT INTO auth_grants(namespace, subject, role, granted_by, created_at) SELECT ?1, ?3, ?4, ?3, ?5
 WHERE EXISTS (SELECT 1 FROM auth_namespaces WHERE name = ?1 AND maker = ?2) ON CONFLICT(namespace, subject) DO UPDATE SET role = excluded.role`,
			ns, maker, subject, core.GrantOwner, now),
	}
}

// claim are the statements that claim the namespace of a proof, if it is free.
// There are none when it cannot be.
func (a *Auth) claim(ctx context.Context, p proven) ([]core.Statement, error) {
	free, err := a.claimable(ctx, p.namespace)
	if err != nil || !free {
		return nil, err
	}
	return insertNamespace(p.namespace, p.maker, p.subject, a.settings.Now(), spentBy("?8", "?2"), "nonce:"+p.nonce.text), nil
}

// CreateNamespace claims a free namespace for the caller. It returns Conflict
// when the name is taken, Limited when he has as many as he may, and Denied when
// this is not for him.
func (a *Auth) CreateNamespace(ctx context.Context, p core.Principal, ns core.Namespace) (core.NamespaceGrant, error) {
	if err := a.ready(); err != nil {
		return core.NamespaceGrant{}, err
	}
	if _, err := core.ParseNamespace(string(ns)); err != nil {
		return core.NamespaceGrant{}, err
	}
	now := a.settings.Now().UTC().Truncate(time.Millisecond)
	maker := randomText(16)
	made := core.NamespaceGrant{Name: ns, Role: core.GrantOwner, CreatedAt: now}
	if p.Operator() {
		counts, err := a.exec(ctx, stmt(`INSERT INTO auth_namespaces(name, maker, owner, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT(name) DO NOTHING`,
			ns, maker, operatorSubject, now))
		if err == nil && counts[0] == 0 {
			err = errTaken()
		}
		if err == nil {
			a.note(ctx, core.AuditEvent{Event: "namespace_created", Subject: p.Subject, Namespace: ns})
		}
		return made, err
	}
	if p.SessionID == "" || p.KeyID != "" || ceiling(p.Scopes) < rank(core.PermissionOwner) {
		return core.NamespaceGrant{}, core.Errorf(core.Denied, "a namespace belongs to a wallet: sign in with one")
	}
	if err := a.standing(ctx, p); err != nil {
		return core.NamespaceGrant{}, err
	}
	if !a.settings.OpenRegistration {
		return core.NamespaceGrant{}, core.Errorf(core.Denied, "on this network the operator makes the namespaces; ask for one")
	}
	free, err := a.claimable(ctx, ns)
	if err != nil {
		return core.NamespaceGrant{}, err
	}
	if !free {
		return core.NamespaceGrant{}, errTaken()
	}
	counts, err := a.exec(ctx, insertNamespace(ns, maker, p.Subject, now, `true`)...)
	if err != nil {
		return core.NamespaceGrant{}, err
	}
	if counts[0] == 0 {
		return core.NamespaceGrant{}, a.whyNotMade(ctx, ns)
	}
	a.view.roles.empty()
	a.note(ctx, core.AuditEvent{Event: "namespace_created", Subject: p.Subject, Namespace: ns})
	return made, nil
}

func errTaken() error {
	return core.Errorf(core.Conflict, "this name is taken; choose another one")
}

func (a *Auth) whyNotMade(ctx context.Context, ns core.Namespace) error {
	rows, err := a.weak(ctx, stmt(`SELECT 1 FROM auth_namespaces WHERE name = ?1`, ns))
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		return errTaken()
	}
	return core.Errorf(core.Limited, "a wallet has at most %d namespaces, and makes at most %d a day", MaxNamespaces, MaxNamespacesPerDay)
}

// Namespaces lists what the caller has a role in, sorted by name.
func (a *Auth) Namespaces(ctx context.Context, p core.Principal) ([]core.NamespaceGrant, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	list := []core.NamespaceGrant{}
	question := stmt(`SELECT g.namespace, g.role, g.created_at FROM auth_grants AS g WHERE g.subject = ?1 ORDER BY g.namespace`, p.Subject)
	switch {
	case p.Method == core.MethodNone && !a.settings.RequireAuth:
		return append(list, core.NamespaceGrant{Name: a.settings.OwnNamespace, Role: core.GrantOwner}), nil
	case p.Operator():
		question = stmt(`SELECT name, ?1, created_at FROM auth_namespaces UNION SELECT ?2, ?1, 0
 WHERE NOT EXISTS (SELECT 1 FROM auth_namespaces WHERE name = ?2) ORDER BY 1`, core.GrantOwner, core.DefaultNamespace)
	case p.KeyID != "": // a key is for one namespace, and does not tell of its creator's others
		return a.keyNamespaces(ctx, p)
	}
	rows, err := a.weak(ctx, question)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		list = append(list, core.NamespaceGrant{Name: core.Namespace(text(r[0])), Role: core.Role(text(r[1])), CreatedAt: moment(r[2])})
	}
	return list, nil
}

func (a *Auth) keyNamespaces(ctx context.Context, p core.Principal) ([]core.NamespaceGrant, error) {
	list := []core.NamespaceGrant{}
	have, err := a.power(ctx, p, p.Namespace, false)
	if err != nil {
		return nil, err
	}
	role := core.GrantReader
	switch {
	case have < rank(core.PermissionRead):
		return list, nil
	case have >= rank(core.PermissionAdmin):
		role = core.GrantAdmin
	case have >= rank(core.PermissionWrite):
		role = core.GrantWriter
	}
	return append(list, core.NamespaceGrant{Name: p.Namespace, Role: role, CreatedAt: p.IssuedAt}), nil
}

// keepOperators makes sure that the namespaces of configured keys belong to the
// operator who configured them, unless a wallet was there before.
func (a *Auth) keepOperators(ctx context.Context) error {
	for _, c := range a.configured {
		if reserved(c.namespace) {
			continue
		}
		rows, err := a.near(ctx, stmt(`SELECT 1 FROM auth_namespaces WHERE name = ?1`, c.namespace))
		if err == nil && len(rows) == 0 {
			_, err = a.exec(ctx, stmt(`INSERT INTO auth_namespaces(name, maker, owner, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT(name) DO NOTHING`,
				c.namespace, randomText(16), operatorSubject, a.settings.Now()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
