// What a replica holds, in one number: two replicas of a group must agree on it.

package database

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"math"
	"strings"

	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
)

// Hash is the SHA-256 of what this node's replica holds, as hexadecimal, and the
// last log entry that was certainly in it. It covers the schema and each table's
// rows with the types of their cells, whatever the layout of the file, all at
// one moment. It reads the whole database: for a check, not for a request.
func (r *Replicas) Hash(ctx context.Context, ns core.Namespace) (sum string, index uint64, err error) {
	l, err := r.lease(ctx, ns)
	if err != nil {
		return "", 0, err
	}
	defer l.release()
	conn, err := openPlain(l.readers.path, "mode=ro")
	if err != nil {
		return "", 0, core.Wrap(core.Unavailable, err, "the database cannot be read at the moment; repeat in a moment")
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	index = l.provenance().Index
	if err = runPlain(ctx, conn, "BEGIN"); err != nil {
		return "", 0, err
	}
	h := sha256.New()
	var tables []string
	err = eachRow(ctx, conn, "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name", func(cells []driver.Value) error {
		hashRow(h, cells)
		if textOf(cells[0]) == "table" && !isVirtual(textOf(cells[3])) {
			tables = append(tables, textOf(cells[1]))
		}
		return nil
	})
	for _, table := range tables {
		if err == nil {
			err = hashTable(ctx, conn, h, table)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), index, err
}

// hashTable adds a table's rows, in the order of their keys.
func hashTable(ctx context.Context, conn *sqlite3.SQLiteConn, h hash.Hash, table string) error {
	h.Write(appendText(nil, table))
	rows := func(cells []driver.Value) error {
		hashRow(h, cells)
		return nil
	}
	err := eachRow(ctx, conn, "SELECT rowid, * FROM "+quoted(table)+" ORDER BY rowid", rows)
	if err != nil { // a table without rowids lies in the order of its primary key
		return eachRow(ctx, conn, "SELECT * FROM "+quoted(table), rows)
	}
	return nil
}

func hashRow(h hash.Hash, cells []driver.Value) {
	buffer := make([]byte, 0, 64)
	for _, cell := range cells {
		switch v := cell.(type) {
		case int64:
			buffer = binary.LittleEndian.AppendUint64(append(buffer, 'i'), uint64(v)) //nolint:gosec // every bit pattern is meant
		case float64:
			buffer = binary.LittleEndian.AppendUint64(append(buffer, 'd'), math.Float64bits(v))
		case string:
			buffer = appendText(append(buffer, 's'), v)
		case []byte:
			buffer = appendText(append(buffer, 'y'), string(v))
		default:
			buffer = append(buffer, 'n')
		}
	}
	h.Write(binary.AppendUvarint(nil, uint64(len(buffer))))
	h.Write(buffer)
}

// isVirtual tells whether a table is kept by a module, in tables of its own.
func isVirtual(sql string) bool {
	return len(sql) > 14 && strings.EqualFold(sql[:14], "CREATE VIRTUAL")
}
