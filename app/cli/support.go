package cli

// This file has the support bundle.

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

func (a *app) supportCommand() *cobra.Command {
	show := false
	c := &cobra.Command{
		Use: "support-bundle FILE", Short: "Write what a helper needs to know of the node, without secrets",
		Long: "Writes a zip archive with version, configuration, state, limits and the end of the log.\n" +
			"Keys, tokens, passwords, tickets and the addresses of wallets are blanked. --show prints\n" +
			"all of it instead, to look at before you send it.",
		Args: cobra.MaximumNArgs(1), Example: "  debros support-bundle --show | less\n  debros support-bundle bundle.zip",
		RunE: func(cmd *cobra.Command, args []string) error {
			if show == (len(args) == 1) {
				return core.Errorf(core.Invalid, "give a file, or --show")
			}
			files, err := a.support(cmd.Context())
			if err != nil {
				return err
			}
			if show {
				for _, f := range files {
					if err = a.write([]byte("== " + f.Name + "\n" + printable(f.Text) + "\n")); err != nil {
						return err
					}
				}
				return nil
			}
			err = disk.WriteFrom(args[0], func(w io.Writer) error { return core.WriteSupport(w, files) })
			if err != nil {
				return core.Wrap(core.Unavailable, err, "the file %s cannot be written; name another", args[0])
			}
			return a.show(document{object: record{{"file", args[0]}, {"files", len(files)}}})
		},
	}
	c.Flags().BoolVar(&show, "show", false, "print it instead of writing it")
	return c
}

// support gathers the bundle. A node that does not run has a configuration and
// limits still.
func (a *app) support(ctx context.Context) ([]core.SupportFile, error) {
	loaded, err := config.Load(a.sources(nil))
	if err != nil && !faulty(err) {
		return nil, err
	}
	build := a.env.Program.Build
	data := core.SupportData{
		Version: build.Version, Commit: build.Commit, System: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(), Now: time.Now(),
		Config: loaded.Values(), Limits: a.env.Program.Limits(),
	}
	err = a.call(ctx, func(ctx context.Context, r remote, _ core.Namespace) error {
		var errs [3]error
		data.Status, errs[0] = r.Status(ctx)
		data.Health, errs[1] = r.Health(ctx)
		data.Logs, errs[2] = r.Logs(ctx, 0, core.MaxSupportLines)
		return errors.Join(errs[:]...)
	})
	if err != nil {
		a.note("the node did not tell everything: %s", core.Sentence(err))
	}
	return core.Support(data)
}
