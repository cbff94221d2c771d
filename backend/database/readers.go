// Read-only connections of our own, next to rqlite's: they stream, keep their
// prepared statements, obey limits and can be interrupted.

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxPrepared bounds the statements that one connection keeps prepared.
	maxPrepared = 64
	// interruptEvery is how often an interruption is repeated until it takes: one
	// that comes between two steps of a statement may pass unnoticed.
	interruptEvery = 5 * time.Millisecond
)

// read is one statement with its bounds.
type read struct {
	statement  core.Statement
	maxRows    int
	maxBytes   int
	generation uint64 // of the schema; a connection drops what it prepared for another
	follows    bool   // nobody tells this replica of changes of the schema: look
}

// readers is a group's pool of connections. They are opened when needed.
type readers struct {
	path  string
	slots chan struct{} // bounds the concurrent reads of all groups

	mu     sync.Mutex
	idle   []*reader
	active map[*reader]struct{}
	closed bool
	file   uint64     // grows when another file has taken the place of the old one
	free   *sync.Cond // signalled when a read ends
}

func newReaders(path string, slots chan struct{}) *readers {
	p := &readers{path: path, slots: slots, active: map[*reader]struct{}{}}
	p.free = sync.NewCond(&p.mu)
	return p
}

// query runs one read. The end of ctx interrupts it, wherever it is.
func (p *readers) query(ctx context.Context, r read) (*core.Rows, error) {
	if err := checkStatement(r.statement); err != nil {
		return nil, err
	}
	if shapeOf(r.statement.SQL).keyword == "" {
		return nil, core.Errorf(core.Invalid, "there is no statement to run")
	}
	values, err := readValues(r.statement)
	if err != nil {
		return nil, err
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.slots }()
	conn, err := p.take()
	if err != nil {
		return nil, err
	}
	rows, err := conn.run(ctx, r, values)
	p.giveBack(conn)
	return rows, err
}

// take finds an idle connection or opens one.
func (p *readers) take() (*reader, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosing()
	}
	if n := len(p.idle); n > 0 {
		conn := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.active[conn] = struct{}{}
		return conn, nil
	}
	conn, err := openReader(p.path)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the database cannot be read at the moment; repeat in a moment")
	}
	conn.file = p.file
	p.active[conn] = struct{}{}
	return conn, nil
}

func (p *readers) giveBack(conn *reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.active, conn)
	if conn.file == p.file {
		p.idle = append(p.idle, conn)
	} else {
		conn.close()
	}
	p.free.Broadcast()
}

// renew makes later reads open the file anew: another one has taken its place,
// and a connection goes on with the one that it opened.
func (p *readers) renew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.file++
	for _, conn := range p.idle {
		conn.close()
	}
	p.idle = nil
}

// busy tells whether a read is under way.
func (p *readers) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.active) > 0
}

// close interrupts what runs, waits for it and closes all connections.
func (p *readers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for conn := range p.active {
		conn.stop()
	}
	for len(p.active) > 0 {
		p.free.Wait()
	}
	for _, conn := range p.idle {
		conn.close()
	}
	p.idle = nil
}

func errClosing() error {
	return core.Errorf(core.Unavailable, "the database is closing; repeat in a moment")
}

// reader is one connection. One read at a time uses it.
type reader struct {
	conn       *sqlite3.SQLiteConn
	prepared   map[string]*sqlite3.SQLiteStmt
	order      []string // of use, oldest first
	generation uint64
	file       uint64 // which of the pool's files it has opened
	interrupt  *sqlite3.SQLiteStmt
	version    *sqlite3.SQLiteStmt // nil until a follower's read needs it
	stopped    context.Context     //nolint:containedctx // the pool's word to this connection's read, not a caller's context
	stop       context.CancelFunc
}

// openReader opens the file at path. Another file may take its place at any
// moment: the connection is good only if it has the write-ahead log of the same.
func openReader(path string) (*reader, error) {
	before, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open reader: %w", err)
	}
	r, err := connectReader(path)
	if err != nil {
		return nil, err
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		r.close()
		return nil, errors.Join(errors.New("another file took the database's place"), err)
	}
	return r, nil
}

