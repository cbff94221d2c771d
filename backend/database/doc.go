// Package database keeps one replicated SQLite database per namespace.
//
// Each namespace is a Raft group of its own, served by an embedded rqlite
// store whose Raft traffic runs over libp2p streams ([layer]). Groups are opened
// when somebody asks for them and put to sleep when nobody does ([groups]).
//
// # A write
//
// Exec looks at each statement with package sqlguard, queues it with the group
// and waits. The group's only writer ([committer]) sends one Raft entry at a
// time and gathers what arrives meanwhile into the next one ([entry]), so that
// one fsync serves many callers, each of whom gets their own result. The entry
// carries a time and a seed: what SQL calls "now" and "random" is read from
// there ([entryClock]), so that every replica, and every replay of the log after a
// restart, comes to the same rows. A SELECT may stand between the writes of one
// caller's transaction ([write]); it runs there on every replica.
//
// # A read
//
// Query settles how fresh it must be ([reads]) and then runs on a read-only
// connection of its own ([readers]), streaming, within limits of rows, bytes and
// time, and can be interrupted at any moment.
//
// # What changes
//
// Each awake group follows what rqlite captures while it applies entries ([feed]):
// of each table the last entry that changed it. [Internal.Changed] waits for it,
// at any replica, and wakes nobody before the change can be read. What the capture
// does not tell whole counts as a change of every table, and what happened while
// a replica was closed or its file was replaced is told as a gap: nothing is
// passed over in silence. [Databases.Live] runs a query again whenever its tables
// have changed.
//
// # Two locks against hostile SQL
//
// The first is package sqlguard, which reads the text. The second sits inside
// SQLite, in an authorizer on every connection ([writerLock], [readerLock]): it
// holds even when the first is passed by. [Databases.Internal] leaves the first
// out, for packages of this program.
//
// # Foreign keys
//
// Foreign keys are always enforced. A constraint that is DEFERRABLE is checked
// at the end of its caller's transaction, as always in SQLite: groups whose
// schema has one give each caller an entry of their own.
//
// # What is on disk
//
// <dir>/<namespace>/ holds raft.db, the log, which is the truth and is synced
// before a write is acknowledged; db.sqlite, which is rebuilt when the group
// opens; kept/, the last snapshot; and group.json, which says what the folder is ([marker]). A
// folder that cannot be trusted is never repaired and never started empty: the
// error names the file and the remedy, and the files stay as they are.
//
// After a write that the disk did not confirm nothing more is written ([gate]): the
// replica refuses writes with the reason, is cut off from its group and waits for a
// restart. Its reads at level none go on, and so does every other group.
//
// Each replica takes snapshots of its own ([keeper]). rqlite closes its snapshot
// files without syncing them, so each is first put aside into kept/, synced and
// with a checksum ([kept]), and the log is only ever cut behind that one. A group
// opens from the kept snapshot and the log after it, and from nothing else.
package database
