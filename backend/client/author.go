// The proof that this client may publish, which goes along with each message.

package client

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// renewProof is how long before its end a proof is replaced, so that none
// expires while a message is on its way.
const renewProof = time.Minute

// authorship gets the proof over the client's link when it is needed, and keeps
// it for as long as it holds.
type authorship struct {
	namespace core.Namespace
	link      *link
	turn      chan struct{} // has room for one: whoever asks, so that others wait for its answer

	proof   []byte
	expires time.Time
}

func newAuthorship(ns core.Namespace, l *link) *authorship {
	return &authorship{namespace: ns, link: l, turn: make(chan struct{}, 1)}
}

// get returns the proof. A client that may not publish gets core.Denied.
func (a *authorship) get(ctx context.Context, ns core.Namespace) ([]byte, error) {
	if ns != a.namespace {
		return nil, core.Errorf(core.Denied, "this client is for the namespace %q; connect another one for %q", a.namespace, ns)
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, core.Wrap(core.Unavailable, ctx.Err(), "%s", core.Sentence(ctx.Err()))
	}
	if time.Until(a.expires) > renewProof {
		return a.proof, nil
	}
	err := a.link.call(ctx, func(conn *rpc.Conn) (err error) {
		a.proof, a.expires, err = conn.AuthorProof(ctx, "")
		return err
	})
	return a.proof, err
}
