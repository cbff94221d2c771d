package storage

// This file is a database in memory: SQLite without replication. It shows what
// the sweep does as time goes by, and in the example how storage is used.

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
)

// memory is one database for all namespaces; it counts what is asked.
type memory struct {
	mu     sync.Mutex
	conn   *sqlite3.SQLiteConn
	reads  int
	writes int
}

func newMemory() (*memory, error) {
	c, err := (&sqlite3.SQLiteDriver{}).Open(":memory:")
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, fmt.Errorf("driver gives a %T", c)
	}
	return &memory{conn: conn}, nil
}

func (m *memory) Query(_ context.Context, _ core.Namespace, s core.Statement, _ core.QueryOptions) (*core.Rows, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	rows, err := m.conn.Query(s.SQL, values(s))
	if err != nil {
		return nil, core.Errorf(core.Invalid, "%s", err)
	}
	out := &core.Rows{Columns: rows.Columns()}
	for {
		cells := make([]driver.Value, len(out.Columns))
		if err := rows.Next(cells); err != nil {
			if errors.Is(err, io.EOF) {
				return out, rows.Close()
			}
			return nil, errors.Join(err, rows.Close())
		}
		row := make([]any, len(cells))
		for i, c := range cells {
			row[i] = c
		}
		out.Values = append(out.Values, row)
	}
}

func (m *memory) Exec(_ context.Context, _ core.Namespace, statements []core.Statement, _ core.ExecOptions) (*core.ExecAnswer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	out := &core.ExecAnswer{}
	for _, s := range statements {
		r, err := m.conn.Exec(s.SQL, values(s))
		if err != nil {
			return nil, core.Errorf(core.Invalid, "%s", err)
		}
		id, errID := r.LastInsertId()
		n, errRows := r.RowsAffected()
		if err := errors.Join(errID, errRows); err != nil {
			return nil, err
		}
		out.Results = append(out.Results, core.ExecResult{RowsAffected: n, LastInsertID: id})
	}
	return out, nil
}

// Changed is never asked for: nobody watches in memory.
func (m *memory) Changed(context.Context, core.Namespace, uint64, []string, time.Duration) (core.Change, error) {
	return core.Change{}, errors.ErrUnsupported
}

// counted returns how much was asked and written since the last time.
func (m *memory) counted() (reads, writes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	reads, writes = m.reads, m.writes
	m.reads, m.writes = 0, 0
	return reads, writes
}

func values(s core.Statement) []driver.Value {
	out := make([]driver.Value, len(s.Args))
	for i, a := range s.Args {
		out[i] = a
	}
	return out
}

// A sweep that never comes fills the disk; one that writes when there is nothing
// to remove fills the log.
func TestStorage_RunSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := newMemory()
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(Settings{}, db, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ready, ended := make(chan struct{}), make(chan error, 1)
		go func() { ended <- s.Run(ctx, func() { close(ready) }) }()
		<-ready
		for _, ttl := range []time.Duration{sweepEvery / 2, 90 * time.Second, 0} {
			if _, err := s.Put(ctx, "red", ttl.String(), nil, core.PutOptions{TTL: ttl}); err != nil {
				t.Fatal(err)
			}
		}
		steps := []struct {
			after        time.Duration
			used         bool // between the sweeps
			rows         int64
			wrote, asked int // by the sweep
		}{
			{after: sweepEvery, rows: 2, wrote: 1, asked: 1},
			{after: sweepEvery, rows: 2},                                 // nobody has used it
			{after: sweepEvery, used: true, rows: 1, wrote: 1, asked: 1}, // the second has ended meanwhile
			{after: sweepEvery, used: true, rows: 1, asked: 1},           // used, and nothing to do
		}
		for i, step := range steps {
			if step.used {
				if _, _, err := s.Exists(ctx, "red", "k", core.ReadOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			db.counted()
			time.Sleep(step.after + time.Second/10)
			synctest.Wait()
			if reads, writes := db.counted(); writes != step.wrote || reads != step.asked {
				t.Errorf("sweep %d: wrote %d times and asked %d times, want %d and %d", i, writes, reads, step.wrote, step.asked)
			}
			rows, err := db.Query(ctx, "red", core.Statement{SQL: "SELECT count(*) FROM _debros_kv"}, core.QueryOptions{})
			if err != nil || rows.Values[0][0] != step.rows {
				t.Errorf("sweep %d: %v rows, want %d: %v", i, rows.Values, step.rows, err)
			}
		}
		cancel()
		if err := errors.Join(<-ended, db.conn.Close()); err != nil {
			t.Error(err)
		}
	})
}

// Two writers agree by versions: the second learns that it was too late.
func ExampleStorage_Put() {
	db, err := newMemory()
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := New(Settings{}, db, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = s.Run(ctx, func() { // in a node, Run has a goroutine of its own
		defer cancel()
		first, e1 := s.Put(ctx, "default", "light", []byte("red"), core.PutOptions{IfAbsent: true})
		fmt.Println(first.Versions, e1)
		second, e2 := s.Put(ctx, "default", "light", []byte("green"), core.PutOptions{IfVersion: first.Versions[0]})
		fmt.Println(second.Versions, e2)
		_, e3 := s.Put(ctx, "default", "light", []byte("blue"), core.PutOptions{IfVersion: first.Versions[0]})
		fmt.Println(core.CodeOf(e3))
		light, _, e4 := s.Get(ctx, "default", "light", core.ReadOptions{})
		fmt.Printf("%s %v\n", light.Value, e4)
	})
	fmt.Println(err)
	// Output:
	// [1] <nil>
	// [2] <nil>
	// precondition_failed
	// green <nil>
	// <nil>
}
