package node

// This file joins the network's sessions, keys and grants with the members and
// with what is published.

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/auth"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// tokenKeyName is the file, in a network's folder, of the keys with which this
// node signs tokens of that network.
const tokenKeyName = "token.key"

// newAuth builds the part of a session that says who may do what.
func (n *Node) newAuth(s *session, dir string) (*auth.Auth, error) {
	c := n.loaded.Config
	keys := make([]auth.ConfiguredKey, len(c.Gateway.APIKeys))
	for i, k := range c.Gateway.APIKeys {
		keys[i] = auth.ConfiguredKey{Key: k.Key, Namespace: k.Namespace}
	}
	return auth.New(auth.Settings{
		Network: s.record.ID, NodeID: n.host.ID().String(), Now: time.Now, TokenKeyFile: filepath.Join(dir, tokenKeyName),
		Sign: n.sign, VerifyNode: verifyNode,
		IsMember: func(id string) bool { return isMember(s, id) },
		Domains:  n.domains, Occupied: s.occupied,
		OperatorKey: n.authority.operatorKey, APIKeys: keys, OwnNamespace: c.Gateway.Namespace, RequireAuth: c.Gateway.RequireAuth,
		OpenRegistration: c.Auth.OpenRegistration, RequireSignInText: c.Auth.RequireSignInText,
		TokenAlgorithm: c.Auth.TokenAlgorithm, ExchangeOnly: c.Auth.ExchangeOnly, OfflineReads: c.Auth.OfflineReads,
	}, s.databases.Internal(), n.logs.Logger("auth"))
}

// sign signs with the node's identity.
func (n *Node) sign(data []byte) ([]byte, error) {
	return n.host.Peerstore().PrivKey(n.host.ID()).Sign(data)
}

// verifyNode checks what the node of that peer id signed.
func verifyNode(node string, data, signature []byte) bool {
	id, err := peer.Decode(node)
	if err != nil {
		return false
	}
	key, err := id.ExtractPublicKey()
	if err != nil {
		return false
	}
	ok, err := key.Verify(data, signature)
	return err == nil && ok
}

func isMember(s *session, node string) bool {
	id, err := peer.Decode(node)
	return err == nil && s.membership.IsMember(id)
}

// maxDomains bounds the names that auth tries a nonce against.
const maxDomains = 16

// domains are the names under which callers reach this node's gateway, as they
// write them: with the port, and a configured name without one too, since
// something before the gateway may listen on the usual one.
func (n *Node) domains() []string {
	if n.gateway == nil {
		return nil
	}
	host, port, err := net.SplitHostPort(n.gateway.Address())
	if err != nil {
		return nil
	}
	var list []string
	for _, name := range n.loaded.Config.Gateway.AllowedHosts {
		list = append(list, name, net.JoinHostPort(name, port))
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsUnspecified() {
		list = append(list, net.JoinHostPort(host, port))
	} else if all, err := net.InterfaceAddrs(); err == nil {
		for _, a := range all {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Is4() {
				list = append(list, net.JoinHostPort(prefix.Addr().String(), port))
			}
		}
	}
	return list[:min(len(list), maxDomains)]
}

// occupied tells whether a namespace holds data already.
func (s *session) occupied(ctx context.Context, ns core.Namespace) (bool, error) {
	_, err := s.membership.Find(ctx, ns)
	if core.CodeOf(err) == core.NotFound {
		return false, nil
	}
	return err == nil, err
}

// mayPublish is asked about every message that passes: members have checked
// their callers, everybody else brings a proof. A guest keeps no tables to check
// one by; the members that it talks to do.
func (n *Node) mayPublish(author peer.ID, ns core.Namespace, proof []byte) bool {
	s, err := n.networks.session()
	switch {
	case err != nil:
		return author == n.host.ID()
	case s.auth == nil:
		return true
	}
	return s.membership.IsMember(author) || s.auth.CheckAuthor(author.String(), ns, proof)
}

// publishProof is what this node's own messages carry: a guest's need one.
func (n *Node) publishProof(ctx context.Context, ns core.Namespace) ([]byte, error) {
	s, err := n.networks.session()
	if err != nil || s.guest == nil {
		return nil, err
	}
	if ns == core.ChatNamespace {
		return n.chats.author(ctx)
	}
	return s.guest.publishProof(ctx, ns)
}

// authorProof is what a client's messages carry, so that every node of the
// network knows that they may be published.
func (n *Node) authorProof(ctx context.Context, caller rpc.Caller, ns core.Namespace, peerID string) (proof []byte, expires time.Time, err error) {
	s, err := n.networks.session()
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case s.auth == nil:
		return s.guest.authorProof(ctx, ns, peerID)
	}
	return s.auth.AuthorProof(ctx, caller.Principal, ns, peerID)
}
