package auth

// This file has what all members know and nobody else: the keys with which
// nonces and refresh tokens are made. Who knows them can make challenges, not
// signatures.

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	secretBytes   = 32
	kindNonce     = "nonce"   // a new one each day, two are valid
	kindRefresh   = "refresh" // one for good
	nonceKeysKept = 2
)

// secrets are the keys as they are now.
type secrets struct {
	nonce   [][]byte // the newest first
	refresh []byte
	newest  time.Time // when nonce[0] was made
}

// sealing is the key for new nonces. One that was made just now waits until all
// nodes have it, unless it is the only one.
func (s secrets) sealing(now time.Time) []byte {
	if len(s.nonce) > 1 && now.Sub(s.newest) < secretSpread {
		return s.nonce[1]
	}
	return s.nonce[0]
}

func (a *Auth) secrets(ctx context.Context) (secrets, error) {
	s, err := fetch(ctx, a, a.view.secrets, struct{}{}, false, readSecrets)
	if err == nil && (len(s.nonce) == 0 || s.refresh == nil) {
		if err = a.keepSecrets(ctx); err != nil {
			return secrets{}, err
		}
		s, err = fetch(ctx, a, a.view.secrets, struct{}{}, false, readSecrets)
	}
	if err == nil && (len(s.nonce) == 0 || s.refresh == nil) {
		err = core.Errorf(core.Unavailable, "the network has no keys for sign-in yet; repeat in a moment")
	}
	return s, err
}

func readSecrets(ctx context.Context, ask asking) (secrets, bool, error) {
	rows, err := ask(ctx, stmt(`SELECT kind, value, created_at FROM auth_secrets ORDER BY created_at DESC, id`))
	if err != nil {
		return secrets{}, false, err
	}
	var s secrets
	for _, row := range rows {
		switch value := raw(row[1]); {
		case len(value) != secretBytes:
		case text(row[0]) == kindNonce && len(s.nonce) < nonceKeysKept:
			if s.nonce = append(s.nonce, value); len(s.nonce) == 1 {
				s.newest = moment(row[2])
			}
		case text(row[0]) == kindRefresh:
			s.refresh = value // the oldest one: of several made at once it stays
		}
	}
	return s, len(s.nonce) > 0 && s.refresh != nil, nil
}

// keepSecrets makes the keys that are missing or too old. Of several nodes that
// do so at once, one does.
func (a *Auth) keepSecrets(ctx context.Context) error {
	now := a.settings.Now()
	s, err := fetch(ctx, a, a.view.secrets, struct{}{}, false, readSecrets)
	if err != nil || s.refresh != nil && len(s.nonce) > 0 && now.Sub(s.newest) < secretEvery {
		return err
	}
	nonce, refresh := make([]byte, secretBytes), make([]byte, secretBytes)
	random(nonce)
	random(refresh)
	_, err = a.exec(
		ctx,
		stmt(`INSERT INTO auth_secrets(id, kind, value, created_at) SELECT ?1, ?2, ?3, ?4
 WHERE NOT EXISTS (SELECT 1 FROM auth_secrets WHERE kind = ?2 AND created_at > ?5)`, randomText(16), kindNonce, nonce, now, now.Add(-secretEvery)),
		stmt(`INSERT INTO auth_secrets(id, kind, value, created_at) SELECT ?1, ?2, ?3, ?4
 WHERE NOT EXISTS (SELECT 1 FROM auth_secrets WHERE kind = ?2)`, randomText(16), kindRefresh, refresh, now),
		stmt(`DELETE FROM auth_secrets WHERE kind = ?1 AND id NOT IN
 (SELECT id FROM auth_secrets WHERE kind = ?1 ORDER BY created_at DESC, id LIMIT ?2)`, kindNonce, nonceKeysKept),
	)
	a.view.secrets.empty()
	return err
}

// Reset signs everybody out of the network: all sessions end, no nonce of before
// is valid, and every node makes new signing keys. It is for after a copy of the
// system group was put back, when what was spent or revoked since is not known
// any more, and for an emergency. API keys and grants stay.
func (a *Auth) Reset(ctx context.Context) error {
	if err := a.ready(); err != nil {
		return err
	}
	now := a.settings.Now()
	nonce := make([]byte, secretBytes)
	random(nonce)
	_, err := a.exec(
		ctx,
		stmt(`DELETE FROM auth_secrets WHERE kind = ?1`, kindNonce),
		stmt(`INSERT INTO auth_secrets(id, kind, value, created_at) VALUES (?1, ?2, ?3, ?4)`, randomText(16), kindNonce, nonce, now),
		stmt(`DELETE FROM auth_token_keys`), // sessions that the backup does not know have tokens too
		stmt(`INSERT INTO auth_revocations(id, at) SELECT id, ?1 FROM auth_sessions WHERE revoked_at = 0 ON CONFLICT(id) DO NOTHING`, now),
		stmt(`UPDATE auth_sessions SET revoked_at = ?1 WHERE revoked_at = 0`, now),
	)
	a.view.secrets.empty()
	a.view.forgetRevocations()
	a.view.forgetTokenKeys()
	if err == nil {
		err = a.keepSigning(ctx)
	}
	return err
}

// mac is HMAC-SHA-256 (RFC 2104) over parts, none of which can pass for another.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
