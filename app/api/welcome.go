// This file is what the first steps of the app need besides wallet and network.

package api

import (
	"context"
	"io"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// maxLookedAt bounds the namespaces that are looked into for data of an older
// install. One that has any has it in its first few.
const maxLookedAt = 16

// Welcome is bound as "Welcome".
type Welcome struct{ d *desk }

// Needed says whether the first steps are still to be shown. They are not for
// an installation that was used before they existed: one with data, or in a
// network with others. That is then written down. In a folder that is new the
// answer comes before the node is ready; else it is unavailable until then.
func (w *Welcome) Needed() (bool, error) {
	return guard(w.d, "Welcome.Needed", MaxCallTime, func(ctx context.Context) (bool, error) {
		s, err := w.d.file.load()
		if err != nil || s.Welcomed {
			return false, err
		}
		if w.d.program.Fresh {
			return true, nil
		}
		if !w.d.isReady() {
			return false, core.Errorf(core.Unavailable, "The node is still starting; try again in a moment.")
		}
		b, err := w.d.node()
		if err != nil {
			return false, err
		}
		used, err := inUse(ctx, b)
		if err != nil || !used {
			return !used, err
		}
		s.Welcomed = true
		return false, w.d.file.save(s)
	})
}

func (d *desk) isReady() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state == StateReady
}

// inUse tells whether somebody has worked with this node before.
func inUse(ctx context.Context, b Backend) (bool, error) {
	networks, err := b.Network.Networks(ctx)
	if err != nil || len(networks) > 1 {
		return err == nil, err
	}
	network, err := b.Network.Network(ctx)
	if err != nil || network.Members > 1 || (network.Role != "" && network.Role != core.RoleMember) {
		return err == nil, err
	}
	status, err := b.Machine.Status(ctx)
	if err != nil {
		return false, err
	}
	looked := 0
	for _, g := range status.Groups {
		name, _ := strings.CutPrefix(g.Name, core.Namespace("").Group())
		ns, err := core.ParseNamespace(name)
		if err != nil || looked == maxLookedAt { // the network's own group has no name that passes
			continue
		}
		looked++
		if has, err := hasData(ctx, b, ns); err != nil || has {
			return has, err
		}
	}
	return false, nil
}

func hasData(ctx context.Context, b Backend, ns core.Namespace) (bool, error) {
	page, err := b.Storage.List(ctx, ns, core.ListOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}, Limit: 1})
	if err != nil || len(page.Items) > 0 {
		return err == nil, err
	}
	schema, err := b.Database.Schema(ctx, ns)
	return err == nil && len(schema.Tables) > 0, err
}

// Restore starts a task that reads a backup into a namespace that has no data,
// from a chosen or sent file.
func (w *Welcome) Restore(namespace, file string) (string, error) {
	return guard(w.d, "Welcome.Restore", MaxCallTime, func(ctx context.Context) (string, error) {
		ns, err := core.ParseNamespace(namespace)
		if err != nil {
			return "", err
		}
		b, err := w.d.node()
		if err != nil {
			return "", err
		}
		source, name, size, err := w.d.files.read(file)
		if err != nil {
			return "", err
		}
		id, err := w.d.tasks.start(ctx, work{
			kind: "restore", title: "Restore " + string(ns) + " from " + name, unit: "bytes",
			run: func(ctx context.Context, p *progress) (string, error) {
				defer source.Close() //nolint:errcheck // it was only read
				p.total(size)
				return restore(ctx, b.Transfer, ns, backupReader{source, p})
			},
		})
		if err != nil {
			source.Close() //nolint:errcheck,gosec // it was only read
		}
		return id, err
	})
}

func restore(ctx context.Context, t Transfer, ns core.Namespace, r io.Reader) (string, error) {
	done, err := t.Import(ctx, ns, core.Transfer{Kind: core.TransferBackup}, false, r)
	if err != nil {
		return "", err
	}
	made := ""
	if done.Backup != nil {
		made = " of " + done.Backup.CreatedAt.UTC().Format("2006-01-02 15:04 UTC")
	}
	return "The backup" + made + " is in the namespace " + string(ns) + ".", nil
}

// backupReader tells how much of a backup was read.
type backupReader struct {
	io.Reader
	p *progress
}

func (r backupReader) Read(part []byte) (int, error) {
	n, err := r.Reader.Read(part)
	r.p.add(int64(n))
	return n, err
}
