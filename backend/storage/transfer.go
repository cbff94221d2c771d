package storage

// This file writes keys to a file and reads them back: one JSON object per line.

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// line is one key in a file. A value that is text stands as text, any other as
// base64; exactly one of the two is there.
type line struct {
	Key       string  `json:"key"`
	Text      *string `json:"text,omitempty"`
	Base64    *string `json:"base64,omitempty"`
	ExpiresAt string  `json:"expires_at,omitempty"` // RFC 3339
}

const (
	// maxLineBytes bounds one line: a value in base64 with its key.
	maxLineBytes = 2*MaxValueSetting + 16<<10
	// importOps and importBytes bound one batch of an import.
	importOps   = 500
	importBytes = 1 << 20
)

// Export writes the keys that begin with prefix, in byte order, one JSON object
// per line. Keys that change meanwhile are in it with their old or new value.
func (s *Storage) Export(ctx context.Context, ns core.Namespace, prefix string, w io.Writer, progress func(core.Progress)) (core.TransferResult, error) {
	var result core.TransferResult
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for o := (core.ListOptions{Prefix: prefix, Limit: core.MaxListKeys, Values: true}); ; {
		page, err := s.List(ctx, ns, o)
		if err != nil {
			return result, err
		}
		for _, item := range page.Items {
			if err := encoder.Encode(lineOf(item)); err != nil {
				return result, core.Wrap(core.Unavailable, err, "the file cannot be written; check the space on the disk")
			}
			result.Keys++
		}
		if progress != nil {
			progress(core.Progress{Phase: core.PhaseSend, Done: result.Keys, Unit: "keys"})
		}
		if page.Next == "" {
			break
		}
		o.Cursor = page.Next
	}
	if err := out.Flush(); err != nil {
		return result, core.Wrap(core.Unavailable, err, "the file cannot be written; check the space on the disk")
	}
	return result, nil
}

func lineOf(item core.Item) line {
	l := line{Key: item.Key}
	if utf8.Valid(item.Value) {
		text := string(item.Value)
		l.Text = &text
	} else {
		text := base64.StdEncoding.EncodeToString(item.Value)
		l.Base64 = &text
	}
	if !item.ExpiresAt.IsZero() {
		l.ExpiresAt = item.ExpiresAt.UTC().Format(time.RFC3339Nano)
	}
	return l
}

// Import stores the keys of a file that Export wrote, in batches. existing says
// what happens to keys that are there: core.ExistingFail stops at the first,
// ExistingSkip leaves them, ExistingReplace takes the file's. An import that
// fails has stored the lines before the one that it names, at most a batch less.
func (s *Storage) Import(ctx context.Context, ns core.Namespace, existing string, r io.Reader, progress func(core.Progress)) (core.TransferResult, error) {
	m := importing{s: s, ns: ns, existing: existing}
	switch existing {
	case "":
		m.existing = core.ExistingFail
	case core.ExistingFail, core.ExistingSkip, core.ExistingReplace:
	default:
		return m.result, core.Errorf(core.Invalid, "keys that exist may be met with %s, %s or %s, not with %q", core.ExistingFail, core.ExistingSkip, core.ExistingReplace, existing)
	}
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), maxLineBytes)
	number := 0
	for in.Scan() {
		number++
		if len(in.Bytes()) == 0 {
			continue
		}
		op, expired, err := parseLine(in.Bytes(), s.settings.Now())
		if err == nil && !expired {
			err = m.add(ctx, op)
		}
		if err != nil {
			return m.result, m.at(number, err)
		}
		if progress != nil && number%importOps == 0 {
			progress(core.Progress{Phase: core.PhaseWrite, Done: m.result.Keys, Unit: "keys"})
		}
	}
	err := in.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		err = core.Errorf(core.TooLarge, "the line is longer than any key and value can be")
	case err != nil:
		err = core.Wrap(core.Unavailable, err, "the file cannot be read")
	default:
		err = m.flush(ctx)
	}
	if err != nil {
		return m.result, m.at(number+1, err)
	}
	return m.result, nil
}

func parseLine(data []byte, now time.Time) (op core.Op, expired bool, err error) {
	var l line
	if err = json.Unmarshal(data, &l); err != nil || (l.Text == nil) == (l.Base64 == nil) {
		return op, false, core.Wrap(core.Invalid, err, "this is no key: each line is an object with key, and text or base64")
	}
	op.Key = l.Key
	if l.Text != nil {
		op.Value = []byte(*l.Text)
	} else if op.Value, err = base64.StdEncoding.DecodeString(*l.Base64); err != nil {
		return op, false, core.Wrap(core.Invalid, err, "the value is not base64")
	}
	if l.ExpiresAt == "" {
		return op, false, nil
	}
	at, err := time.Parse(time.RFC3339Nano, l.ExpiresAt)
	if err != nil {
		return op, false, core.Wrap(core.Invalid, err, "expires_at is not a time of RFC 3339")
	}
	op.TTL = at.Sub(now)
	return op, op.TTL <= 0, nil
}

// importing is one import under way.
type importing struct {
	s        *Storage
	ns       core.Namespace
	existing string
	ops      []core.Op
	bytes    int
	result   core.TransferResult
}

// at names the line of an error and what was stored before.
func (m *importing) at(number int, err error) error {
	return core.Wrap(core.CodeOf(err), err, "line %d: %s; %d keys were stored", number, core.Sentence(err), m.result.Keys)
}

func (m *importing) add(ctx context.Context, op core.Op) error {
	op.IfAbsent = m.existing != core.ExistingReplace
	m.ops = append(m.ops, op)
	m.bytes += len(op.Key) + len(op.Value)
	if len(m.ops) >= importOps || m.bytes >= importBytes {
		return m.flush(ctx)
	}
	return nil
}

// flush stores what was gathered. When a key is there that may be left, they go
// one by one.
func (m *importing) flush(ctx context.Context) error {
	if len(m.ops) == 0 {
		return nil
	}
	_, err := m.s.Batch(ctx, m.ns, m.ops)
	switch {
	case err == nil:
		m.result.Keys += int64(len(m.ops))
	case core.CodeOf(err) == core.PreconditionFailed && m.existing == core.ExistingSkip:
		for _, op := range m.ops {
			switch _, errPut := m.s.Put(ctx, m.ns, op.Key, op.Value, op.PutOptions); {
			case errPut == nil:
				m.result.Keys++
			case core.CodeOf(errPut) == core.PreconditionFailed:
				m.result.Skipped++
			default:
				return fmt.Errorf("key %s: %w", shown(op.Key), errPut)
			}
		}
	default:
		return err
	}
	clear(m.ops)
	m.ops, m.bytes = m.ops[:0], 0
	return nil
}
