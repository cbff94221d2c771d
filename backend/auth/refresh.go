package auth

// This file changes refresh tokens for new ones. A token works once. The next
// one follows from it by a key that only the network has, so that the same
// question gets the same answer for a moment, and nothing is kept in clear.

import (
	"context"
	"crypto/hmac"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	refreshPrefix  = "art_"
	refreshSecret  = 32
	refreshTag     = 8
	sessionIDBytes = 16
)

// firstRefresh is a session's first refresh token.
func firstRefresh(key []byte, session string) string {
	secret := make([]byte, refreshSecret)
	random(secret)
	return writeRefresh(key, session, secret)
}

// writeRefresh adds a tag that only the network can make: it tells a token that
// was used long ago from one that somebody made up to end another's session.
func writeRefresh(key []byte, session string, secret []byte) string {
	tag := mac(key, "refresh tag", session, string(secret))[:refreshTag]
	return refreshPrefix + session + "_" + base62(append(append([]byte(nil), secret...), tag...))
}

// parseRefresh reads a token that the network has made, however long ago.
func parseRefresh(key []byte, token string) (session string, ok bool) {
	body, ok := strings.CutPrefix(token, refreshPrefix)
	session, tail, cut := strings.Cut(body, "_")
	if !ok || !cut || len(session) != base62Letters(sessionIDBytes) || !isBase62(session) {
		return "", false
	}
	b, ok := parseBase62(tail, refreshSecret+refreshTag)
	if !ok {
		return "", false
	}
	tag := mac(key, "refresh tag", session, string(b[:refreshSecret]))[:refreshTag]
	return session, hmac.Equal(tag, b[refreshSecret:])
}

// successor is the token that follows.
func successor(key []byte, session, token string) string {
	return writeRefresh(key, session, mac(key, "refresh", token)[:refreshSecret])
}

func errRefresh() error {
	return core.Errorf(core.Unauthenticated, "the session has ended, or its refresh token was used before; sign in again")
}

// Refresh changes a refresh token for new tokens. It works once; the very same
// call within [RetryWindow] gets the same answer, and any later one ends the
// session: the token has been in two hands. ns, where it is named, must be the
// session's.
func (a *Auth) Refresh(ctx context.Context, token core.Secret, ns core.Namespace, address string) (core.Tokens, error) {
	id, next, err := a.readRefresh(ctx, token)
	if err != nil {
		return core.Tokens{}, err
	}
	if _, err = a.signer(ctx); err != nil { // before the token is used up
		return core.Tokens{}, err
	}
	now, old := a.settings.Now(), hashOf(token.Reveal())
	counts, err := a.exec(ctx, stmt(`UPDATE auth_sessions SET previous = current, current = ?3, used_at = max(used_at, ?4)
 WHERE id = ?1 AND current = ?2 AND revoked_at = 0 AND used_at > ?5 AND created_at > ?6 AND (?7 = '' OR namespace = ?7)`,
		id, old, hashOf(next), now, now.Add(-SessionIdle), now.Add(-SessionLife), ns))
	if err != nil {
		return core.Tokens{}, err
	}
	rows, err := a.weak(ctx, stmt(`SELECT subject, namespace, created_at, used_at, revoked_at, current, previous FROM auth_sessions WHERE id = ?1`, id))
	if err != nil {
		return core.Tokens{}, err
	}
	if len(rows) == 0 {
		return core.Tokens{}, errRefresh()
	}
	row := rows[0]
	s, used := session{id: id, subject: text(row[0]), namespace: core.Namespace(text(row[1])), created: moment(row[2])}, moment(row[3])
	if counts[0] == 1 {
		a.note(ctx, core.AuditEvent{Event: "refreshed", Subject: s.subject, Namespace: s.namespace, Target: id, Address: address})
		return a.tokens(ctx, s, now, next)
	}
	switch {
	case ns != "" && ns != s.namespace:
		return core.Tokens{}, core.Errorf(core.Denied, "your session is not for that namespace")
	case number(row[4]) != 0 || !now.Before(sessionEnd(s.created, used)):
		return core.Tokens{}, errRefresh()
	case text(row[6]) == old && now.Sub(used) <= RetryWindow:
		return a.tokens(ctx, s, used, next)
	case text(row[5]) == old:
		return core.Tokens{}, core.Errorf(core.Unavailable, "the session was changed meanwhile; repeat in a moment")
	}
	return core.Tokens{}, a.reused(ctx, s, address)
}

// readRefresh tells which session a token is of and what follows it.
func (a *Auth) readRefresh(ctx context.Context, token core.Secret) (id, next string, err error) {
	if err = a.ready(); err != nil {
		return "", "", err
	}
	s, err := a.secrets(ctx)
	if err != nil {
		return "", "", err
	}
	id, ok := parseRefresh(s.refresh, token.Reveal())
	if !ok {
		return "", "", errRefresh()
	}
	return id, successor(s.refresh, id, token.Reveal()), nil
}

// reused ends a session whose token came back.
func (a *Auth) reused(ctx context.Context, s session, address string) error {
	if _, err := a.revokeSessions(ctx, `id = ?2`, s.id); err != nil {
		return err
	}
	a.note(ctx, core.AuditEvent{Event: "refresh_reused", Subject: s.subject, Namespace: s.namespace, Target: s.id, Detail: "the session was ended", Address: address})
	a.logOf(ctx).Warn("a used refresh token came back; its session was ended", "session", s.id, core.KeyAddress, address)
	return core.Errorf(core.Unauthenticated, "this refresh token was used before, so somebody else may have it: the session was ended; sign in again")
}

// Logout ends the session of a refresh token, used or not, and says how many
// sessions that were: one, or none when it had ended.
func (a *Auth) Logout(ctx context.Context, token core.Secret) (int, error) {
	id, _, err := a.readRefresh(ctx, token)
	if err != nil {
		return 0, err
	}
	n, err := a.revokeSessions(ctx, `id = ?2`, id)
	if err != nil || n == 0 {
		return n, err
	}
	if rows, errRow := a.weak(ctx, stmt(`SELECT subject, namespace FROM auth_sessions WHERE id = ?1`, id)); errRow == nil && len(rows) == 1 {
		a.note(ctx, core.AuditEvent{Event: "sign_out", Subject: text(rows[0][0]), Namespace: core.Namespace(text(rows[0][1])), Target: id})
	}
	return n, nil
}
