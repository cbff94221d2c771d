// The first lock: what package sqlguard says of a tenant's statement, remembered
// by its text, since programs send the same few texts all day.

package database

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

// maxCheckedBytes is the longest text whose judgement is remembered.
const maxCheckedBytes = 4 << 10

// checked remembers judgements that let a statement pass.
type checked struct {
	mu     sync.RWMutex
	passed map[string]sqlguard.Statement // at most maxCheckedTexts
}

func newChecked() *checked { return &checked{passed: map[string]sqlguard.Statement{}} }

// check asks sqlguard, or remembers what it said.
func (c *checked) check(sql string) (sqlguard.Statement, error) {
	c.mu.RLock()
	st, found := c.passed[sql]
	c.mu.RUnlock()
	if found {
		return st, nil
	}
	st, err := sqlguard.Check(sql)
	if err != nil || len(sql) > maxCheckedBytes {
		return st, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.passed) >= maxCheckedTexts {
		clear(c.passed) // texts made up one by one; better to forget than to sort
	}
	c.passed[sql] = st
	return st, nil
}

// Kind says what one statement of a tenant does: "read", "write" or "schema". It
// returns the error of package sqlguard for one that may not run.
func (d *Databases) Kind(sql string) (string, error) {
	st, err := d.checked.check(sql)
	return string(st.Kind), err
}

// read lets a tenant's read pass.
func (c *checked) read(s core.Statement) error {
	st, err := c.check(s.SQL)
	switch {
	case err != nil:
		return err
	case st.Kind != sqlguard.Read:
		return core.Errorf(core.Invalid, "this statement writes; send it as a write")
	}
	return countValues(st, s)
}

// writes lets a tenant's statements pass. Between the writes of a transaction
// there may be reads.
func (c *checked) writes(statements []core.Statement, atomic bool) error {
	atomic = atomic && slices.ContainsFunc(statements, func(s core.Statement) bool {
		st, err := c.check(s.SQL)
		return err == nil && st.Kind != sqlguard.Read
	})
	for i, s := range statements {
		position := i
		if !atomic {
			position = 0
		}
		if err := c.write(s, position, atomic); err != nil {
			return atStatement(err, i, len(statements))
		}
	}
	return nil
}

// write lets one of them pass. position counts the statements before it in the
// same transaction.
func (c *checked) write(s core.Statement, position int, atomic bool) error {
	st, err := c.check(s.SQL)
	switch {
	case err != nil:
		return err
	case st.Kind == sqlguard.Read && !atomic:
		return core.Errorf(core.Invalid, "this statement only reads; send it as a query")
	case st.Kind == sqlguard.Read && (st.Explain || st.Recursive || st.Verb != "SELECT" && st.Verb != "VALUES"):
		return core.Errorf(core.Invalid, "a read between the writes of a transaction is a SELECT that does not recur; send this one as a query")
	case st.Session && position == 0:
		return core.Errorf(core.Invalid, "last_insert_rowid() and changes() mean something only after an earlier write of the same transaction; "+
			"send both statements as one transaction, or use RETURNING")
	}
	return countValues(st, s)
}

// countValues finds a forgotten or superfluous value, which SQLite would take for
// NULL or ignore.
func countValues(st sqlguard.Statement, s core.Statement) error {
	if len(s.Named) == 0 && len(s.Args) != st.Parameters {
		return core.Errorf(core.Invalid, "the statement has %d parameters, %d values were given", st.Parameters, len(s.Args))
	}
	return nil
}

// atStatement names the statement that an error is about, when there are several.
func atStatement(err error, i, n int) error {
	coded, ok := errors.AsType[*core.Error](err)
	if n == 1 || !ok {
		return err
	}
	return core.Wrap(coded.Code, err, "%s", fmt.Sprintf("statement %d of %d: %s", i+1, n, coded.Msg))
}
