// A copy of a namespace's file, made while it is being written to, and how such
// copies are read: on connections that run nothing that stands in the file.

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// workFolder holds copies while they are made and looked at. Its name is no
	// namespace, and it is emptied when the databases start.
	workFolder = ".work"
	// copyPages is how much is copied between two looks at the caller's context:
	// 4 MiB, some milliseconds.
	copyPages = 1024
)

// tell is a progress function that may be nil.
type tell func(core.Progress)

func (t tell) at(phase string, done, total int64, unit string) {
	if t != nil {
		t(core.Progress{Phase: phase, Done: done, Total: total, Unit: unit})
	}
}

// workFile makes an empty file for a copy. The function it returns removes it.
func (d *Databases) workFile() (path string, remove func() error, err error) {
	dir := filepath.Join(d.settings.Dir, workFolder)
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, core.Wrap(core.Unavailable, err, "the folder for copies cannot be made; check its rights and the space on the disk")
	}
	f, err := os.CreateTemp(dir, "copy-*") // mode 0600
	if err != nil {
		return "", nil, core.Wrap(core.Unavailable, err, "a copy cannot be made; check the rights of the databases' folder and the space on the disk")
	}
	path = f.Name()
	remove = func() error {
		var errs []error
		for _, name := range []string{path, path + "-journal", path + "-wal", path + "-shm"} {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	if err := f.Close(); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return path, remove, nil
}

// clearWork removes what a crash left in the folder for copies.
func (d *Databases) clearWork() error {
	if err := os.RemoveAll(filepath.Join(d.settings.Dir, workFolder)); err != nil {
		return core.Wrap(core.Unavailable, err, "old copies cannot be removed; check the rights of the databases' folder")
	}
	return nil
}

// roomFor refuses work that would fill the disk.
func (d *Databases) roomFor(bytes int64) error {
	if free, known := freeBytes(d.settings.Dir); known && int64(free) < bytes+minFreeBytes {
		return core.Errorf(core.Unavailable, "there is no space for a copy of %d MiB on the disk (%d MiB free); nothing was changed; free some and repeat",
			bytes>>20, free>>20)
	}
	return nil
}

// copyDatabase copies the SQLite file at source, as it is at one moment, over
// the empty file at path. Writers go on meanwhile: the copy reads from one
// snapshot of SQLite's. What comes out is a plain file without a write-ahead log.
func copyDatabase(ctx context.Context, source, path string, progress tell) (err error) {
	from, err := openPlain(source, "mode=ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := openPlain(path, "mode=rw&_sync=OFF")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	// A read transaction holds the snapshot; the copy would begin anew with each
	// write otherwise.
	for _, sql := range []string{"BEGIN", "SELECT count(*) FROM sqlite_schema"} {
		if err := runPlain(ctx, from, sql); err != nil {
			return err
		}
	}
	if err := copyAll(ctx, to, from, progress); err != nil {
		return err
	}
	return runPlain(ctx, to, "PRAGMA journal_mode=DELETE")
}

func copyAll(ctx context.Context, to, from *sqlite3.SQLiteConn, progress tell) (err error) {
	b, err := to.Backup("main", from, "main")
	if err != nil {
		return fmt.Errorf("begin copy: %w", err)
	}
	defer func() { err = errors.Join(err, b.Finish()) }()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		done, err := b.Step(copyPages)
		if err != nil {
			return fmt.Errorf("copy pages: %w", err)
		}
		total := int64(b.PageCount())
		progress.at(core.PhaseCopy, total-int64(b.Remaining()), total, "pages")
		if done {
			return nil
		}
	}
}

// openPlain opens an SQLite file of our own making.
func openPlain(path, query string) (*sqlite3.SQLiteConn, error) {
	return openFile(path, query+"&_busy_timeout=5000", nil)
}

// openForeign opens a file that somebody else made, for reading. Nothing in it
// can reach beyond it: the schema is not trusted, and the lock of readers holds.
func openForeign(path string) (*sqlite3.SQLiteConn, error) {
	return openFile(path, "mode=ro&immutable=1", func(conn *sqlite3.SQLiteConn) error {
		for _, sql := range []string{"PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "PRAGMA query_only=ON"} {
			if err := runPlain(context.Background(), conn, sql); err != nil {
				return err
			}
		}
		return lockReader(conn)
	})
}

func openFile(path, query string, hook func(*sqlite3.SQLiteConn) error) (*sqlite3.SQLiteConn, error) {
	dsn := url.URL{Scheme: "file", Opaque: path, RawQuery: query}
	conn, err := (&sqlite3.SQLiteDriver{ConnectHook: hook}).Open(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open copy: %w", err)
	}
	sqlite, ok := conn.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite's connection is a %T", conn), conn.Close())
	}
	return sqlite, nil
}

// runPlain runs one statement and reads its rows to the end.
func runPlain(ctx context.Context, conn *sqlite3.SQLiteConn, sql string, args ...driver.NamedValue) error {
	return eachRow(ctx, conn, sql, func([]driver.Value) error { return nil }, args...)
}

// eachRow calls got for each row of a statement. The cells are got's own to
// keep. The end of ctx interrupts a long step.
func eachRow(ctx context.Context, conn *sqlite3.SQLiteConn, sql string, got func(cells []driver.Value) error, args ...driver.NamedValue) (err error) {
	opened, err := conn.QueryContext(context.Background(), sql, args) //nolint:contextcheck // the driver would start a goroutine for each row; see below
	if err != nil {
		return fmt.Errorf("%s: %w", firstWords(sql), err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	cursor, ok := opened.(*sqlite3.SQLiteRows)
	if !ok {
		return fmt.Errorf("sqlite's rows are a %T", opened)
	}
	declared(cursor)
	for n := 0; ; n++ {
		if n%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells := make([]driver.Value, len(cursor.Columns()))
		switch err := cursor.Next(cells); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", firstWords(sql), err)
		}
		if err := got(cells); err != nil {
			return err
		}
	}
}

func firstWords(sql string) string {
	const most = 40
	if len(sql) > most {
		return sql[:most] + "…"
	}
	return sql
}

// quoted is a name as SQL writes it.
func quoted(name string) string {
	out := []byte{'"'}
	for i := range len(name) {
		if name[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, name[i])
	}
	return string(append(out, '"'))
}
