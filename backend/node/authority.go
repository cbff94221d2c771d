package node

// This file decides who may use the node over streams and rqlite's API, and
// joins that with the network's own sessions, keys and grants.

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// authority knows the operator, whom the node must know in every state, and asks
// the network about everybody else. A guest has no such tables: there the keys of
// its own configuration count.
type authority struct {
	networks    *networks
	operatorKey core.Secret
	operator    [sha256.Size]byte
	keys        []apiKey
	own         core.Namespace
	requireAuth bool
}

type apiKey struct {
	hash      [sha256.Size]byte
	namespace core.Namespace
}

func (n *Node) buildAuthority(context.Context) error {
	key, err := config.CreateOperatorKey(n.folder.path)
	if err != nil {
		return fmt.Errorf("load operator key: %w", err)
	}
	g := n.loaded.Config.Gateway
	n.authority = &authority{
		networks: n.networks, operatorKey: key, operator: sha256.Sum256([]byte(key.Reveal())), own: g.Namespace, requireAuth: g.RequireAuth,
	}
	for _, k := range g.APIKeys {
		n.authority.keys = append(n.authority.keys, apiKey{sha256.Sum256([]byte(k.Key.Reveal())), k.Namespace})
	}
	return nil
}

// isOperator compares in equal time.
func (a *authority) isOperator(credential core.Secret) bool {
	hash := sha256.Sum256([]byte(credential.Reveal()))
	return subtle.ConstantTimeCompare(hash[:], a.operator[:]) == 1
}

// Authorize says who a caller is that shows credential and asks for ns. It
// returns Unauthenticated for a missing or unknown credential and Denied for
// one that may not even read there.
func (a *authority) Authorize(ctx context.Context, credential core.Secret, ns core.Namespace) (rpc.Caller, error) {
	if a.isOperator(credential) {
		p := core.Principal{Subject: "operator", Method: core.MethodOperator, Namespace: ns}
		return rpc.Caller{Subject: p.Subject, Operator: true, Principal: p}, nil
	}
	s, err := a.networks.session()
	if err != nil {
		return rpc.Caller{}, err
	}
	if s.auth == nil {
		return a.atGuest(credential, ns)
	}
	p, err := s.auth.Authenticate(ctx, credential, "")
	if err != nil {
		return rpc.Caller{}, err
	}
	allow := func(ctx context.Context, need core.Permission) error {
		now, errNow := a.networks.session()
		if errNow != nil {
			return errNow
		}
		if now.auth == nil {
			return core.Errorf(core.Denied, "the node has changed its network; connect again")
		}
		return now.auth.Allow(ctx, p, ns, need)
	}
	if err = allow(ctx, core.PermissionRead); err != nil {
		return rpc.Caller{}, err
	}
	return rpc.Caller{Subject: p.Subject, Principal: p, Allow: allow}, nil
}

// atGuest knows the keys of the configuration only: everybody else asks a member.
func (a *authority) atGuest(credential core.Secret, ns core.Namespace) (rpc.Caller, error) {
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
	return caller, err
}
