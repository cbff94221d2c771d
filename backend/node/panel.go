package node

// This file is what the node tells its own page besides its state: numbers for a
// history, the gateway's last requests, and the backups.

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// maxBackupFiles bounds a list of backups; the newest are in it.
const maxBackupFiles = 500

// GatewayRequests returns the gateway's last requests with a larger number,
// oldest first. There are none when it is off.
func (n *Node) GatewayRequests(after uint64) []core.GatewayRequest {
	if n.gateway == nil {
		return nil
	}
	return n.gateway.Requests(after)
}

// Measures reads counters and levels. It costs little and never waits.
func (n *Node) Measures() core.Measures {
	stats := n.pubsub.Stats()
	m := core.Measures{
		Peers:    len(n.nodes()),
		Messages: count(stats.Published + stats.Delivered),
		Lost:     count(stats.LostInbound + stats.LostOutbound),
	}
	if n.gateway != nil {
		m.Requests, m.RequestTime = n.gateway.Totals()
		m.InFlight, m.Sockets = n.gateway.Busy()
	}
	s, err := n.networks.session()
	if err != nil || s.databases == nil { // it changes networks just now, or keeps no data
		return m
	}
	for _, g := range s.databases.Groups() {
		if g.Awake {
			m.Entries += g.Index
			m.Behind += g.CommitIndex - min(g.Index, g.CommitIndex)
		}
	}
	return m
}

// count is a counter, which never falls below zero.
func count(n int64) uint64 { return uint64(max(n, 0)) }

// BackupNow does a round of backups as the schedule would, and returns how many
// files it wrote. It returns Conflict while another round is under way.
func (n *Node) BackupNow(ctx context.Context, tell func(core.Progress)) (files int, err error) {
	s, err := n.networks.member()
	if err != nil {
		return 0, err
	}
	return s.backups.round(ctx, tell)
}

// BackupFiles lists what the rounds have left, newest first.
func (n *Node) BackupFiles(context.Context) ([]core.BackupFile, error) {
	s, err := n.networks.member()
	if err != nil {
		return nil, err
	}
	return s.backups.files()
}

func (b *backups) files() ([]core.BackupFile, error) {
	entries, err := os.ReadDir(b.plan.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, core.Wrap(core.Unavailable, err, "The folder of the backups cannot be read; check its rights.")
	}
	files := []core.BackupFile{}
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), database.BackupSuffix) {
			continue
		}
		info, err := e.Info()
		if err != nil { // a round removes old ones
			continue
		}
		files = append(files, core.BackupFile{Name: e.Name(), Size: info.Size(), Time: info.ModTime().UTC()})
	}
	slices.SortFunc(files, func(x, y core.BackupFile) int { return cmp.Or(y.Time.Compare(x.Time), cmp.Compare(x.Name, y.Name)) })
	return files[:min(len(files), maxBackupFiles)], nil
}
