package cli

// This file has the commands that move data between a namespace and a file.

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) nsBackup() *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use: "backup NAMESPACE FILE | backup --all FOLDER", Short: "Back up a namespace while it is in use",
		Long: "Writes everything that the namespace holds into one file, with a checksum.\n" +
			"It holds each write that was acknowledged before the command began. The file is\nwritten by the node, on the node's computer; \"-\" writes to standard output instead.",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			job := core.TransferJob{Verb: core.TransferOut, Transfer: core.Transfer{Kind: core.TransferBackup}, All: all}
			switch {
			case all && len(args) == 1:
				job.Path = args[0]
			case !all && len(args) == 2:
				job.Namespace, job.Path = core.Namespace(args[0]), args[1]
			default:
				return core.Errorf(core.Invalid, "give a namespace and a file, or --all and a folder")
			}
			return a.transfer(cmd.Context(), job)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "back up each namespace with a replica on the node, into a folder")
	return cmd
}

func (a *app) nsRestore() *cobra.Command {
	replace := false
	cmd := &cobra.Command{
		Use: "restore NAMESPACE FILE", Short: "Put a backup in the place of what a namespace holds",
		Long: "Checks the whole file first; a bad one changes nothing. Then all replicas change to it at once.\n" +
			"Where there is data, --replace is needed, and the data is lost.",
		Args: wants("NAMESPACE", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.transfer(cmd.Context(), core.TransferJob{
				Verb: core.TransferIn, Namespace: core.Namespace(args[0]), Transfer: core.Transfer{Kind: core.TransferBackup}, Path: args[1], Replace: replace,
			})
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "replace what the namespace holds")
	return cmd
}

func (a *app) nsPlan() *cobra.Command {
	return &cobra.Command{
		Use: "plan", Short: "Show the node's scheduled backups", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				p, err := r.BackupPlan(ctx)
				if err != nil {
					return err
				}
				return a.show(document{object: record{
					{"interval", p.Interval.String()}, {"dir", p.Dir}, {"keep", p.Keep}, {"last_at", p.LastAt}, {"last_error", p.LastError}, {"next_at", p.NextAt}, {"files", p.Files},
				}})
			})
		},
	}
}

func (a *app) sqlExport() *cobra.Command {
	format := ""
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write the namespace's tables to a file, as SQL text or an SQLite database",
		Long: "The file is written by the node, on the node's computer; \"-\" writes to standard output instead.",
		Args: wants("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := tableKind(format, args[0])
			if err != nil {
				return err
			}
			return a.transferHere(cmd.Context(), core.TransferJob{Verb: core.TransferOut, Transfer: core.Transfer{Kind: kind}, Path: args[0]})
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "sql or sqlite; without it, by the file's name")
	return cmd
}

func (a *app) sqlImport() *cobra.Command {
	format, existing := "", ""
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Read tables from SQL text or an SQLite database",
		Long: "Rows are written in batches. At the first error it stops and says what was stored.", Args: wants("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := tableKind(format, args[0])
			if err != nil {
				return err
			}
			return a.transferHere(cmd.Context(), core.TransferJob{Verb: core.TransferIn, Transfer: core.Transfer{Kind: kind, Existing: existing}, Path: args[0]})
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "sql or sqlite; without it, by the file's name")
	cmd.Flags().StringVar(&existing, "existing", core.ExistingFail, "tables that are there: fail, replace or append")
	return cmd
}

// tableKind says what kind of file it is.
func tableKind(format, path string) (string, error) {
	switch format {
	case core.TransferSQL, core.TransferSQLite:
		return format, nil
	case "":
	default:
		return "", core.Errorf(core.Invalid, "the format is %s or %s, not %q", core.TransferSQL, core.TransferSQLite, format)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".db", ".sqlite", ".sqlite3":
		return core.TransferSQLite, nil
	}
	return core.TransferSQL, nil
}

func (a *app) kvExport() *cobra.Command {
	prefix := ""
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write keys to a file, one JSON object per line", Args: wants("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.transferHere(cmd.Context(), core.TransferJob{Verb: core.TransferOut, Transfer: core.Transfer{Kind: core.TransferKV, Prefix: prefix}, Path: args[0]})
		},
	}
	cmd.Flags().StringVar(&prefix, "prefix", "", "only keys that begin so")
	return cmd
}

func (a *app) kvImport() *cobra.Command {
	existing := ""
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Read keys from a file of \"kv export\"", Args: wants("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.transferHere(cmd.Context(), core.TransferJob{Verb: core.TransferIn, Transfer: core.Transfer{Kind: core.TransferKV, Existing: existing}, Path: args[0]})
		},
	}
	cmd.Flags().StringVar(&existing, "existing", core.ExistingFail, "keys that are there: fail, skip or replace")
	return cmd
}

