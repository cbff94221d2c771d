// This file is the Peers screen too: the ways between nodes, what the doctor
// says of them, and what the node carries.

package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"rsc.io/qr"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxTimelineHours bounds the timeline; the node keeps no more.
	MaxTimelineHours = 24
	// MaxDoctorTime bounds the doctor, who writes to the disk and asks others.
	MaxDoctorTime = 30 * time.Second
)

// PathNode is a node of the path matrix; see core.PathNode.
type PathNode struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Self   bool   `json:"self"`
	Known  bool   `json:"known"`  // false: nothing was heard of it, draw it as unknown
	Shared bool   `json:"shared"` // false with Known: "not shared"
	AgeMS  int64  `json:"age_ms"` // -1 when nothing was heard
}

// PathCell is how From reaches To, as From measured it; Path as in [Peer].
type PathCell struct {
	From  string  `json:"from"`
	To    string  `json:"to"`
	MS    float64 `json:"ms"` // 0 when it was not measured
	Path  string  `json:"path"`
	AgeMS int64   `json:"age_ms"`
}

// PathMatrix is who measured whom. Sharing says whether this node tells the others.
type PathMatrix struct {
	Sharing bool       `json:"sharing"`
	Nodes   []PathNode `json:"nodes"`
	Cells   []PathCell `json:"cells"`
}

// PathChange is a change of the way to a peer; From and To as Path in [Peer].
type PathChange struct {
	At   string `json:"at"`
	Peer string `json:"peer"`
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Finding is one line of the doctor; Result is "ok", "warn", "bad" or "off".
type Finding struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Result   string `json:"result"`
	Evidence string `json:"evidence"`
	Remedy   string `json:"remedy"`
}

// PathReason says why the way to a peer is what it is.
type PathReason struct {
	Rule     string   `json:"rule"`
	Sentence string   `json:"sentence"`
	Evidence []string `json:"evidence"`
}

// Whereabouts is this node as others see it. QR holds the rows of a QR code of
// Best, '1' for a dark module; Best is the address to give away.
type Whereabouts struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	Addresses     []string `json:"addresses"`
	Best          string   `json:"best"`
	PublicAddress string   `json:"public_address"`
	Place         Place    `json:"place"`
	QR            []string `json:"qr"`
}

// Flow is what one protocol moved since the node started; rates are bytes a second.
type Flow struct {
	Protocol string  `json:"protocol"`
	BytesIn  string  `json:"bytes_in"`
	BytesOut string  `json:"bytes_out"`
	RateIn   float64 `json:"rate_in"`
	RateOut  float64 `json:"rate_out"`
}

// Traffic is all that moved, and by protocol, the busiest first.
type Traffic struct {
	Total     Flow   `json:"total"`
	Protocols []Flow `json:"protocols"`
}

// Bootstrap is how it stands with one configured peer; see core.Bootstrap.
type Bootstrap struct {
	ID        string   `json:"id"`
	Addresses []string `json:"addresses"`
	Connected bool     `json:"connected"`
	Failures  int      `json:"failures"`
	NextTry   string   `json:"next_try"`
	Reason    string   `json:"reason"`
}

// GossipTopic is one topic that the node carries; see core.GossipTopic.
type GossipTopic struct {
	Topic       string `json:"topic"`
	Peers       int    `json:"peers"`
	Mesh        int    `json:"mesh"`
	Subscribers int    `json:"subscribers"`
}

