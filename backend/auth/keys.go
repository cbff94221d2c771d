package auth

// This file makes, lists and revokes API keys.

import (
	"context"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// checkOptions says whether a key can be such, and fills in what it leaves out.
func checkOptions(o *core.KeyOptions) error {
	if len(o.Scopes) == 0 {
		o.Scopes = defaultScopes()
	}
	for _, s := range o.Scopes {
		if !knownScope(s) {
			return core.Errorf(core.Invalid, "the scopes of an API key are read, write, schema and admin")
		}
	}
	o.Scopes = slices.Compact(slices.Sorted(slices.Values(o.Scopes)))
	switch {
	case len(o.Name) > MaxNameBytes || len(o.Plan) > MaxNameBytes:
		return core.Errorf(core.Invalid, "the name and the plan of a key have at most %d bytes", MaxNameBytes)
	case o.ExpiresIn < 0 || o.ExpiresIn > MaxKeyLife || o.ExpiresIn > 0 && o.ExpiresIn < time.Second:
		return core.Errorf(core.Invalid, "a key expires after a second to ten years, or never")
	}
	return nil
}

// newKey is a key that is about to be stored.
func (a *Auth) newKey(ns core.Namespace, creator string, o core.KeyOptions) core.APIKey {
	id, secret := makeKey()
	k := core.APIKey{
		ID: id, Secret: core.Secret(secret), Name: o.Name, Plan: o.Plan, Namespace: ns, Creator: creator, Scopes: o.Scopes,
		CreatedAt: a.settings.Now().UTC().Truncate(time.Millisecond),
	}
	if o.ExpiresIn > 0 {
		k.ExpiresAt = k.CreatedAt.Add(o.ExpiresIn)
	}
	return k
}

// insertKey stores a key where the condition holds and there is room. The
// condition's own parameters begin with ?11.
func insertKey(k core.APIKey, condition string, args ...any) core.Statement {
	return stmt(`INSERT INTO auth_keys(id, hash, namespace, creator, name, plan, scopes, created_at, expires_at)
 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE (SELECT count(*) FROM auth_keys WHERE namespace = ?3 AND revoked_at = 0
 AND (expires_at = 0 OR expires_at > ?8)) < ?10 AND `+condition,
		append([]any{k.ID, hashOf(k.Secret.Reveal()), k.Namespace, k.Creator, k.Name, k.Plan, scope(k.Scopes), k.CreatedAt, k.ExpiresAt, MaxKeys}, args...)...)
}

func errKeys() error {
	return core.Errorf(core.Limited, "a namespace has at most %d API keys; revoke some that nobody uses", MaxKeys)
}

// KeyByProof makes a key for a wallet that proves itself, in a namespace where it
// has a grant or that is free. It spends the nonce in the same write.
func (a *Auth) KeyByProof(ctx context.Context, p core.Proof, o core.KeyOptions) (core.APIKey, error) {
	if err := checkOptions(&o); err != nil {
		return core.APIKey{}, err
	}
	proof, err := a.prove(ctx, p)
	if err != nil {
		return core.APIKey{}, err
	}
	claim, err := a.claim(ctx, proof)
	if err != nil {
		return core.APIKey{}, err
	}
	k := a.newKey(proof.namespace, proof.subject, o)
	statements := append([]core.Statement{proof.spend(a.settings.Now())}, claim...)
	statements = append(statements, insertKey(k, spentBy("?11", "?12")+` AND EXISTS (SELECT 1 FROM auth_grants WHERE namespace = ?3 AND subject = ?4)`,
		"nonce:"+proof.nonce.text, proof.maker))
	counts, err := a.spendWith(ctx, proof, statements)
	if err != nil {
		return core.APIKey{}, err
	}
	if counts[len(counts)-1] == 0 {
		role, errRole := a.role(ctx, proof.namespace, proof.subject, false)
		if errRole == nil && role == "" {
			return core.APIKey{}, errDenied()
		}
		return core.APIKey{}, errKeys()
	}
	a.view.keys.empty()
	a.note(ctx, core.AuditEvent{Event: "key_created", Subject: proof.subject, Namespace: k.Namespace, Target: k.ID, Detail: scope(k.Scopes), Address: p.Address})
	return k, nil
}

// author is in whose name a caller makes keys and apps: a key does it for its
// creator, and needs to be an admin.
func (a *Auth) author(ctx context.Context, p core.Principal, ns core.Namespace) (subject string, power int, err error) {
	power, err = a.power(ctx, p, ns, false)
	if err != nil {
		return "", 0, err
	}
	least := rank(core.PermissionRead)
	subject = p.Subject
	if p.KeyID != "" {
		least = rank(core.PermissionAdmin)
		row, errKey := a.keyStanding(ctx, p.KeyID)
		if errKey != nil {
			return "", 0, errKey
		}
		subject = row.creator
	}
	if power < least {
		return "", 0, errDenied()
	}
	if p.Method == core.MethodNone {
		subject = operatorSubject // whoever may use such a node is as good as it
	}
	return subject, power, nil
}

// CreateKey makes a key in the caller's name. What it may do is never more than
// what its creator may at that moment.
func (a *Auth) CreateKey(ctx context.Context, p core.Principal, ns core.Namespace, o core.KeyOptions) (core.APIKey, error) {
	if err := a.ready(); err != nil {
		return core.APIKey{}, err
	}
	if err := checkOptions(&o); err != nil {
		return core.APIKey{}, err
	}
	subject, _, err := a.author(ctx, p, ns)
	if err != nil {
		return core.APIKey{}, err
	}
	k := a.newKey(ns, subject, o)
	counts, err := a.exec(ctx, insertKey(k, `true`))
	if err != nil {
		return core.APIKey{}, err
	}
	if counts[0] == 0 {
		return core.APIKey{}, errKeys()
	}
	a.view.keys.empty()
	a.note(ctx, core.AuditEvent{Event: "key_created", Subject: p.Subject, Namespace: ns, Target: k.ID, Detail: scope(k.Scopes)})
	return k, nil
}

// Keys lists the keys of a namespace that are not revoked: all for an admin,
// else the caller's own. No secret is in them.
func (a *Auth) Keys(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.APIKey, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	subject, power, err := a.author(ctx, p, ns)
	if err != nil {
		return nil, err
	}
	rows, err := a.weak(ctx, stmt(`SELECT k.id, k.name, k.plan, k.creator, k.scopes, k.created_at, k.expires_at, coalesce(u.used_at, 0)
 FROM auth_keys AS k LEFT JOIN auth_key_use AS u ON u.id = k.id
 WHERE k.namespace = ?1 AND k.revoked_at = 0 AND (?2 OR k.creator = ?3) ORDER BY k.created_at DESC, k.id`,
		ns, power >= rank(core.PermissionAdmin), subject))
	if err != nil {
		return nil, err
	}
	list := make([]core.APIKey, len(rows))
	for i, r := range rows {
		list[i] = core.APIKey{
			ID: text(r[0]), Name: text(r[1]), Plan: text(r[2]), Namespace: ns, Creator: text(r[3]), Scopes: scopesOf(text(r[4])),
			CreatedAt: moment(r[5]), ExpiresAt: moment(r[6]), LastUsedAt: moment(r[7]),
		}
	}
	return list, nil
}

// RevokeKey ends a key on all nodes: anybody's for an admin, else the caller's
// own. NotFound is also for those of others.
func (a *Auth) RevokeKey(ctx context.Context, p core.Principal, ns core.Namespace, id string) error {
	if err := a.ready(); err != nil {
		return err
	}
	subject, power, err := a.author(ctx, p, ns)
	if err != nil {
		return err
	}
	if !isID(id, keyIDLetters) {
		return errNoKey()
	}
	now := a.settings.Now()
	counts, err := a.exec(
		ctx,
		stmt(`UPDATE auth_keys SET revoked_at = ?1 WHERE id = ?2 AND namespace = ?3 AND revoked_at = 0 AND (?4 OR creator = ?5)`,
			now, id, ns, power >= rank(core.PermissionAdmin), subject),
		stmt(`INSERT INTO auth_revocations(id, at) SELECT ?3 || id, ?1 FROM auth_keys WHERE id = ?2 AND revoked_at = ?1 ON CONFLICT(id) DO NOTHING`, now, id, keySubject),
	)
	if err != nil {
		return err
	}
	if counts[0] == 0 {
		return errNoKey()
	}
	a.view.keys.empty()
	a.view.forgetRevocations()
	a.note(ctx, core.AuditEvent{Event: "key_revoked", Subject: p.Subject, Namespace: ns, Target: id})
	return nil
}

func errNoKey() error { return core.Errorf(core.NotFound, "you have no such key in that namespace") }

// used are the keys that were used since the last batch.
type used struct {
	mu   sync.Mutex
	last map[string]time.Time // at most maxUsed
}

func (u *used) note(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, there := u.last[id]; there || len(u.last) < maxUsed {
		u.last[id] = at
	}
}

// writeUsed writes when keys were used last, in batches: nobody waits for it.
func (a *Auth) writeUsed(ctx context.Context) {
	a.used.mu.Lock()
	last := a.used.last
	a.used.last = map[string]time.Time{}
	a.used.mu.Unlock()
	var batch []core.Statement
	write := func() {
		if len(batch) == 0 {
			return
		}
		if _, err := a.exec(ctx, batch...); err != nil && ctx.Err() == nil {
			a.log.Debug("the last use of keys is not written", core.KeyError, err)
		}
		batch = nil
	}
	for id, at := range last {
		batch = append(batch, stmt(`INSERT INTO auth_key_use(id, used_at) VALUES (?1, ?2)
 ON CONFLICT(id) DO UPDATE SET used_at = max(used_at, excluded.used_at)`, id, at))
		if len(batch) == maxAuditBatch {
			write()
		}
	}
	write()
}
