package node

// This file shows the node's numbers to the gateway's /metrics.

import (
	"github.com/prometheus/client_golang/prometheus"

	"git.debros.io/DeBros/network/backend/core"
)

// measures reads the parts' own counters when somebody asks. Groups are those
// that are awake, so their number is bounded.
type measures struct{ n *Node }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("debros_"+name, help, labels, nil)
}

// The numbers by name. Counters end with _total.
var (
	peersConnected = desc("peers_connected", "Nodes that this one is connected with.")
	databaseBytes  = desc("database_bytes", "Bytes on disk of all groups.")
	groupsKept     = desc("groups", "Groups with a replica on this node, by whether they are awake.", "state")
	raftIndex      = desc("raft_applied_index", "Last log entry that the replica has applied.", "group")
	raftCommit     = desc("raft_commit_index", "Last log entry that is known to be committed.", "group")
	raftLeads      = desc("raft_leader", "1 where this node leads the group.", "group")
	gossipEvents   = desc("gossip_total", "Messages and peers, by what happened to them.", "event")
	healthChecks   = desc("health", "1 for a part that is well, 0.5 with a loss, 0 when it is down.", "part")
)

// Describe tells which numbers there are.
func (measures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{peersConnected, databaseBytes, groupsKept, raftIndex, raftCommit, raftLeads, gossipEvents, healthChecks} {
		to <- d
	}
}

// Collect reads them.
func (m measures) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(peersConnected, float64(len(m.n.nodes())))
	if s, err := m.n.networks.session(); err == nil && s.databases != nil {
		gauge(databaseBytes, float64(s.databases.Size()))
		awake, asleep := 0, 0
		for _, g := range s.databases.Groups() {
			if !g.Awake {
				asleep++
				continue
			}
			awake++
			leads := 0.0
			if g.State == "leader" {
				leads = 1
			}
			gauge(raftIndex, float64(g.Index), g.Name)
			gauge(raftCommit, float64(g.CommitIndex), g.Name)
			gauge(raftLeads, leads, g.Name)
		}
		gauge(groupsKept, float64(awake), "awake")
		gauge(groupsKept, float64(asleep), "asleep")
	}
	stats := m.n.pubsub.Stats()
	for event, count := range map[string]int64{
		"published": stats.Published, "delivered": stats.Delivered, "duplicate": stats.Duplicates, "rejected": stats.Rejected,
		"lost_inbound": stats.LostInbound, "lost_outbound": stats.LostOutbound, "slow_reader": stats.SlowReaders,
		"slow_peer": stats.SlowPeers, "refused": stats.Refused, "limited": stats.Limited,
	} {
		to <- prometheus.MustNewConstMetric(gossipEvents, prometheus.CounterValue, float64(count), event)
	}
	for _, c := range []core.Check{m.n.connectionCheck(), named("database", m.n.dataCheck()), named("pubsub", m.n.pubsub.Check()), named("discovery", m.n.discovery.Check())} {
		value := map[string]float64{core.StateOK: 1, core.StateDegraded: 0.5}[c.State]
		gauge(healthChecks, value, c.Name)
	}
}