// GossipScore is what a neighbour's behaviour earned it.
type GossipScore struct {
	Peer  string  `json:"peer"`
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// GossipCount is one counter since the node started, such as "rejected".
type GossipCount struct {
	Name  string `json:"name"`
	Count string `json:"count"`
}

// Gossip is how the node finds others and hears from them.
type Gossip struct {
	Bootstrap []Bootstrap   `json:"bootstrap"`
	Topics    []GossipTopic `json:"topics"`
	Scores    []GossipScore `json:"scores"`
	Counters  []GossipCount `json:"counters"`
}

// Look says that somebody looks at peers now. For half a minute the node then
// measures four times as often; a page that stays open says it again.
func (p *Peers) Look() error {
	return p.act("Peers.Look", func(_ context.Context, s PeerService) error {
		s.Look()
		return nil
	})
}

// Matrix is who measured whom, at most 64 nodes.
func (p *Peers) Matrix() (PathMatrix, error) {
	return guard(p.d, "Peers.Matrix", MaxCallTime, func(ctx context.Context) (PathMatrix, error) {
		s, err := p.d.peering()
		if err != nil {
			return PathMatrix{}, err
		}
		m, err := s.PathMatrix(ctx)
		if err != nil {
			return PathMatrix{}, err
		}
		out := PathMatrix{Sharing: m.Sharing, Nodes: []PathNode{}, Cells: []PathCell{}}
		for _, n := range m.Nodes {
			out.Nodes = append(out.Nodes, PathNode(n))
		}
		for _, c := range m.Cells {
			out.Cells = append(out.Cells, PathCell(c))
		}
		return out, nil
	})
}

// Timeline lists the changes of paths in the last hours, oldest first.
func (p *Peers) Timeline(hours int) ([]PathChange, error) {
	return guard(p.d, "Peers.Timeline", MaxCallTime, func(ctx context.Context) ([]PathChange, error) {
		if hours < 1 || hours > MaxTimelineHours {
			return nil, core.Errorf(core.Invalid, "The timeline has 1 to %d hours.", MaxTimelineHours)
		}
		s, err := p.d.peering()
		if err != nil {
			return nil, err
		}
		changes, err := s.PathChanges(ctx, p.d.program.Now().Add(-time.Duration(hours)*time.Hour))
		if err != nil {
			return nil, err
		}
		out := make([]PathChange, 0, len(changes))
		for _, c := range changes {
			out = append(out, PathChange{At: stamp(c.At), Peer: c.Peer, Name: c.Name, From: c.From, To: c.To})
		}
		return out, nil
	})
}

// Doctor examines how the node can be reached and what would change it.
func (p *Peers) Doctor() ([]Finding, error) {
	return guard(p.d, "Peers.Doctor", MaxDoctorTime, func(ctx context.Context) ([]Finding, error) {
		s, err := p.d.peering()
		if err != nil {
			return nil, err
		}
		findings, err := s.Doctor(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Finding, 0, len(findings))
		for _, f := range findings {
			out = append(out, Finding(f))
		}
		return out, nil
	})
}

// Why says why the way to a peer is what it is.
func (p *Peers) Why(id string) (PathReason, error) {
	return guard(p.d, "Peers.Why", MaxCallTime, func(ctx context.Context) (PathReason, error) {
		s, err := p.d.peering()
		if err != nil {
			return PathReason{}, err
		}
		r, err := s.WhyPath(ctx, id)
		return PathReason{Rule: r.Rule, Sentence: r.Sentence, Evidence: list(r.Evidence)}, err
	})
}

// Me is this node as others see it, with the address to give away.
func (p *Peers) Me() (Whereabouts, error) {
	return guard(p.d, "Peers.Me", MaxCallTime, func(ctx context.Context) (Whereabouts, error) {
		s, err := p.d.peering()
		if err != nil {
			return Whereabouts{}, err
		}
		w, err := s.Whereabouts(ctx)
		if err != nil {
			return Whereabouts{}, err
		}
		out := Whereabouts{
			ID: w.ID, Name: w.Name, Addresses: list(w.Addresses), Best: bestAddress(w), PublicAddress: w.Public, Place: place(w.Place),
		}
		out.QR = qrRows(out.Best)
		return out, nil
	})
}

// bestAddress is the one that the most others can dial: a public one, then one
// of the local network, then any.
func bestAddress(w core.Whereabouts) string {
	best := ""
	for _, wanted := range []func(string) bool{
		func(a string) bool { return w.Public != "" && strings.Contains(a, "/"+w.Public+"/") },
		func(a string) bool { return !strings.HasPrefix(a, "/ip4/127.") && !strings.HasPrefix(a, "/ip6/::1/") },
		func(string) bool { return true },
	} {
		if i := slices.IndexFunc(w.Addresses, wanted); i >= 0 && best == "" {
			best = w.Addresses[i]
		}
	}
	return best
}

// qrRows draws a QR code of text, a row at a time, '1' for a dark module. What
// has no picture has no rows: the text beside it is enough.
func qrRows(text string) []string {
	rows := []string{}
	if text == "" {
		return rows
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return rows
	}
	for y := range code.Size {
		row := make([]byte, code.Size)
		for x := range row {
			row[x] = '0'
			if code.Black(x, y) {
				row[x] = '1'
			}
		}
		rows = append(rows, string(row))
	}
	return rows
}

// Traffic is what the node moved since it started, by protocol.
func (p *Peers) Traffic() (Traffic, error) {
	return guard(p.d, "Peers.Traffic", MaxCallTime, func(ctx context.Context) (Traffic, error) {
		s, err := p.d.peering()
		if err != nil {
			return Traffic{}, err
		}
		t, err := s.Traffic(ctx)
		if err != nil {
			return Traffic{}, err
		}
		out := Traffic{Total: flow(t.Total), Protocols: []Flow{}}
		for _, f := range t.Protocols {
			out.Protocols = append(out.Protocols, flow(f))
		}
		return out, nil
	})
}

func flow(f core.Flow) Flow {
	return Flow{Protocol: f.Protocol, BytesIn: number(f.BytesIn), BytesOut: number(f.BytesOut), RateIn: f.RateIn, RateOut: f.RateOut}
}

// Gossip is how the node finds others and hears from them.
func (p *Peers) Gossip() (Gossip, error) {
	return guard(p.d, "Peers.Gossip", MaxCallTime, func(ctx context.Context) (Gossip, error) {
		b, err := p.d.node()
		if err != nil {
			return Gossip{}, err
		}
		g, err := b.Peers.Gossip(ctx)
		if err != nil {
			return Gossip{}, err
		}
		out := Gossip{Bootstrap: []Bootstrap{}, Topics: []GossipTopic{}, Scores: []GossipScore{}, Counters: []GossipCount{}}
		for _, k := range g.Bootstrap {
			out.Bootstrap = append(out.Bootstrap, Bootstrap{
				ID: k.ID, Addresses: list(k.Addresses), Connected: k.Connected, Failures: k.Failures, NextTry: stamp(k.NextTry), Reason: k.Reason,
			})
		}
		for _, t := range g.Topics {
			out.Topics = append(out.Topics, GossipTopic(t))
		}
		for _, s := range g.Scores {
			out.Scores = append(out.Scores, GossipScore{Peer: s.Peer, Name: s.Name, Score: s.Score})
		}
		for _, c := range g.Counters {
			out.Counters = append(out.Counters, GossipCount{Name: c.Name, Count: number(c.Count)})
		}
		return out, nil
	})
}
