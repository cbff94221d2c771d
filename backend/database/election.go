// A node that opens a group stands for election at once.

package database

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// campaignWait bounds how long Raft may take to hear that it should stand.
const campaignWait = 2 * time.Second

// standForElection tells this node's own Raft, listening on ly, not to wait for
// a leader that cannot be there: the timeout before an election is a second or
// two, and nobody who asked for a sleeping group should wait for it. The message
// is Raft's own, the one with which a leader hands over, and it goes to the node
// itself only.
func standForElection(ly *layer, node string) error {
	transport := raft.NewNetworkTransportWithLogger(newDialOnly(ly), 1, campaignWait, hclog.NewNullLogger())
	request := raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{
		ProtocolVersion: raft.ProtocolVersionMax,
		ID:              []byte(node),
		Addr:            []byte(ly.Addr().String()),
	}}
	err := transport.TimeoutNow(raft.ServerID(node), raft.ServerAddress(ly.Addr().String()), &request, &raft.TimeoutNowResponse{})
	transport.CloseStreams()
	if err = errors.Join(err, transport.Close()); err != nil {
		return fmt.Errorf("stand for election: %w", err)
	}
	return nil
}

// dialOnly is a layer whose connections are only made, never accepted.
type dialOnly struct {
	ly     *layer
	closed chan struct{}
	close  sync.Once
}

func newDialOnly(ly *layer) *dialOnly { return &dialOnly{ly: ly, closed: make(chan struct{})} }

func (d *dialOnly) Accept() (net.Conn, error) {
	<-d.closed
	return nil, net.ErrClosed
}

func (d *dialOnly) Close() error {
	d.close.Do(func() { close(d.closed) })
	return nil
}

func (d *dialOnly) Addr() net.Addr { return d.ly.Addr() }

func (d *dialOnly) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	return d.ly.Dial(string(address), timeout)
}
