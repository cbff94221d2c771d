// SQLite's own date functions, reached through a private connection: on a
// writing connection their names stand for the entry's clock.

package database

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// maxDateArgs bounds the arguments of a date function; SQLite's own bound of
// function arguments is the same order.
const maxDateArgs = 64

// dates answers date functions whose every argument is given, so the answer
// depends on nothing else.
type dates struct {
	mu         sync.Mutex
	conn       *sqlite3.SQLiteConn
	statements map[dateShape]driver.Stmt // at most one per function and count of arguments
}

type dateShape struct {
	name string
	args int
}

func openDates() (*dates, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open(":memory:")
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	sqlite, ok := conn.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite's connection is a %T", conn), conn.Close())
	}
	return &dates{conn: sqlite, statements: map[dateShape]driver.Stmt{}}, nil
}

// call runs one function. name is one of the date functions' names.
func (d *dates) call(name string, args []any) (any, error) {
	if len(args) > maxDateArgs {
		return nil, fmt.Errorf("%s() takes at most %d arguments", name, maxDateArgs)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	stmt, err := d.prepareLocked(dateShape{name, len(args)})
	if err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(args))
	for i, arg := range args {
		if blob, isBlob := arg.([]byte); isBlob && blob == nil { // how the driver hands a function a NULL
			arg = nil
		}
		values[i] = arg
	}
	rows, err := stmt.Query(values) //nolint:staticcheck // no context can end a date function
	if err != nil {
		return nil, err
	}
	cell := make([]driver.Value, 1)
	err = rows.Next(cell)
	if errors.Is(err, io.EOF) {
		err = errors.New("no row")
	}
	if err = errors.Join(err, rows.Close()); err != nil {
		return nil, fmt.Errorf("%s(): %w", name, err)
	}
	return cell[0], nil
}

func (d *dates) prepareLocked(shape dateShape) (driver.Stmt, error) {
	if stmt, found := d.statements[shape]; found {
		return stmt, nil
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", shape.args), ",")
	stmt, err := d.conn.Prepare("SELECT " + shape.name + "(" + marks + ")")
	if err != nil {
		return nil, err
	}
	d.statements[shape] = stmt
	return stmt, nil
}
