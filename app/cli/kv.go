package cli

// This file has the commands of key-value storage.

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) kvCommand() *cobra.Command {
	return a.group("kv", "Read and write keys",
		a.kvGet(), a.kvPut(), a.kvDel(), a.kvLs(), a.kvExists(), a.kvBatch(), a.kvWatch(), a.kvHistory(), a.kvRevert(), a.kvExport(), a.kvImport())
}

func (a *app) kvGet() *cobra.Command {
	return &cobra.Command{
		Use: "get KEY", Short: "Print the value of a key, byte for byte", Args: wants("KEY"), ValidArgsFunction: a.completeKeys,
		Example: "  debros kv get color\n  debros kv get photo > photo.jpg\n  debros kv get color -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				item, from, err := r.Get(ctx, ns, args[0], a.readOptions())
				if err != nil {
					return err
				}
				object := append(itemRecord(item), valueFields(item.Value)...)
				d := document{object: append(object, field{"provenance", from}), raw: item.Value, hasRaw: true, rawIs: true, footer: provenance(from)}
				if a.env.Terminal.Stdout && a.opts.output == "" {
					return a.showValue(item.Value, d.footer)
				}
				return a.show(d)
			})
		},
	}
}

// showValue prints a value for a person: text as it reads, bytes as a notice.
func (a *app) showValue(value []byte, footer string) error {
	if !utf8.Valid(value) {
		a.note("The value is %d bytes that are no text; see them with -o raw, or in base64 with -o json.", len(value))
		return nil
	}
	if err := a.write([]byte(printable(string(value)) + "\n")); err != nil {
		return err
	}
	if a.env.Terminal.Stderr && !a.opts.quiet {
		fmt.Fprintln(a.env.Stderr, a.paint(colorFaint, printable(footer)))
	}
	return nil
}

func itemRecord(i core.Item) record {
	return record{{"key", i.Key}, {"size", i.Size}, {"version", uint64(i.Version)}, {"updated_at", i.UpdatedAt}, {"expires_at", i.ExpiresAt}}
}

// valueFields holds a value as text where it is text, and always exactly.
func valueFields(value []byte) record {
	var asText any
	if utf8.Valid(value) {
		asText = string(value)
	}
	return record{{"value", asText}, {"value_base64", base64.StdEncoding.EncodeToString(value)}}
}

func (a *app) kvPut() *cobra.Command {
	var o core.PutOptions
	var version uint64
	c := &cobra.Command{
		Use: "put KEY [VALUE]", Short: "Store a value, byte for byte", Args: wants("KEY", "[VALUE]"), ValidArgsFunction: a.completeKeys,
		Long:    "Stores VALUE under KEY. Without VALUE, or with '-', the value is read from standard\ninput; '@file' reads a file, and '@@' begins a value that begins with '@'.",
		Example: "  debros kv put color red\n  debros kv put photo @photo.jpg\n  date | debros kv put now --ttl 1h",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.IfAbsent && version != 0 {
				return core.Errorf(core.Invalid, "--if-version and --if-absent exclude each other")
			}
			value, err := a.value(args, 1)
			if err != nil {
				return err
			}
			o.IfVersion, o.IdempotencyKey = core.Version(version), a.opts.idempotencyKey
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				answer, err := r.Put(ctx, ns, args[0], value, o)
				if err != nil {
					return err
				}
				return a.show(document{object: record{
					{"key", args[0]}, {"size", len(value)}, {"version", firstVersion(answer)}, {"provenance", answer.Provenance},
				}.forTable(a), footer: provenance(answer.Provenance)})
			})
		},
	}
	c.Flags().Var((*duration)(&o.TTL), "ttl", "let the key expire after this")
	c.Flags().Uint64Var(&version, "if-version", 0, "only when the key has this version")
	c.Flags().BoolVar(&o.IfAbsent, "if-absent", false, "only when there is no such key")
	a.idempotencyFlag(c)
	return c
}

// forTable leaves the provenance out where it is told below the table.
func (r record) forTable(a *app) record {
	if a.opts.output == formatTable || (a.opts.output == "" && a.env.Terminal.Stdout) {
		return r[:len(r)-1]
	}
	return r
}

func firstVersion(answer core.WriteAnswer) uint64 {
	if len(answer.Versions) == 0 {
		return 0
	}
	return uint64(answer.Versions[0])
}

func (a *app) kvDel() *cobra.Command {
	var prefix string
	c := &cobra.Command{
		Use: "del KEY...", Aliases: []string{"rm", "delete"}, Short: "Delete keys", ValidArgsFunction: a.completeKeys,
		Example: "  debros kv del color\n  debros kv del --prefix cache/ --yes",
		Args: func(cmd *cobra.Command, args []string) error {
			if prefix != "" {
				return wants()(cmd, args)
			}
			return wants("KEY...")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				if prefix != "" {
					return a.deletePrefix(ctx, r, ns, prefix)
				}
				return a.deleteKeys(ctx, r, ns, args)
			})
		},
	}
	c.Flags().StringVar(&prefix, "prefix", "", "delete every key that begins with this; asks first")
	return c
}

