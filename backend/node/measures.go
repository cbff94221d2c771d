package node

// This file shows the node's numbers to the gateway's /metrics.

import (
	"github.com/prometheus/client_golang/prometheus"

	"git.debros.io/DeBros/network/backend/core"
)

// measures reads the parts' own counters when somebody asks. Groups are those
// that are awake, so their number is bounded.
type measures struct {
	n    *Node
	desc map[string]*prometheus.Desc
}

// newMeasures names the numbers. Counters end with _total.
func newMeasures(n *Node) measures {
	m := measures{n: n, desc: map[string]*prometheus.Desc{}}
	for _, d := range []struct{ name, help, label string }{
		{"peers_connected", "Nodes that this one is connected with.", ""},
		{"database_bytes", "Bytes on disk of all groups.", ""},
		{"groups", "Groups with a replica on this node, by whether they are awake.", "state"},
		{"raft_applied_index", "Last log entry that the replica has applied.", "group"},
		{"raft_commit_index", "Last log entry that is known to be committed.", "group"},
		{"raft_leader", "1 where this node leads the group.", "group"},
		{"gossip_total", "Messages and peers, by what happened to them.", "event"},
		{"health", "1 for a part that is well, 0.5 with a loss, 0 when it is down.", "part"},
	} {
		var labels []string
		if d.label != "" {
			labels = []string{d.label}
		}
		m.desc[d.name] = prometheus.NewDesc("debros_"+d.name, d.help, labels, nil)
	}
	return m
}

// Describe tells which numbers there are.
func (m measures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range m.desc {
		to <- d
	}
}

// Collect reads them.
func (m measures) Collect(to chan<- prometheus.Metric) {
	gauge := func(name string, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(m.desc[name], prometheus.GaugeValue, value, labels...)
	}
	gauge("peers_connected", float64(len(m.n.nodes())))
	if s, err := m.n.networks.session(); err == nil && s.databases != nil {
		gauge("database_bytes", float64(s.databases.Size()))
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
			gauge("raft_applied_index", float64(g.Index), g.Name)
			gauge("raft_commit_index", float64(g.CommitIndex), g.Name)
			gauge("raft_leader", leads, g.Name)
		}
		gauge("groups", float64(awake), "awake")
		gauge("groups", float64(asleep), "asleep")
	}
	stats := m.n.pubsub.Stats()
	for event, count := range map[string]int64{
		"published": stats.Published, "delivered": stats.Delivered, "duplicate": stats.Duplicates, "rejected": stats.Rejected,
		"lost_inbound": stats.LostInbound, "lost_outbound": stats.LostOutbound, "slow_reader": stats.SlowReaders,
		"slow_peer": stats.SlowPeers, "refused": stats.Refused, "limited": stats.Limited,
	} {
		to <- prometheus.MustNewConstMetric(m.desc["gossip_total"], prometheus.CounterValue, float64(count), event)
	}
	for _, c := range []core.Check{m.n.connectionCheck(), named("database", m.n.dataCheck()), named("pubsub", m.n.pubsub.Check()), named("discovery", m.n.discovery.Check())} {
		value := map[string]float64{core.StateOK: 1, core.StateDegraded: 0.5}[c.State]
		gauge("health", value, c.Name)
	}
}
