package node

// This file moves data between the network and files of this computer: on
// request, and backups by themselves now and then.

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/disk"
)

// MaxTransfers bounds the transfers at once: each reads or writes a whole
// namespace, and needs room on the disk for a copy.
const MaxTransfers = 4

// transfers are the ones under way.
type transfers struct {
	mu    sync.Mutex
	tasks []*core.TransferTask // at most MaxTransfers
}

// begin notes a transfer. tell notes how far it is; done ends it.
func (t *transfers) begin(job core.TransferJob) (tell func(core.Progress), done func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.tasks) >= MaxTransfers {
		return nil, nil, core.Errorf(core.Limited, "this node moves data for %d tasks already; repeat when one has ended", MaxTransfers)
	}
	task := &core.TransferTask{TransferJob: job, StartedAt: time.Now().UTC()}
	t.tasks = append(t.tasks, task)
	tell = func(p core.Progress) {
		t.mu.Lock()
		defer t.mu.Unlock()
		task.Progress = p
	}
	done = func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.tasks = slices.DeleteFunc(t.tasks, func(one *core.TransferTask) bool { return one == task })
	}
	return tell, done, nil
}

// Transfers lists the transfers under way and how far each is.
func (n *Node) Transfers(context.Context) ([]core.TransferTask, error) {
	n.transfers.mu.Lock()
	defer n.transfers.mu.Unlock()
	list := make([]core.TransferTask, len(n.transfers.tasks))
	for i, task := range n.transfers.tasks {
		list[i] = *task
	}
	return list, nil
}

// Transfer moves data between a namespace and a file of this computer. A file
// that is written is there whole or not at all, and never in place of another.
// Transfers tells meanwhile how far it is.
func (n *Node) Transfer(ctx context.Context, job core.TransferJob) (core.TransferResult, error) {
	s, err := n.networks.member()
	if err != nil {
		return core.TransferResult{}, err
	}
	if !filepath.IsAbs(job.Path) || strings.ContainsRune(job.Path, 0) {
		return core.TransferResult{}, core.Errorf(core.Invalid, "the file needs its whole path on the node's computer")
	}
	tell, done, err := n.transfers.begin(job)
	if err != nil {
		return core.TransferResult{}, err
	}
	defer done()
	if job.All {
		return s.backUpAll(ctx, job, tell)
	}
	if _, err := core.ParseNamespace(string(job.Namespace)); err != nil {
		return core.TransferResult{}, err
	}
	switch job.Verb {
	case core.TransferOut:
		return s.out(ctx, job, tell)
	case core.TransferIn:
		return s.in(ctx, job, tell)
	}
	return core.TransferResult{}, core.Errorf(core.Invalid, "a transfer goes %s or %s", core.TransferOut, core.TransferIn)
}

func (s *session) backUpAll(ctx context.Context, job core.TransferJob, tell func(core.Progress)) (core.TransferResult, error) {
	var result core.TransferResult
	if job.Verb != core.TransferOut || job.Kind != core.TransferBackup {
		return result, core.Errorf(core.Invalid, "only a backup is of all namespaces; restore them one by one")
	}
	made, err := s.databases.BackupAll(ctx, job.Path, func(_ core.Namespace, p core.Progress) { tell(p) })
	for _, info := range made {
		result.Notes = append(result.Notes, database.BackupName(info.Namespace, info.CreatedAt))
	}
	return result, err
}

// out writes a new file.
func (s *session) out(ctx context.Context, job core.TransferJob, tell func(core.Progress)) (result core.TransferResult, err error) {
	if _, errStat := os.Lstat(job.Path); errStat == nil {
		return result, core.Errorf(core.Conflict, "the file %s is there already; choose another name", job.Path)
	}
	err = disk.WriteFrom(job.Path, func(w io.Writer) (err error) {
		switch job.Kind {
		case core.TransferBackup:
			var info core.BackupInfo
			info, err = s.databases.Backup(ctx, job.Namespace, w, tell)
			result.Backup = &info
		case core.TransferKV:
			result, err = s.storage.Export(ctx, job.Namespace, job.Prefix, w, tell)
		default:
			result, err = s.databases.Export(ctx, job.Namespace, job.Kind, w, tell)
		}
		return err
	})
	if err != nil && core.CodeOf(err) == core.Internal {
		err = core.Wrap(core.Unavailable, err, "the file %s cannot be written; check its folder's rights and the space on the disk", job.Path)
	}
	return result, err
}