func (a *app) deleteKeys(ctx context.Context, r remote, ns core.Namespace, keys []string) error {
	var rows []record
	for start := 0; start < len(keys); start += core.MaxBatchOps {
		part := keys[start:min(start+core.MaxBatchOps, len(keys))]
		ops := make([]core.Op, len(part))
		for i, k := range part {
			ops[i] = core.Op{Delete: true, Key: k}
		}
		answer, err := r.Batch(ctx, ns, ops)
		if err != nil {
			if start > 0 {
				a.note("%d of %d keys were deleted before.", start, len(keys))
				return &exitError{status: exitPartly, err: err}
			}
			return err
		}
		for i, k := range part {
			rows = append(rows, record{{"key", k}, {"deleted", i < len(answer.Deleted) && answer.Deleted[i]}})
		}
	}
	return a.show(document{name: "keys", columns: []string{"key", "deleted"}, rows: rows})
}

// deletePrefix deletes page by page; what comes in meanwhile goes, too.
func (a *app) deletePrefix(ctx context.Context, r remote, ns core.Namespace, prefix string) error {
	if err := a.confirm(fmt.Sprintf("This deletes every key of the namespace %s that begins with %q", ns, prefix), prefix); err != nil {
		return err
	}
	deleted := 0
	for {
		page, err := r.List(ctx, ns, core.ListOptions{Prefix: prefix, Limit: core.MaxBatchOps})
		if err == nil && len(page.Items) > 0 {
			ops := make([]core.Op, len(page.Items))
			for i, item := range page.Items {
				ops[i] = core.Op{Delete: true, Key: item.Key}
			}
			_, err = r.Batch(ctx, ns, ops)
		}
		switch {
		case err != nil && deleted > 0:
			a.note("%d keys were deleted before.", deleted)
			return &exitError{status: exitPartly, err: err}
		case err != nil:
			return err
		case len(page.Items) == 0:
			return a.show(document{object: record{{"prefix", prefix}, {"deleted", deleted}}})
		}
		deleted += len(page.Items)
	}
}

func (a *app) kvLs() *cobra.Command {
	o := core.ListOptions{}
	var all bool
	c := &cobra.Command{
		Use: "ls [PREFIX]", Aliases: []string{"list"}, Short: "List keys in order", Args: wants("[PREFIX]"), ValidArgsFunction: a.completeKeys,
		Example: "  debros kv ls\n  debros kv ls users/ --separator /\n  debros kv ls --all -o jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Prefix = args[0]
			}
			o.ReadOptions = a.readOptions()
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				return a.listKeys(ctx, r, ns, o, all)
			})
		},
	}
	c.Flags().StringVar(&o.Separator, "separator", "", "fold keys that share the text up to it, like folders")
	c.Flags().StringVar(&o.Cursor, "cursor", "", "continue a listing: what its 'next' said")
	c.Flags().IntVar(&o.Limit, "limit", 100, fmt.Sprintf("keys of one page, at most %d", core.MaxListKeys))
	c.Flags().BoolVar(&o.Values, "values", false, "with their values")
	c.Flags().BoolVar(&all, "all", false, "all pages")
	return c
}

func (a *app) listKeys(ctx context.Context, r remote, ns core.Namespace, o core.ListOptions, all bool) error {
	if o.Limit < 1 || o.Limit > core.MaxListKeys {
		return core.Errorf(core.Invalid, "--limit is 1 to %d; --all lists everything", core.MaxListKeys)
	}
	d := document{name: "keys", columns: []string{"key", "size", "version", "updated_at", "expires_at"}}
	if o.Values {
		d.columns = append(d.columns, "value")
	}
	for {
		page, err := r.List(ctx, ns, o)
		if err != nil {
			return err
		}
		for _, p := range page.Prefixes {
			d.rows = append(d.rows, record{{"key", p}, {"folded", true}})
		}
		for _, item := range page.Items {
			row := itemRecord(item)
			if o.Values {
				row = append(row, valueFields(item.Value)...)
			}
			d.rows = append(d.rows, row)
		}
		if o.Cursor = page.Next; all && page.Next != "" {
			continue
		}
		d.extra = record{{"next", page.Next}, {"provenance", page.Provenance}}
		d.footer = fmt.Sprintf("%d keys · %s", len(d.rows), provenance(page.Provenance))
		if page.Next != "" {
			a.note("There are more: --cursor %q, or --all", page.Next)
		}
		return a.show(d)
	}
}

func (a *app) kvExists() *cobra.Command {
	return &cobra.Command{
		Use: "exists KEY", Short: "Say whether there is a key; exit status 3 when not", Args: wants("KEY"), ValidArgsFunction: a.completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				// In byte order a key comes before all that it is a prefix of.
				page, err := r.List(ctx, ns, core.ListOptions{ReadOptions: a.readOptions(), Prefix: args[0], Limit: 1})
				if err != nil {
					return err
				}
				found, from := len(page.Items) == 1 && page.Items[0].Key == args[0], page.Provenance
				err = a.show(document{
					object: record{{"key", args[0]}, {"exists", found}, {"provenance", from}}.forTable(a),
					raw:    fmt.Appendln(nil, found), hasRaw: true, footer: provenance(from),
				})
				if err == nil && !found {
					return &exitError{status: core.NotFound.ExitStatus()}
				}
				return err
			})
		},
	}
}