// transferHere runs a job for the namespace of the command line.
func (a *app) transferHere(ctx context.Context, job core.TransferJob) error {
	ns, err := a.namespace()
	if err != nil {
		return err
	}
	job.Namespace = ns
	return a.transfer(ctx, job)
}

// transfer runs a job on the node. "-" goes through a file that only this user
// can read, and that is gone afterwards.
func (a *app) transfer(ctx context.Context, job core.TransferJob) (err error) {
	stream := job.Path == "-"
	if stream {
		dir, errTemp := os.MkdirTemp("", "debros-")
		if errTemp != nil {
			return core.Wrap(core.Unavailable, errTemp, "a temporary file cannot be made")
		}
		defer func() {
			if errRemove := os.RemoveAll(dir); err == nil {
				err = errRemove
			}
		}()
		job.Path = filepath.Join(dir, "data")
		if job.Verb == core.TransferIn {
			if err = spool(job.Path, a.env.Stdin); err != nil {
				return err
			}
		}
	}
	if job.Path, err = filepath.Abs(job.Path); err != nil {
		return core.Wrap(core.Invalid, err, "the path of the file cannot be read")
	}
	return a.stream(ctx, func(ctx context.Context, r remote, _ core.Namespace) error {
		job.ID = rand.Text()
		stop := a.tellTransfer(ctx, r, job.ID)
		result, err := r.Transfer(ctx, job)
		stop()
		if err != nil {
			return err
		}
		if stream && job.Verb == core.TransferOut {
			return unspool(a.env.Stdout, job.Path)
		}
		return a.show(document{object: transferRecord(result)})
	})
}

// transferStep is the time between two looks at how far a transfer is.
const transferStep = 300 * time.Millisecond

// tellTransfer keeps a line on the terminal that says how far the transfer is,
// until stop is called, which takes the line away.
func (a *app) tellTransfer(ctx context.Context, r remote, id string) (stop func()) {
	if a.opts.quiet || !a.env.Terminal.Stderr {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() {
		tick := time.NewTicker(transferStep)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			tasks, err := r.Transfers(ctx)
			if err != nil {
				continue // the transfer itself will say what is wrong
			}
			for _, task := range tasks {
				if task.ID == id {
					fmt.Fprintf(a.env.Stderr, "\r\x1b[K%s", progressInWords(task.Progress))
				}
			}
		}
	})
	return func() {
		cancel()
		work.Wait()
		fmt.Fprint(a.env.Stderr, "\r\x1b[K")
	}
}

// progressInWords is one short line: what is done, how much of how much.
func progressInWords(p core.Progress) string {
	amount := func(n int64) string {
		if p.Unit == "bytes" {
			return bytesInWords(n)
		}
		return fmt.Sprint(n)
	}
	switch {
	case p.Phase == "":
		return "begins"
	case p.Total > 0:
		line := fmt.Sprintf("%s: %s of %s", p.Phase, amount(p.Done), amount(p.Total))
		if p.Unit != "bytes" {
			line += " " + p.Unit
		}
		return fmt.Sprintf("%s, %d %%", line, min(100, p.Done*100/p.Total))
	case p.Unit == "bytes":
		return p.Phase + ": " + amount(p.Done)
	}
	return fmt.Sprintf("%s: %d %s", p.Phase, p.Done, p.Unit)
}

func spool(path string, from io.Reader) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // in a folder of our own
	if err != nil {
		return core.Wrap(core.Unavailable, err, "a temporary file cannot be made")
	}
	_, err = io.Copy(f, from)
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "standard input cannot be read whole")
	}
	return nil
}

func unspool(to io.Writer, path string) error {
	f, err := os.Open(path) //nolint:gosec // in a folder of our own
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the node's file cannot be read; is the node on another computer?")
	}
	_, err = io.Copy(to, f)
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

func transferRecord(r core.TransferResult) record {
	out := record{}
	if r.Backup != nil {
		out = append(out, field{"namespace", string(r.Backup.Namespace)}, field{"index", r.Backup.Index}, field{"size", r.Backup.Size}, field{"created_at", r.Backup.CreatedAt}, field{"sha256", r.Backup.SHA256})
	}
	if r.Replaced != nil {
		out = append(out, field{"replaced_tables", r.Replaced.Tables}, field{"replaced_rows", r.Replaced.Rows}, field{"replaced_keys", r.Replaced.Keys})
	}
	return append(out, field{"tables", r.Tables}, field{"rows", r.Rows}, field{"statements", r.Statements}, field{"keys", r.Keys}, field{"skipped", r.Skipped}, field{"notes", r.Notes})
}
