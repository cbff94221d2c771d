// Package sqlguard decides which SQL a tenant may run. [Check] reads one
// statement with a grammar of SQLite's and refuses whatever that grammar does
// not know: it is an allow-list, not a list of bad words. It is pure: no
// database, no clock, no I/O.
//
// # What passes
//
// SELECT with everything SQLite has for it, INSERT, REPLACE, UPDATE and DELETE
// with UPSERT and RETURNING, CREATE, ALTER and DROP of tables, indexes, views
// and triggers, CREATE VIRTUAL TABLE with fts5, ANALYZE, REINDEX, EXPLAIN of any
// of them, and a short list of PRAGMAs that only read. Functions and
// table-valued functions are on lists too, because SQLite's library has some that
// reach beyond the database.
//
// # What is refused, and why
//
//   - ATTACH, DETACH, VACUUM: they open or write files of the computer.
//   - BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, OR ROLLBACK, ON CONFLICT
//     ROLLBACK, RAISE(ROLLBACK): one connection serves every caller, so ending "the
//     transaction" undoes writes of others that were already acknowledged.
//   - Other PRAGMAs: they change the whole process or differ between replicas.
//   - TEMP tables, views and triggers, and any schema but main: they live on one
//     connection of one replica.
//   - Recursive common table expressions in anything but a read: a read is cut
//     at its time limit, but a write cannot be (replicas would stop at different
//     rows), and an endless one blocks the group for good. A view is no place for
//     them either, because a write can read the view.
//   - Tables that begin with [ReservedPrefix], in every quoting style, and
//     writes to tables of SQLite itself ("sqlite_…"). sqlite_sequence is among the
//     latter because it holds the counters of our tables too.
//
// Reading sqlite_schema and the PRAGMAs that describe tables is allowed, since
// most libraries begin with that. A tenant can therefore learn the names and
// definitions of our own tables in the namespace, which are public in this
// source, but never a row of them.
//
// # How it stays safe
//
// The lexer follows SQLite's byte by byte, each token is read once, nesting is
// bounded by [MaxNesting], and there is no backtracking: the work is linear in
// the text. A name is judged where the grammar says that it is a name, and again
// wherever it is written as an identifier. Tests let SQLite itself, with an
// authorizer, judge what passed here.
package sqlguard