func (a *app) kvBatch() *cobra.Command {
	return &cobra.Command{
		Use: "batch [FILE]", Short: "Do many puts and deletes at once: all or none", Args: wants("[FILE]"),
		Long: "Reads one operation per line, as JSON, from '@file' or standard input:\n\n" +
			`  {"op":"put","key":"a","value":"text","ttl":"1h"}` + "\n" +
			`  {"op":"put","key":"b","value_base64":"AAE=","if_absent":true}` + "\n" +
			`  {"op":"del","key":"c","if_version":7}` + "\n\n" +
			fmt.Sprintf("All of them happen together, or none does. There are at most %d.", core.MaxBatchOps),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.value(args, 0)
			if err != nil {
				return err
			}
			ops, err := parseOps(data)
			if err != nil {
				return err
			}
			ops[0].IdempotencyKey = a.opts.idempotencyKey // the batch's own
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				answer, err := r.Batch(ctx, ns, ops)
				if err != nil {
					return err
				}
				d := document{name: "results", columns: []string{"op", "key", "version", "deleted"}, extra: record{{"provenance", answer.Provenance}}, footer: provenance(answer.Provenance)}
				for i, op := range ops {
					d.rows = append(d.rows, opRecord(op, i, answer))
				}
				return a.show(d)
			})
		},
	}
}

func opRecord(op core.Op, i int, answer core.WriteAnswer) record {
	if op.Delete {
		return record{{"op", "del"}, {"key", op.Key}, {"deleted", i < len(answer.Deleted) && answer.Deleted[i]}}
	}
	row := record{{"op", "put"}, {"key", op.Key}}
	if i < len(answer.Versions) {
		row = append(row, field{"version", uint64(answer.Versions[i])})
	}
	return row
}

// opLine is one line of a batch.
type opLine struct {
	Op          string  `json:"op"`
	Key         string  `json:"key"`
	Value       *string `json:"value"`
	ValueBase64 *string `json:"value_base64"`
	TTL         string  `json:"ttl"`
	IfVersion   uint64  `json:"if_version"`
	IfAbsent    bool    `json:"if_absent"`
}

func parseOps(data []byte) ([]core.Op, error) {
	var ops []core.Op
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	for {
		var line opLine
		err := d.Decode(&line)
		if errors.Is(err, io.EOF) {
			break
		}
		number := len(ops) + 1
		if err != nil {
			return nil, core.Wrap(core.Invalid, err, "operation %d cannot be read (%v); see 'debros kv batch --help'", number, err)
		}
		op, err := line.op()
		if err != nil {
			return nil, core.Wrap(core.Invalid, err, "operation %d: %v", number, err)
		}
		if ops = append(ops, op); len(ops) > core.MaxBatchOps {
			return nil, core.Errorf(core.TooLarge, "a batch has at most %d operations; send several", core.MaxBatchOps)
		}
	}
	if len(ops) == 0 {
		return nil, core.Errorf(core.Invalid, "the batch is empty; see 'debros kv batch --help'")
	}
	return ops, nil
}

func (l opLine) op() (core.Op, error) {
	op := core.Op{Key: l.Key, PutOptions: core.PutOptions{IfVersion: core.Version(l.IfVersion), IfAbsent: l.IfAbsent}}
	if l.TTL != "" {
		ttl, err := config.ParseDuration(l.TTL)
		if err != nil {
			return op, fmt.Errorf("ttl: %w", err)
		}
		op.TTL = ttl
	}
	switch {
	case l.Op == "del" || l.Op == "delete":
		op.Delete = true
		if l.Value != nil || l.ValueBase64 != nil || op.TTL != 0 {
			return op, errors.New("a del has no value and no ttl")
		}
	case l.Op != "put":
		return op, fmt.Errorf("op is put or del, not %q", l.Op)
	case (l.Value == nil) == (l.ValueBase64 == nil):
		return op, errors.New("a put has either value or value_base64")
	case l.Value != nil:
		op.Value = []byte(*l.Value)
	default:
		value, err := base64.StdEncoding.DecodeString(*l.ValueBase64)
		if err != nil {
			return op, fmt.Errorf("value_base64: %w", err)
		}
		op.Value = value
	}
	return op, nil
}

// provenance tells a person in one line who answered and how fresh it is.
func provenance(p core.Provenance) string {
	line := fmt.Sprintf("%s · %s", p.How, p.Level)
	switch {
	case p.Level != core.LevelNone || p.AgeMS == 0:
	case p.AgeMS < 0:
		line += " · of unknown age"
	default:
		line += fmt.Sprintf(" · up to %v old", time.Duration(p.AgeMS)*time.Millisecond)
	}
	if p.Index > 0 {
		line += fmt.Sprintf(" · index %d", p.Index)
	}
	return line + fmt.Sprintf(" · %.1f ms", p.ElapsedMS)
}
