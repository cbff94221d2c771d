// What rqlite and SQLite keep once per process, in one place: the driver that
// rqlite opens every database with, and the options that its stores change while
// they open. Nothing else in this package is shared between two Databases.

package database

import (
	"database/sql"
	"errors"
	"fmt"
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
// rqlite and Raft make half a dozen loggers inside Open that write to os.Stderr
// and cannot be given another writer. Pointing os.Stderr elsewhere meanwhile
// would race with every goroutine that looks at it; libp2p's do. So that is for
// main to do, once, before the first goroutine, when it has kept the real one
// for itself. Nothing that these loggers say is lost: what matters comes back
// as an error.
func openStore(open func() error) error {
	opening.Lock()
	defer opening.Unlock()
	return open()
}

//nolint:gochecknoglobals // guards what rqlite shares per process, see openStore
var opening sync.Mutex

// plainDates is a private SQLite without our clock, see dates.
//
//nolint:gochecknoglobals // stateless but for its prepared statements; one serves all groups
var plainDates = sync.OnceValues(openDates)
