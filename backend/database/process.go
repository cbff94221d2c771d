// What rqlite and SQLite keep once per process, in one place: the driver that
// rqlite opens every database with, and the loggers that it writes to standard
// error with. Nothing else in this package is shared between two Databases.

package database

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/mattn/go-sqlite3"
	rqlitedb "github.com/rqlite/rqlite/v8/db"
)

// installWriterLock wraps the connect hook of the driver object that rqlite
// opens its databases with, so that each connection of rqlite's gets the
// entry's clock and the second lock. There is one such object per process and
// it offers no other way in, hence a variable of the package that runs once;
// it must come before the first store opens.
//
//nolint:gochecknoglobals // rqlite has one driver object per process; this must happen to it exactly once
var installWriterLock = sync.OnceValue(func() error {
	driver, err := rqliteDriver()
	if err != nil {
		return err
	}
	inner := driver.ConnectHook
	driver.ConnectHook = func(conn *sqlite3.SQLiteConn) error {
		if inner != nil {
			if err := inner(conn); err != nil {
				return err
			}
		}
		return lockWriter(conn)
	}
	return nil
})

// rqliteDriver finds the driver object that rqlite registered.
func rqliteDriver() (_ *sqlite3.SQLiteDriver, err error) {
	db, err := sql.Open(rqlitedb.DefaultDriver().Name(), ":memory:")
	if err != nil {
		return nil, fmt.Errorf("open rqlite's driver: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	driver, ok := db.Driver().(*sqlite3.SQLiteDriver)
	if !ok {
		return nil, fmt.Errorf("rqlite's driver is a %T, not SQLite's", db.Driver())
	}
	return driver, nil
}

// openStore runs open, one at a time in the whole process: rqlite changes
// hclog's default options in place, which two stores opening at once would race
// for.
//
// While open runs, os.Stderr points to the null device. Half a dozen of rqlite's
// and Raft's loggers are made inside Open with os.Stderr and cannot be given
// another writer; without this they would write between the lines of a
// program whose standard error is its user's. What they have to say that
// matters comes back as an error as well. Whoever kept os.Stderr before, as
// the standard logger and this program's own do, is not touched.
func openStore(open func() error) error {
	opening.Lock()
	defer opening.Unlock()
	null, err := nullDevice()
	if err != nil {
		return fmt.Errorf("open null device: %w", err)
	}
	stderr := os.Stderr
	os.Stderr = null
	defer func() { os.Stderr = stderr }()
	return open()
}

//nolint:gochecknoglobals // guards what rqlite shares per process, see openStore
var opening sync.Mutex

// nullDevice stays open: the loggers made in openStore keep it.
//
//nolint:gochecknoglobals // one descriptor for all stores of the process
var nullDevice = sync.OnceValues(func() (*os.File, error) {
	return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
})

// plainDates is a private SQLite without our clock, see dates.
//
//nolint:gochecknoglobals // stateless but for its prepared statements; one serves all groups
var plainDates = sync.OnceValues(openDates)