func connectReader(path string) (*reader, error) {
	dsn := url.URL{Scheme: "file", Opaque: path, RawQuery: "mode=ro&_query_only=true&_busy_timeout=1000&_fk=true"}
	conn, err := (&sqlite3.SQLiteDriver{ConnectHook: lockReader}).Open(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open reader: %w", err)
	}
	sqlite, ok := conn.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite's connection is a %T", conn), conn.Close())
	}
	r := &reader{conn: sqlite, prepared: map[string]*sqlite3.SQLiteStmt{}}
	if r.interrupt, err = r.compile("SELECT 1"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	r.stopped, r.stop = context.WithCancel(context.Background())
	if _, err := sqlite.Exec("SELECT count(*) FROM sqlite_master", nil); err != nil { // opens the write-ahead log
		r.close()
		return nil, fmt.Errorf("open reader: %w", err)
	}
	return r, nil
}

func (r *reader) close() {
	r.stop()
	r.forget()
	if r.version != nil {
		_ = r.version.Close() //nolint:errcheck // it only reads
	}
	//nolint:errcheck // a read-only connection has nothing left to lose
	_, _ = r.interrupt.Close(), r.conn.Close()
}

// run runs one read from beginning to end.
func (r *reader) run(ctx context.Context, q read, values []driver.NamedValue) (*core.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stmt, keep, err := r.statement(q, values) //nolint:contextcheck // as collect below
	if err != nil {
		return nil, err
	}
	calm := r.watch(ctx)
	rows, err := collect(stmt, q, values) //nolint:contextcheck // the driver would start a goroutine for each row; watch interrupts it
	calm()
	if !keep || err != nil {
		r.drop(q.statement.SQL, stmt)
	}
	switch {
	case err == nil:
		return rows, nil
	case r.stopped.Err() != nil:
		return nil, errClosing()
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, readError(err)
}

// readError gives SQLite's sentence to the caller.
func readError(err error) error {
	if sqlite, ok := errors.AsType[sqlite3.Error](err); ok {
		switch sqlite.Code {
		case sqlite3.ErrIoErr, sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrCantOpen, sqlite3.ErrNomem:
			return core.Wrap(core.Unavailable, err, "the database cannot be read at the moment; repeat in a moment")
		case sqlite3.ErrTooBig:
			return core.Errorf(core.TooLarge, "%s", sqlite.Error())
		default:
			return core.Errorf(core.Invalid, "%s", sqlite.Error())
		}
	}
	if core.CodeOf(err) != core.Internal { // it has its code already
		return err
	}
	return core.Errorf(core.Invalid, "%s", err.Error())
}

// watch interrupts the statement when ctx ends or the pool closes. The function
// it returns must be called before the connection is used again: it waits until
// no interruption can come any more.
func (r *reader) watch(ctx context.Context) (calm func()) {
	over := make(chan struct{})
	interrupt := func() { //nolint:contextcheck // see interruptNow
		for {
			select {
			case <-over:
				return
			default:
				r.interruptNow()
			}
			select {
			case <-over:
				return
			case <-time.After(interruptEvery):
			}
		}
	}
	ends := []func() bool{}
	var running sync.WaitGroup
	for _, end := range []context.Context{ctx, r.stopped} {
		running.Add(1)
		ends = append(ends, context.AfterFunc(end, func() { //nolint:contextcheck // one of the two is the pool's
			defer running.Done()
			interrupt()
		}))
	}
	return func() {
		close(over)
		for _, stop := range ends {
			if stop() {
				running.Done()
			}
		}
		running.Wait()
	}
}

// interruptNow calls sqlite3_interrupt. The driver offers it only for the end of
// the context of a statement in progress, so that is what this is: the
// statement waits for the connection, its context has ended already, and the
// driver interrupts whatever runs.
func (r *reader) interruptNow() {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = r.interrupt.ExecContext(ended, nil) //nolint:errcheck // called for its side effect
}

// statement finds or prepares the statement; keep says whether it stays prepared.
func (r *reader) statement(q read, values []driver.NamedValue) (stmt *sqlite3.SQLiteStmt, keep bool, err error) {
	if q.follows {
		if q.generation, err = r.schemaVersion(); err != nil {
			return nil, false, err
		}
	}
	if r.generation != q.generation {
		r.forget()
		r.generation = q.generation
	}
	text := q.statement.SQL
	stmt, keep = r.prepared[text]
	if !keep {
		if stmt, err = r.compile(text); err != nil {
			return nil, false, readError(err)
		}
	}
	fits := len(q.statement.Named) > 0 || stmt.NumInput() == len(values)
	switch {
	case !stmt.Readonly():
		err = core.Errorf(core.Invalid, "this statement writes; send it as a write")
	case !fits:
		err = core.Errorf(core.Invalid, "the statement has %d parameters, %d values were given", stmt.NumInput(), len(values))
	case keep:
		r.used(text)
		return stmt, true, nil
	case len(q.statement.Named) > 0:
		// A name that is missing would keep the value of the call before.
		return stmt, false, nil
	}
	if err != nil {
		r.drop(text, stmt)
		return nil, false, err
	}
	r.prepared[text] = stmt
	r.order = append(r.order, text)
	if len(r.order) > maxPrepared {
		r.drop(r.order[0], r.prepared[r.order[0]])
	}
	return stmt, true, nil
}

// followed marks generations that SQLite counts, apart from those of a leader.
const followed = 1 << 63

// schemaVersion is SQLite's own count of changes to the schema, as a generation.
func (r *reader) schemaVersion() (uint64, error) {
	if r.version == nil {
		stmt, err := r.compile("PRAGMA schema_version")
		if err != nil {
			return 0, readError(err)
		}
		r.version = stmt
	}
	rows, err := collect(r.version, read{maxRows: 1, maxBytes: maxCellBytes}, nil)
	if err != nil {
		return 0, readError(err)
	}
	return followed | uint64(numberOf(rows.Values[0][0])), nil //nolint:gosec // 32 bits
}

// compile prepares text, which must be one statement.
func (r *reader) compile(text string) (*sqlite3.SQLiteStmt, error) {
	prepared, err := r.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(*sqlite3.SQLiteStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite's statement is a %T", prepared), prepared.Close())
	}
	return stmt, nil
}

func (r *reader) used(text string) {
	if n := len(r.order); n > 0 && r.order[n-1] == text {
		return
	}
	if i := slices.Index(r.order, text); i >= 0 {
		r.order = append(slices.Delete(r.order, i, i+1), text)
	}
}

// drop closes a statement and forgets it.
func (r *reader) drop(text string, stmt *sqlite3.SQLiteStmt) {
	if r.prepared[text] == stmt {
		delete(r.prepared, text)
		if i := slices.Index(r.order, text); i >= 0 {
			r.order = slices.Delete(r.order, i, i+1)
		}
	}
	_ = stmt.Close() //nolint:errcheck // it repeats the error of the statement's last step
}

func (r *reader) forget() {
	for _, stmt := range r.prepared {
		_ = stmt.Close() //nolint:errcheck // as in drop
	}
	clear(r.prepared)
	r.order = r.order[:0]
}

// collect runs the statement and gathers its rows up to the bounds.
func collect(stmt *sqlite3.SQLiteStmt, q read, values []driver.NamedValue) (_ *core.Rows, err error) {
	opened, err := stmt.QueryContext(context.Background(), values)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	cursor, ok := opened.(*sqlite3.SQLiteRows)
	if !ok {
		return nil, fmt.Errorf("sqlite's rows are a %T", opened)
	}
	rows := &core.Rows{Columns: slices.Clone(cursor.Columns()), Values: [][]any{}}
	rows.Types = declared(cursor)
	cells, bytes := make([]driver.Value, len(rows.Columns)), 0
	for {
		switch err := cursor.Next(cells); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, err
		case len(rows.Values) == q.maxRows:
			rows.Truncated = true
			return rows, nil
		}
		row := make([]any, len(cells))
		for i, cell := range cells {
			row[i] = cell
			bytes += cellSize(cell)
		}
		if bytes > q.maxBytes {
			rows.Truncated = true
			return rows, nil
		}
		rows.Values = append(rows.Values, row)
	}
}

// declared returns the declared types of the columns, and takes them away from
// the driver: it would turn what stands in columns declared as dates or truth
// values into something else, and could not always turn it back.
func declared(cursor *sqlite3.SQLiteRows) []string {
	inUse := cursor.DeclTypes()
	types := slices.Clone(inUse)
	clear(inUse)
	return types
}

func cellSize(cell any) int {
	switch v := cell.(type) {
	case string:
		return len(v) + 16
	case []byte:
		return len(v) + 16
	}
	return 16
}
