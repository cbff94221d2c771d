package vault

// This file asks the file's questions: within a transaction, or beside it.

import (
	"context"
	"database/sql"
	"errors"
)

// statement is a prepared statement of the writer.
func (tx *Tx) statement(query string) (*sql.Stmt, error) {
	if s, ok := tx.v.prepared[query]; ok {
		return s, nil
	}
	s, err := tx.v.conn.PrepareContext(tx.ctx, query)
	if err != nil {
		return nil, explain(err)
	}
	if len(tx.v.prepared) >= maxPrepared { // begin anew: closing one that is in use would break its answer
		for old, closing := range tx.v.prepared {
			if err = closing.Close(); err != nil {
				return nil, explain(err)
			}
			delete(tx.v.prepared, old)
		}
	}
	tx.v.prepared[query] = s
	return s, nil
}

func (tx *Tx) exec(query string, args ...any) error {
	_, err := tx.change(query, args...)
	return err
}

// change is exec that tells how many rows it changed.
func (tx *Tx) change(query string, args ...any) (int64, error) {
	s, err := tx.statement(query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(tx.ctx, args...)
	if err != nil {
		return 0, explain(err)
	}
	n, err := r.RowsAffected()
	return n, explain(err)
}

func (tx *Tx) insert(query string, args ...any) (id int64, err error) {
	s, err := tx.statement(query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(tx.ctx, args...)
	if err != nil {
		return 0, explain(err)
	}
	id, err = r.LastInsertId()
	return id, explain(err)
}

// asker reads: the writer's transaction or one of the readers.
type asker interface {
	ask(query string, args ...any) (*sql.Rows, error)
}

func (tx *Tx) ask(query string, args ...any) (*sql.Rows, error) {
	s, err := tx.statement(query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(tx.ctx, args...)
	return rows, explain(err)
}

// view is a transaction that reads one state of the file.
type view struct {
	ctx context.Context //nolint:containedctx // it lives for one call of read
	tx  *sql.Tx
}

func (r view) ask(query string, args ...any) (*sql.Rows, error) {
	rows, err := r.tx.QueryContext(r.ctx, query, args...)
	return rows, explain(err)
}

// read runs do on one state of the file.
func (v *Vault) read(ctx context.Context, do func(a asker) error) (err error) {
	v.mu.Lock()
	shut := v.shut
	v.mu.Unlock()
	if shut {
		return ErrClosed
	}
	conn, err := v.readers.Conn(ctx)
	if err != nil {
		return explain(err)
	}
	// What is read is bounded, and with a context that can end the driver starts a
	// goroutine for each row.
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return errors.Join(explain(err), conn.Close())
	}
	defer func() {
		err = errors.Join(err, explain(tx.Rollback()), explain(conn.Close()))
	}()
	return do(view{ctx, tx})
}

// each calls do for every row of an answer.
func each(a asker, do func(scan func(to ...any) error) error, query string, args ...any) (err error) {
	rows, err := a.ask(query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, explain(rows.Close())) }()
	for rows.Next() {
		if err = do(func(to ...any) error { return explain(rows.Scan(to...)) }); err != nil {
			return err
		}
	}
	return explain(rows.Err())
}

// one reads the first row of an answer into to, and tells whether there is one.
func one(a asker, to []any, query string, args ...any) (found bool, err error) {
	err = each(a, func(scan func(to ...any) error) (err error) {
		if found {
			return nil
		}
		found = true
		return scan(to...)
	}, query, args...)
	return found, err
}
