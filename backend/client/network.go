// The network as the connected node sees it, the client's own health, and the
// calls of a node's operator.

package client

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// Network is the network as the connected node sees it.
type Network struct{ client *Client }

// Network returns the network as the connected node sees it.
func (c *Client) Network() *Network { return &Network{c} }

// NetworkStatus is what the connected node says about itself.
type NetworkStatus struct {
	NodeID       string        `json:"node_id"`
	Connected    bool          `json:"connected"`
	PeerCount    int           `json:"peer_count"`
	DatabaseSize int64         `json:"database_size"` // of this namespace, or of all for an operator
	Uptime       time.Duration `json:"uptime"`
	Node         core.Status   `json:"node"` // all that it said
}

// GetStatus asks the connected node about itself.
func (n *Network) GetStatus(ctx context.Context) (*NetworkStatus, error) {
	status, err := n.client.status(ctx)
	if err != nil {
		return nil, err
	}
	return &NetworkStatus{
		NodeID: status.PeerID, Connected: true, PeerCount: status.Peers, DatabaseSize: status.DatabaseSize,
		Uptime: time.Since(status.StartedAt), Node: status,
	}, nil
}

// GetPeers returns the peers that the connected node knows.
func (n *Network) GetPeers(ctx context.Context) (peers []core.Peer, err error) {
	err = n.client.call(ctx, func(conn *rpc.Conn) (err error) {
		peers, err = conn.Peers(ctx)
		return err
	})
	return peers, err
}

// ConnectToPeer makes the connected node dial a multiaddress that ends in
// /p2p/<peer id>. Operators only.
func (n *Network) ConnectToPeer(ctx context.Context, addr string) error {
	return n.client.call(ctx, func(conn *rpc.Conn) error { return conn.Connect(ctx, addr) })
}

// DisconnectFromPeer makes the connected node drop a peer. Operators only.
func (n *Network) DisconnectFromPeer(ctx context.Context, id string) error {
	return n.client.call(ctx, func(conn *rpc.Conn) error { return conn.Disconnect(ctx, id) })
}

func (c *Client) status(ctx context.Context) (status core.Status, err error) {
	err = c.call(ctx, func(conn *rpc.Conn) (err error) {
		status, err = conn.Status(ctx)
		return err
	})
	return status, err
}

// Words of HealthStatus.Status.
const (
	Healthy   = "healthy"
	Degraded  = "degraded"
	Unhealthy = "unhealthy"
)

// HealthStatus is whether this client can work: its connection, and the node's
// own health.
type HealthStatus struct {
	Status       string            `json:"status"` // Healthy, Degraded or Unhealthy
	Checks       map[string]string `json:"checks"` // part → state, with the evidence when it is not ok
	LastUpdated  time.Time         `json:"last_updated"`
	ResponseTime time.Duration     `json:"response_time"` // of the node's answer
	Node         core.Health       `json:"node"`          // all that it said
}

// Health is HealthContext, within ConnectTimeout.
func (c *Client) Health() (*HealthStatus, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.settings.ConnectTimeout)
	defer cancel()
	return c.HealthContext(ctx)
}

// HealthContext asks the node for its health. That there is no connection is an
// answer, Unhealthy, which is given at once, and no error; an error is what the
// node refuses to tell.
func (c *Client) HealthContext(ctx context.Context) (*HealthStatus, error) {
	began := time.Now()
	health, err := c.askHealth(ctx)
	h := &HealthStatus{Status: Unhealthy, Checks: map[string]string{}, LastUpdated: time.Now(), ResponseTime: time.Since(began), Node: health}
	if core.CodeOf(err) == core.Unavailable {
		h.Checks["connection"] = core.Sentence(err)
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	h.Checks["connection"] = core.StateOK
	for _, check := range health.Checks {
		h.Checks[check.Name] = check.State
		if check.Detail != "" {
			h.Checks[check.Name] += ": " + check.Detail
		}
	}
	switch health.State {
	case core.StateOK:
		h.Status = Healthy
	case core.StateDegraded:
		h.Status = Degraded
	}
	return h, nil
}

// askHealth asks without waiting for a connection.
func (c *Client) askHealth(ctx context.Context) (core.Health, error) {
	s, err := c.current()
	if err != nil {
		return core.Health{}, err
	}
	conn, _, err := s.link.state()
	if err != nil {
		return core.Health{}, err
	}
	if conn == nil {
		return core.Health{}, core.Errorf(core.Unavailable, "the connection was lost; the client goes on trying")
	}
	return conn.Health(ctx)
}

// Operator is what the operator of the connected node may ask of it, and what
// the command line is made of. Calls that need the operator's credential are
// core.Denied for everyone else.
type Operator struct{ client *Client }

// Operator returns the calls of the connected node's operator.
func (c *Client) Operator() *Operator { return &Operator{c} }

// Status is all that the node says about itself.
func (o *Operator) Status(ctx context.Context) (core.Status, error) { return o.client.status(ctx) }

// Health is the state of the node's parts.
func (o *Operator) Health(ctx context.Context) (health core.Health, err error) {
	err = o.client.call(ctx, func(conn *rpc.Conn) (err error) {
		health, err = conn.Health(ctx)
		return err
	})
	return health, err
}

// Peers are the peers that the node knows.
func (o *Operator) Peers(ctx context.Context) ([]core.Peer, error) {
	return o.client.Network().GetPeers(ctx)
}

// Limits are the node's bounds.
func (o *Operator) Limits(ctx context.Context) (limits []core.Limit, err error) {
	err = o.client.call(ctx, func(conn *rpc.Conn) (err error) {
		limits, err = conn.Limits(ctx)
		return err
	})
	return limits, err
}

// Logs returns the node's log entries after a number, at most limit; 0 means
// rpc.MaxLogEntries. The last entry's Seq asks for the next ones.
func (o *Operator) Logs(ctx context.Context, after uint64, limit int) (entries []core.LogEntry, err error) {
	err = o.client.call(ctx, func(conn *rpc.Conn) (err error) {
		entries, err = conn.Logs(ctx, after, limit)
		return err
	})
	return entries, err
}

// Stop begins the node's end. The client then goes on looking for the node, or
// for another one, until Disconnect.
func (o *Operator) Stop(ctx context.Context) error {
	return o.client.call(ctx, func(conn *rpc.Conn) error { return conn.Stop(ctx) })
}

// Open returns a one-time link to the node's page, which asks about the debros:
// link if there is one.
func (o *Operator) Open(ctx context.Context, link string) (url string, err error) {
	err = o.client.call(ctx, func(conn *rpc.Conn) (err error) {
		url, err = conn.Open(ctx, link)
		return err
	})
	return url, err
}
