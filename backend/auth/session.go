package auth

// This file has sessions: one per sign-in, until it ends or is ended.

import (
	"context"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
)

// Verify signs in: it checks the proof, spends its nonce and makes the session
// in one write, which also gives a free namespace to the wallet. A token for
// somebody else's namespace says who the caller is, and is worth nothing there.
// It returns Unauthenticated for a proof that does not hold or was used, and
// Limited while failed ones make the caller wait.
func (a *Auth) Verify(ctx context.Context, p core.Proof) (core.Tokens, error) {
	proof, err := a.prove(ctx, p)
	if err != nil {
		return core.Tokens{}, err
	}
	s, err := a.secrets(ctx)
	if err != nil {
		return core.Tokens{}, err
	}
	if _, err = a.signer(ctx); err != nil { // before the nonce is spent
		return core.Tokens{}, err
	}
	claim, err := a.claim(ctx, proof)
	if err != nil {
		return core.Tokens{}, err
	}
	now := a.settings.Now()
	id := randomText(16)
	first := firstRefresh(s.refresh, id)
	statements := append([]core.Statement{proof.spend(now)}, claim...)
	statements = append(
		statements,
		stmt(`INSERT INTO auth_sessions(id, subject, namespace, address, created_at, used_at, current)
 SELECT ?3, ?4, ?5, ?6, ?7, ?7, ?8 WHERE`+spentBy("?1", "?2"), "nonce:"+proof.nonce.text, proof.maker, id, proof.subject, proof.namespace, clip(p.Address), now, hashOf(first)),
		stmt(`INSERT INTO auth_revocations(id, at) SELECT id, ?2 FROM auth_sessions WHERE subject = ?1 AND revoked_at = 0
 ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?3 ON CONFLICT(id) DO NOTHING`, proof.subject, now, MaxSessions),
		stmt(`UPDATE auth_sessions SET revoked_at = ?2 WHERE id IN (SELECT id FROM auth_sessions WHERE subject = ?1 AND revoked_at = 0
 ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?3)`, proof.subject, now, MaxSessions),
	)
	counts, err := a.spendWith(ctx, proof, statements)
	if err != nil {
		return core.Tokens{}, err
	}
	if counts[len(counts)-1] > 0 {
		a.view.forgetRevocations()
	}
	a.note(ctx, core.AuditEvent{Event: "sign_in", Subject: proof.subject, Namespace: proof.namespace, Target: id, Address: p.Address})
	return a.tokens(ctx, session{id: id, subject: proof.subject, namespace: proof.namespace, created: now}, now, first)
}

// spendWith runs the statements of a proof; the first one spends its nonce. What
// is remembered of roles goes when the claim among them made one.
func (a *Auth) spendWith(ctx context.Context, p proven, statements []core.Statement) ([]int64, error) {
	counts, err := a.exec(ctx, statements...)
	if err != nil {
		return nil, err
	}
	if counts[0] == 0 {
		a.failures.add(failureKey{p.address, p.account}, a.settings.Now())
		a.refused(ctx, p.subject, p.namespace, p.address, errNonce())
		return nil, errNonce()
	}
	a.failures.forget(failureKey{p.address, p.account})
	if len(counts) > 2 && counts[1] > 0 {
		a.view.roles.empty()
	}
	return counts, nil
}

// session is what tokens are made of.
type session struct {
	id, subject string
	namespace   core.Namespace
	created     time.Time
}

// tokens makes a session's pair at a moment; the same moment, the same pair.
func (a *Auth) tokens(ctx context.Context, s session, at time.Time, refresh string) (core.Tokens, error) {
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: s.subject, ID: hashOf("access " + refresh)[:32]},
		Namespace:        string(s.namespace), Scope: scope(allScopes()), SessionID: s.id,
	}
	access, life, err := a.access(ctx, c, at, s.created.Add(SessionLife))
	if err != nil {
		return core.Tokens{}, err
	}
	return core.Tokens{
		AccessToken: access, ExpiresIn: life, RefreshToken: core.Secret(refresh), Subject: s.subject, Namespace: s.namespace, SessionID: s.id,
	}, nil
}

// Exchange makes an access token out of an API key. It works wherever the key
// does, and ends with it.
func (a *Auth) Exchange(ctx context.Context, p core.Principal) (core.Tokens, error) {
	if err := a.ready(); err != nil {
		return core.Tokens{}, err
	}
	if p.Method != core.MethodAPIKey || p.KeyID == "" {
		return core.Tokens{}, core.Errorf(core.Invalid, "only an API key can be exchanged; send it as the credential")
	}
	c := claims{RegisteredClaims: jwt.RegisteredClaims{Subject: p.Subject}, Namespace: string(p.Namespace), Scope: scope(p.Scopes)}
	access, life, err := a.access(ctx, c, a.settings.Now(), p.ExpiresAt)
	if err != nil {
		return core.Tokens{}, err
	}
	return core.Tokens{AccessToken: access, ExpiresIn: life, Subject: p.Subject, Namespace: p.Namespace}, nil
}

