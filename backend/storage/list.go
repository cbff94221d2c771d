package storage

// This file lists keys.

import (
	"context"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	plainListSQL = `SELECT key, 0, version, updated_at, expires_at, length(value), NULL FROM _debros_kv
 WHERE key >= ?1 AND key < ?2 AND (expires_at IS NULL OR expires_at > ?3) ORDER BY key LIMIT ?4`

	// foldedListSQL goes from key to key, or from branch to branch, with one seek
	// each: it asks for the first key at or behind a place, and the place behind a
	// key of a branch is behind the whole branch. ?5 is the position behind the
	// prefix, ?6 the separator and ?7 the first text behind the separator.
	foldedListSQL = `WITH RECURSIVE walk(k) AS (
 SELECT (SELECT key FROM _debros_kv WHERE key >= ?1 AND ` + nextSQL + `)
 UNION ALL
 SELECT (SELECT key FROM _debros_kv WHERE key >= CASE ` + cutSQL + ` WHEN 0 THEN CAST(k || x'00' AS BLOB)
   ELSE CAST(substr(k, 1, ?5 + ` + cutSQL + ` - 2) || ?7 AS BLOB) END AND ` + nextSQL + `)
 FROM walk WHERE k IS NOT NULL LIMIT ?4)
SELECT k, ` + cutSQL + `, version, updated_at, expires_at, length(value), NULL
 FROM walk LEFT JOIN _debros_kv ON key = k AND ` + cutSQL + ` = 0 WHERE k IS NOT NULL`
	nextSQL = `key < ?2 AND (expires_at IS NULL OR expires_at > ?3) ORDER BY key LIMIT 1`
	cutSQL  = `instr(substr(k, ?5), ?6)`
)

// List returns one page of the keys that begin with o.Prefix, in byte order; in
// the prefix every character means itself. With o.Separator, keys that share the
// text up to the next separator are folded into one of Page.Prefixes; items and
// prefixes count alike. The next page begins at Page.Next, which stays good while
// keys come and go. A page with values may end early (MaxPageBytes).
func (s *Storage) List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error) {
	if err := s.begin(ns); err != nil {
		return core.Page{}, err
	}
	from, err := checkList(&o)
	if err != nil {
		return core.Page{}, err
	}
	st := s.listStatement(o, from)
	limits := core.QueryOptions{ReadOptions: o.ReadOptions, MaxRows: o.Limit + 1}
	if o.Values {
		limits.MaxBytes = MaxPageBytes
	}
	rows, err := s.query(ctx, ns, st, limits)
	if err != nil {
		return core.Page{}, err
	}
	if len(rows.Values) == 0 && rows.Truncated { // one value alone is larger than a page
		o.Limit, limits.MaxRows, limits.MaxBytes = 1, 1, 0
		if rows, err = s.query(ctx, ns, st, limits); err != nil {
			return core.Page{}, err
		}
		if len(rows.Values) == 0 {
			return core.Page{}, core.Errorf(core.TooLarge, "the next value is larger than an answer may be; list without values and get it by its key")
		}
	}
	return page(rows, o)
}

// checkList fills in the defaults and returns where the page begins.
func checkList(o *core.ListOptions) (from []byte, err error) {
	switch {
	case len(o.Prefix) > core.MaxKeyBytes || !utf8.ValidString(o.Prefix):
		return nil, core.Errorf(core.Invalid, "a prefix is UTF-8 text of at most %d bytes", core.MaxKeyBytes)
	case len(o.Separator) > MaxSeparatorBytes || !utf8.ValidString(o.Separator):
		return nil, core.Errorf(core.Invalid, "a separator is UTF-8 text of at most %d bytes", MaxSeparatorBytes)
	case o.Limit < 0 || o.Limit > core.MaxListKeys:
		return nil, core.Errorf(core.Invalid, "a page has 1 to %d keys; go on with the cursor of each page", core.MaxListKeys)
	case o.Limit == 0:
		o.Limit = DefaultListKeys
	}
	if o.Cursor == "" {
		return []byte(o.Prefix), nil
	}
	c, err := parseCursor(o.Cursor)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(c.last, o.Prefix) || c.branch && !strings.HasSuffix(c.last, o.Separator) || c.branch && o.Separator == "" {
		return nil, core.Errorf(core.Invalid, "the cursor belongs to another listing; begin again without one")
	}
	return c.behind(), nil
}

func (s *Storage) listStatement(o core.ListOptions, from []byte) core.Statement {
	sql := plainListSQL
	args := []any{from, successor(o.Prefix), millis(s.settings.Now()), int64(o.Limit) + 1}
	if o.Separator != "" {
		sql = foldedListSQL
		args = append(args, int64(len(o.Prefix))+1, []byte(o.Separator), successor(o.Separator))
	}
	if o.Values {
		sql = strings.Replace(sql, "length(value), NULL", "length(value), value", 1)
	}
	return core.Statement{SQL: sql, Args: args}
}

// page turns rows into a page. There is one row more than the page is long when
// another page follows.
func page(rows *core.Rows, o core.ListOptions) (core.Page, error) {
	out := core.Page{Items: []core.Item{}, Prefixes: []string{}, Provenance: rows.Provenance}
	more := rows.Truncated
	var last cursor
	for i, cells := range rows.Values {
		if i == o.Limit {
			more = true
			break
		}
		r, err := readRow(cells)
		if err != nil {
			return core.Page{}, err
		}
		if r.cut == 0 {
			out.Items = append(out.Items, r.item)
			last = cursor{last: r.item.Key}
			continue
		}
		branch := r.item.Key[:len(o.Prefix)+int(r.cut)-1] + o.Separator
		out.Prefixes = append(out.Prefixes, branch)
		last = cursor{last: branch, branch: true}
	}
	if more {
		out.Next = last.String()
	}
	return out, nil
}

// successor is the first text in order that does not begin with prefix. Keys are
// UTF-8, where the byte 0xff does not occur: it is behind all of them, and the
// last byte of a prefix can always be counted up.
func successor(prefix string) []byte {
	if prefix == "" {
		return []byte{0xff}
	}
	next := []byte(prefix)
	next[len(next)-1]++
	return next
}
