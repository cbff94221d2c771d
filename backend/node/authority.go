package node

// This file decides who may use the node: its operator, holders of configured
// API keys, or on a loopback-only node anybody.

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// authority knows the credentials of this node. Keys are compared as hashes,
// all of them and in equal time, so that an answer's delay tells nothing.
type authority struct {
	operator    [sha256.Size]byte
	keys        []apiKey
	requireAuth bool
}

type apiKey struct {
	hash      [sha256.Size]byte
	namespace core.Namespace
}

func (n *Node) buildAuthority(context.Context) error {
	operator, err := config.CreateOperatorKey(n.folder.path)
	if err != nil {
		return fmt.Errorf("load operator key: %w", err)
	}
	g := n.loaded.Config.Gateway
	n.authority = &authority{operator: sha256.Sum256([]byte(operator.Reveal())), requireAuth: g.RequireAuth}
	for _, k := range g.APIKeys {
		n.authority.keys = append(n.authority.keys, apiKey{sha256.Sum256([]byte(k.Key.Reveal())), k.Namespace})
	}
	return nil
}

// Authorize says who a caller is that shows credential and asks for ns. It
// returns Unauthenticated for a missing or unknown credential and Denied for
// one of another namespace.
func (a *authority) Authorize(_ context.Context, credential core.Secret, ns core.Namespace) (rpc.Caller, error) {
	if credential == "" {
		if a.requireAuth {
			return rpc.Caller{}, core.Errorf(core.Unauthenticated, "this node asks for a credential: an API key of the namespace, or the operator's key in its data folder")
		}
		return rpc.Caller{Subject: "anonymous"}, nil
	}
	hash := sha256.Sum256([]byte(credential.Reveal()))
	caller, err := rpc.Caller{}, error(core.Errorf(core.Unauthenticated, "the credential is not known to this node"))
	for i, k := range a.keys {
		if subtle.ConstantTimeCompare(hash[:], k.hash[:]) != 1 {
			continue
		}
		if k.namespace == ns {
			caller, err = rpc.Caller{Subject: fmt.Sprintf("api_key:%d", i+1)}, nil
		} else if caller.Subject == "" {
			err = core.Errorf(core.Denied, "this API key is not for the namespace %q", ns)
		}
	}
	if subtle.ConstantTimeCompare(hash[:], a.operator[:]) == 1 {
		caller, err = rpc.Caller{Subject: "operator", Operator: true}, nil
	}
	return caller, err
}

// proofLife is how long a client need not ask again whether it may publish.
const proofLife = time.Hour

// AuthorProof lets everybody publish whom Authorize let in; nobody's validator
// asks for more.
func (a *authority) AuthorProof(context.Context, rpc.Caller, core.Namespace, string) (proof []byte, expires time.Time, err error) {
	return nil, time.Now().Add(proofLife), nil
}