// in reads a file.
func (s *session) in(ctx context.Context, job core.TransferJob, tell func(core.Progress)) (result core.TransferResult, err error) {
	f, err := os.Open(job.Path)
	if err != nil {
		return result, core.Wrap(core.NotFound, err, "the file %s cannot be read on the node's computer", job.Path)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	switch job.Kind {
	case core.TransferBackup:
		return s.databases.Restore(ctx, job.Namespace, f, core.RestoreOptions{Replace: job.Replace}, tell)
	case core.TransferKV:
		return s.storage.Import(ctx, job.Namespace, job.Existing, f, tell)
	}
	return s.databases.Import(ctx, job.Namespace, job.Transfer, f, tell)
}

// backups backs up the groups that this node leads, so that each namespace of
// the network is backed up by one node.
type backups struct {
	n    *Node
	s    *session
	turn chan struct{} // holds the token of the one round at a time

	mu   sync.Mutex
	plan core.BackupPlan
}

func newBackups(n *Node, s *session) *backups {
	c := n.loaded.Config
	return &backups{n: n, s: s, turn: make(chan struct{}, 1), plan: core.BackupPlan{Interval: c.Database.BackupInterval, Dir: filepath.Join(c.BackupDir(), s.record.ID), Keep: c.Database.BackupKeep}}
}

// Run backs up every interval until ctx ends.
func (b *backups) Run(ctx context.Context, ready func()) error {
	ready()
	if b.plan.Interval <= 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(b.plan.Interval)
	defer tick.Stop()
	b.mu.Lock()
	b.plan.NextAt = time.Now().Add(b.plan.Interval).UTC()
	b.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_, _ = b.round(ctx, func(core.Progress) {}) //nolint:errcheck // the plan and the log tell
		}
	}
}

// round backs up what has changed since the last backup, and drops old files. It
// returns how many it wrote, and the first error of a namespace.
func (b *backups) round(ctx context.Context, tell func(core.Progress)) (files int, err error) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	default:
		return 0, core.Errorf(core.Conflict, "A round of backups is under way already; wait for its end.")
	}
	log := b.n.logs.Logger("backup")
	var errs []error
	namespaces := b.s.databases.Namespaces()
	for i, ns := range namespaces {
		if ctx.Err() != nil {
			return files, ctx.Err()
		}
		tell(core.Progress{Phase: core.PhaseCopy, Done: int64(i), Total: int64(len(namespaces)), Unit: "namespaces"})
		made, err := b.one(ctx, ns)
		if err != nil {
			log.Warn("a namespace was not backed up", core.KeyNamespace, string(ns), core.KeyError, err)
			errs = append(errs, err)
		}
		if made {
			files++
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plan.LastAt, b.plan.Files = time.Now().UTC(), files
	if b.plan.Interval > 0 {
		b.plan.NextAt = b.plan.LastAt.Add(b.plan.Interval)
	}
	b.plan.LastError = ""
	if len(errs) > 0 {
		b.plan.LastError = core.Sentence(errs[0])
		return files, errs[0]
	}
	return files, nil
}

// one backs up a namespace that this node leads, or that sleeps and would be led
// by nobody, and has changed since.
func (b *backups) one(ctx context.Context, ns core.Namespace) (made bool, err error) {
	standing, err := b.s.databases.Replicas().Standing(ctx, ns)
	if err != nil || (standing.State != "leader" && standing.State != "asleep") {
		return false, err
	}
	old, err := b.old(ns)
	if err != nil {
		return false, err
	}
	if len(old) > 0 {
		info, err := backupInfo(old[len(old)-1])
		if err == nil && info.Index >= standing.Index { // nothing was written since
			return false, nil
		}
	}
	if standing.State == "asleep" { // nobody leads it: the first of its members does it
		p, err := b.s.membership.Find(ctx, ns)
		if err != nil || p.Replicas[0].Node != b.n.host.ID().String() {
			return false, err
		}
	}
	if _, _, err := b.s.databases.BackupFile(ctx, ns, b.plan.Dir, nil); err != nil {
		return false, err
	}
	for len(old) >= max(b.plan.Keep, 1) {
		if err := os.Remove(old[0]); err != nil {
			return true, core.Wrap(core.Unavailable, err, "an old backup cannot be removed")
		}
		old = old[1:]
	}
	return true, nil
}

// old lists the backups of ns, oldest first: their names sort by time.
func (b *backups) old(ns core.Namespace) ([]string, error) {
	list, err := filepath.Glob(filepath.Join(b.plan.Dir, string(ns)+"-[0-9]*T[0-9]*Z"+database.BackupSuffix))
	slices.Sort(list)
	return list, err
}

func backupInfo(path string) (info core.BackupInfo, err error) {
	f, err := os.Open(path) //nolint:gosec // a backup that this node has written
	if err != nil {
		return info, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return database.ReadBackupInfo(f)
}

// BackupPlan is the state of the scheduled backups.
func (n *Node) BackupPlan(context.Context) (core.BackupPlan, error) {
	s, err := n.networks.member()
	if err != nil {
		return core.BackupPlan{}, err
	}
	s.backups.mu.Lock()
	defer s.backups.mu.Unlock()
	return s.backups.plan, nil
}

// backupCheck tells when the last round failed.
func (n *Node) backupCheck(ctx context.Context) core.Check {
	plan, err := n.BackupPlan(ctx)
	switch {
	case err != nil || plan.Interval <= 0:
		return core.Check{Name: "backup", State: core.StateOff, Detail: "no schedule"}
	case plan.LastError != "":
		return core.Check{Name: "backup", State: core.StateDegraded, Detail: plan.LastError}
	}
	return core.Check{Name: "backup", State: core.StateOK, Detail: "next at " + plan.NextAt.Local().Format("2 January 15:04")}
}
