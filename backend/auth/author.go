package auth

// This file has the proofs that let a guest's or a client's peer publish: its
// messages pass through nodes that have never met it.

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
)

// AuthorProof makes a proof that peer may publish in ns, for a caller who may
// write there. It holds until expires, 15 minutes at most, and has at most
// [MaxProofBytes].
func (a *Auth) AuthorProof(ctx context.Context, p core.Principal, ns core.Namespace, peer string) (proof []byte, expires time.Time, err error) {
	need := core.PermissionWrite
	if ns == core.ChatNamespace {
		need = core.PermissionChat
	}
	if err = a.Allow(ctx, p, ns, need); err != nil {
		return nil, time.Time{}, err
	}
	if peer == "" || len(peer) > 128 {
		return nil, time.Time{}, core.Errorf(core.Invalid, "a proof is for one peer, by its id")
	}
	at, life := a.settings.Now().Truncate(time.Second), TokenLife
	if !p.ExpiresAt.IsZero() && (p.KeyID != "" || p.Device != "") {
		life = min(life, p.ExpiresAt.Sub(at))
	}
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: p.Subject}, Namespace: string(ns), SessionID: p.SessionID, Confirm: &confirmation{Peer: peer},
	}
	if ns == core.ChatNamespace { // whoever relays the chat must not learn whose it is
		c.Subject, c.SessionID = string(core.PermissionChat), ""
	}
	signed, err := a.sign(ctx, authorKind(), c, at, life)
	if err != nil {
		return nil, time.Time{}, err
	}
	return []byte(signed), at.Add(life), nil
}

// CheckAuthor tells whether a proof lets peer publish in ns. It answers from
// memory and never waits. A proof stays good while this node is out of touch with
// the group, until its own end: a validator that refused then would have honest
// peers punished.
func (a *Auth) CheckAuthor(peer string, ns core.Namespace, proof []byte) bool {
	if !a.running.Load() || len(proof) == 0 || len(proof) > MaxProofBytes {
		return false
	}
	keys, held := a.view.lastKeys.Load(), a.view.lastRevoked.Load()
	if keys == nil || held == nil {
		return false
	}
	v, err := a.recall(authorKind(), a.view.proofs, sha256.Sum256(proof), string(proof), func(id string) (tokenKey, error) {
		k, there := (*keys)[id]
		if !there || !a.accepted(k.node, k.notBefore, k.notAfter) {
			a.want(roleKey{}) // another node may have made it just now
			return tokenKey{}, errToken()
		}
		return k, nil
	})
	if err != nil || v.peer != peer || v.principal.Namespace != ns {
		return false
	}
	for _, id := range []string{v.principal.SessionID, keyID(v.principal)} {
		if _, ended := held.ids[id]; ended {
			return false
		}
	}
	return a.stillWriter(v.principal, ns)
}

func keyID(p core.Principal) string {
	if p.KeyID == "" {
		return ""
	}
	return keySubject + p.KeyID
}

// stillWriter looks at the grant, if it is in memory. If it is not, it is read
// for the next message; this one has the proof of a member, minutes old.
func (a *Auth) stillWriter(p core.Principal, ns core.Namespace) bool {
	subject := p.Subject
	switch {
	case p.KeyID != "":
		row, there := a.view.keys.get(p.KeyID)
		if !there {
			a.want(roleKey{"", p.KeyID})
			return true
		}
		if subject = row.creator; row.revoked || subject == operatorSubject {
			return !row.revoked
		}
	case ns == core.ChatNamespace: // every device may, until its proof ends
		return true
	case p.SessionID == "": // a node's operator, or whoever needs no credential there
		return true
	}
	role, there := a.view.roles.get(roleKey{ns, subject})
	if !there {
		a.want(roleKey{ns, subject})
		return true
	}
	return roleRank(role) >= rank(core.PermissionWrite)
}

// want asks for something to be read. It never waits.
func (a *Auth) want(k roleKey) {
	select {
	case a.wanted <- k:
	default:
	}
}

// readWanted reads what author proofs asked about. Without a subject that is the
// token keys, without a namespace an API key.
func (a *Auth) readWanted(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case k := <-a.wanted:
			var err error
			switch {
			case k.subject == "":
				if a.view.askFor("author keys", beatEvery) {
					err = a.warm(ctx)
				}
			case k.namespace == "":
				_, err = a.keyStanding(ctx, k.subject)
			default:
				_, err = a.role(ctx, k.namespace, k.subject, false)
			}
			if err != nil && core.CodeOf(err) != core.Unauthenticated && ctx.Err() == nil {
				a.log.Debug("an author's rights are not known", core.KeyError, err)
			}
		}
	}
}
