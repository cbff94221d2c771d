// This file is the support bundle: shown first, then saved.

package api

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"git.debros.io/DeBros/network/backend/core"
)

// maxSupportPreview bounds what the page shows of one file; the archive has all.
const maxSupportPreview = 64 << 10

// SupportFile is one file of the bundle as it would be saved. A long text is
// shown by its end, where the newest is.
type SupportFile struct {
	Name string `json:"name"`
	Size int    `json:"size"`
	Text string `json:"text"`
}

// Support shows what a support bundle would hold. Nothing is stored.
func (n *Node) Support() ([]SupportFile, error) {
	return guard(n.d, "Node.Support", MaxCallTime, func(ctx context.Context) ([]SupportFile, error) {
		files, err := n.d.support(ctx)
		if err != nil {
			return nil, err
		}
		out := []SupportFile{}
		for _, f := range files {
			out = append(out, SupportFile{Name: f.Name, Size: len(f.Text), Text: f.Text[max(0, len(f.Text)-maxSupportPreview):]})
		}
		return out, nil
	})
}

// SaveSupport writes a bundle into a file of [Files.Save] and returns the task's id.
func (n *Node) SaveSupport(title string, to File) (string, error) {
	return guard(n.d, "Node.SaveSupport", MaxCallTime, func(ctx context.Context) (string, error) {
		return n.d.tasks.start(ctx, work{kind: "support", title: title, unit: "files", file: to, run: func(ctx context.Context, p *progress) (string, error) {
			files, err := n.d.support(ctx)
			if err != nil {
				return "", err
			}
			p.total(int64(len(files)))
			err = n.d.files.write(to.ID, func(w io.Writer) error { return core.WriteSupport(w, files) })
			p.add(int64(len(files)))
			return fmt.Sprintf("%s, without secrets.", core.Count(len(files), "file")), err
		}})
	})
}

// support gathers the bundle. A part that does not answer is left empty: the
// bundle is wanted most when something is wrong.
func (d *desk) support(ctx context.Context) ([]core.SupportFile, error) {
	b, err := d.node()
	if err != nil {
		return nil, err
	}
	data := core.SupportData{
		Version: d.program.Version, Commit: d.program.Commit, System: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(), Now: d.program.Now(),
		Config: b.Machine.ConfigValues(), Numbers: d.history.all(),
	}
	if data.Status, err = b.Machine.Status(ctx); err != nil {
		d.log.Info("the bundle has no status", core.KeyError, err.Error())
	}
	if data.Health, err = b.Machine.Health(ctx); err != nil {
		d.log.Info("the bundle has no health", core.KeyError, err.Error())
	}
	if data.Logs, err = b.Machine.Logs(ctx, 0, core.MaxSupportLines); err != nil {
		d.log.Info("the bundle has no log", core.KeyError, err.Error())
	}
	if data.Limits, err = b.Machine.Limits(ctx); err != nil {
		d.log.Info("the bundle has no limits", core.KeyError, err.Error())
	}
	data.Status.Addresses = list(data.Status.Addresses)
	return core.Support(data)
}