// LogoutAll ends all sessions of the caller's wallet, on all nodes, and says how
// many there were.
func (a *Auth) LogoutAll(ctx context.Context, p core.Principal) (int, error) {
	if err := a.ready(); err != nil {
		return 0, err
	}
	if p.SessionID == "" {
		return 0, core.Errorf(core.Invalid, "this credential belongs to no session; sign in with a wallet")
	}
	n, err := a.revokeSessions(ctx, `subject = ?2`, p.Subject)
	if err == nil && n > 0 {
		a.note(ctx, core.AuditEvent{Event: "sessions_revoked", Subject: p.Subject, Namespace: p.Namespace, Target: p.SessionID, Detail: "all"})
	}
	return n, err
}

// revokeSessions ends sessions and remembers it for as long as their tokens may
// be around. The condition's parameters begin with ?2.
func (a *Auth) revokeSessions(ctx context.Context, condition string, args ...any) (int, error) {
	args = append([]any{a.settings.Now()}, args...)
	counts, err := a.exec(
		ctx,
		stmt(`INSERT INTO auth_revocations(id, at) SELECT id, ?1 FROM auth_sessions WHERE revoked_at = 0 AND `+condition+` ON CONFLICT(id) DO NOTHING`, args...),
		stmt(`UPDATE auth_sessions SET revoked_at = ?1 WHERE revoked_at = 0 AND `+condition, args...),
	)
	if err != nil {
		return 0, err
	}
	a.view.forgetRevocations()
	return int(counts[1]), nil
}

// Sessions lists the caller's sessions that have not ended, the newest first.
func (a *Auth) Sessions(ctx context.Context, p core.Principal) ([]core.Session, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	now := a.settings.Now()
	rows, err := a.weak(ctx, stmt(`SELECT id, subject, namespace, created_at, used_at, address FROM auth_sessions
 WHERE subject = ?1 AND revoked_at = 0 AND used_at > ?2 AND created_at > ?3 ORDER BY created_at DESC, id DESC`, p.Subject, now.Add(-SessionIdle), now.Add(-SessionLife)))
	if err != nil {
		return nil, err
	}
	list := make([]core.Session, len(rows))
	for i, row := range rows {
		s := core.Session{
			ID: text(row[0]), Subject: text(row[1]), Namespace: core.Namespace(text(row[2])),
			CreatedAt: moment(row[3]), UsedAt: moment(row[4]), Address: text(row[5]), Current: text(row[0]) == p.SessionID,
		}
		s.ExpiresAt = sessionEnd(s.CreatedAt, s.UsedAt)
		list[i] = s
	}
	return list, nil
}

// sessionEnd is when a session ends if it is not used any more.
func sessionEnd(created, used time.Time) time.Time {
	end := created.Add(SessionLife)
	if idle := used.Add(SessionIdle); idle.Before(end) {
		return idle
	}
	return end
}

// RevokeSession ends one of the caller's sessions. NotFound is also for those of
// others.
func (a *Auth) RevokeSession(ctx context.Context, p core.Principal, id string) error {
	if err := a.ready(); err != nil {
		return err
	}
	var n int
	var err error
	if isID(id, base62Letters(sessionIDBytes)) {
		n, err = a.revokeSessions(ctx, `id = ?2 AND (subject = ?3 OR ?4)`, id, p.Subject, p.Operator())
	}
	if err == nil && n == 0 {
		return core.Errorf(core.NotFound, "you have no such session; it may have ended")
	}
	if err == nil {
		a.note(ctx, core.AuditEvent{Event: "session_revoked", Subject: p.Subject, Namespace: p.Namespace, Target: id})
	}
	return err
}

// alive tells whether a session has its natural end still before it.
func (a *Auth) alive(ctx context.Context, id string) (bool, error) {
	rows, err := a.near(ctx, stmt(`SELECT created_at, used_at, revoked_at FROM auth_sessions WHERE id = ?1`, id))
	if err != nil || len(rows) == 0 {
		return false, err
	}
	return number(rows[0][2]) == 0 && a.settings.Now().Before(sessionEnd(moment(rows[0][0]), moment(rows[0][1]))), nil
}

// clip bounds what callers' addresses and names may take in a table.
func clip(s string) string {
	if len(s) > MaxNameBytes {
		return s[:MaxNameBytes]
	}
	return s
}
