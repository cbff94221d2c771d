package auth

// This file has grants: who may do what in a namespace, and who says so.

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Grants lists the grants of a namespace, the oldest first.
func (a *Auth) Grants(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.Grant, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	if have, err := a.power(ctx, p, ns, false); err != nil || have < rank(core.PermissionRead) {
		return nil, firstError(err, errDenied())
	}
	rows, err := a.weak(ctx, stmt(`SELECT subject, role, granted_by, created_at FROM auth_grants WHERE namespace = ?1 ORDER BY created_at, subject`, ns))
	if err != nil {
		return nil, err
	}
	list := make([]core.Grant, len(rows))
	for i, r := range rows {
		list[i] = core.Grant{Namespace: ns, Subject: text(r[0]), Role: core.Role(text(r[1])), GrantedBy: text(r[2]), CreatedAt: moment(r[3])}
	}
	return list, nil
}

func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// grantGuard is the condition of every change of a grant, judged in the write
// itself. ?1 is the namespace, ?2 whom it is about, ?3 who gives (or the
// operator), ?4 the new role or "". Owners may change all; admins may make
// writers and readers, of those who are not more. The last owner stays.
const grantGuard = ` (?3 = 'operator' OR EXISTS (SELECT 1 FROM auth_grants WHERE namespace = ?1 AND subject = ?3 AND (role = 'owner'
 OR role = 'admin' AND ?4 IN ('writer', 'reader', '')
 AND NOT EXISTS (SELECT 1 FROM auth_grants WHERE namespace = ?1 AND subject = ?2 AND role IN ('owner', 'admin')))))
 AND (?5 OR ?4 IN ('writer', 'reader', '') AND NOT EXISTS (SELECT 1 FROM auth_grants WHERE namespace = ?1 AND subject = ?2 AND role IN ('owner', 'admin')))
 AND (?4 = 'owner' OR NOT EXISTS (SELECT 1 FROM auth_grants WHERE namespace = ?1 AND subject = ?2 AND role = 'owner')
 OR (SELECT count(*) FROM auth_grants WHERE namespace = ?1 AND role = 'owner') > 1
 OR EXISTS (SELECT 1 FROM auth_namespaces WHERE name = ?1 AND owner = 'operator') OR ?1 = 'default') `

// Grant gives or changes a role; an empty one takes it away. Admins make writers
// and readers, owners all. It returns Denied when the caller may not, Conflict
// when the last owner would go, and NotFound when there is nothing to take away.
// The change is known on all nodes within [RevokeWithin].
func (a *Auth) Grant(ctx context.Context, p core.Principal, ns core.Namespace, subject string, role core.Role) error {
	if err := a.ready(); err != nil {
		return err
	}
	account, err := wallet.ParseAccount(subject, "")
	if err != nil {
		return err
	}
	if role != "" && roleRank(role) == 0 {
		return core.Errorf(core.Invalid, "a role is owner, admin, writer or reader")
	}
	by, have, err := a.author(ctx, p, ns)
	if err != nil {
		return err
	}
	if have < rank(core.PermissionAdmin) {
		return errDenied()
	}
	if p.Operator() {
		by = operatorSubject
	}
	owner := have >= rank(core.PermissionOwner) // a key never is, whatever its creator is
	target, now := account.String(), a.settings.Now()
	change := stmt(`DELETE FROM auth_grants WHERE namespace = ?1 AND subject = ?2 AND `+grantGuard, ns, target, by, role, owner)
	if role != "" {
		change = stmt(`INSERT INTO auth_grants(namespace, subject, role, granted_by, created_at) SELECT ?1, ?2, ?4, ?3, ?6 WHERE `+grantGuard+`
 AND (EXISTS (SELECT 1 FROM auth_grants WHERE namespace = ?1 AND subject = ?2) OR (SELECT count(*) FROM auth_grants WHERE namespace = ?1) < ?7)
 ON CONFLICT(namespace, subject) DO UPDATE SET role = excluded.role, granted_by = excluded.granted_by`, ns, target, by, role, owner, now, MaxGrants)
	}
	counts, err := a.exec(ctx, change)
	if err != nil {
		return err
	}
	a.view.roles.empty()
	if counts[0] == 0 {
		return a.whyNotGranted(ctx, ns, target, role, owner)
	}
	event := core.AuditEvent{Event: "granted", Subject: p.Subject, Namespace: ns, Target: target, Detail: string(role)}
	if role == "" {
		event.Event = "grant_removed"
	}
	a.note(ctx, event)
	return nil
}

// whyNotGranted says why a change was not made, by what the grants are now.
func (a *Auth) whyNotGranted(ctx context.Context, ns core.Namespace, target string, role core.Role, owner bool) error {
	rows, err := a.weak(ctx, stmt(`SELECT (SELECT role FROM auth_grants WHERE namespace = ?1 AND subject = ?2), count(*), coalesce(sum(role = 'owner'), 0)
 FROM auth_grants WHERE namespace = ?1`, ns, target))
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errDenied()
	}
	present := core.Role(text(rows[0][0]))
	switch {
	case present == core.GrantOwner && role != core.GrantOwner && owner && number(rows[0][2]) == 1:
		return core.Errorf(core.Conflict, "a namespace keeps one owner at least; make somebody else one first")
	case present == "" && role == "":
		return core.Errorf(core.NotFound, "that wallet has no grant in the namespace")
	case present == "" && number(rows[0][1]) >= MaxGrants:
		return core.Errorf(core.Limited, "a namespace has at most %d grants; take some away", MaxGrants)
	}
	return errDenied()
}
