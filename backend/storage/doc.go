// Package storage keeps keys and values in the databases of namespaces.
//
// A key is 1 to 1024 bytes of UTF-8 text, and keys are compared as bytes. A value
// is any bytes up to a limit. Every put gives its key a new version: a number that
// only grows within a namespace and is never used twice, also not after the key
// was deleted. Versions are what compare-and-set ([core.PutOptions]) goes by.
//
// # How it is stored
//
// Each namespace has one table, _debros_kv, in the database that its SQL tables
// are in too, so keys and rows are replicated, ordered and backed up together.
// Package sqlguard keeps tenants away from it. It is made by the first write; a
// namespace without it reads as empty. The version is the table's rowid with
// AUTOINCREMENT, so a put is one statement and a condition is part of that same
// statement: nobody can come between the question and the change.
//
// # Expiry
//
// A put with a TTL is stored with the time of its end, counted from the clock of
// the node that accepted it. From then on every read hides it, listings too, and
// conditions take it for absent. The rows are removed later, in small steps, by
// [Storage.Run], and only in namespaces that somebody has used since the sweep
// before: a sweep must not wake a sleeping database, nor keep it from falling
// asleep. What expired in a namespace that nobody uses costs its space until
// somebody does.
//
// # The past
//
// Two triggers write each put, delete and expiry into a log beside the table,
// _debros_kv_log, in the same transaction. A change's number there is its version;
// a delete takes the next number of the same counter. As the log is a table, every
// replica has it, and it outlives restarts, changes of the leader and snapshots.
//
// [Storage.Watch] goes through it from a number on and waits at its end;
// [Storage.History] shows what a key was. Numbers follow each other without a hole,
// so a hole tells, as a gap, that something was dropped: the log is bounded by
// number, size and age, and a restored backup leaves a number out. A namespace
// that is older than logs gets one when somebody first asks for it.
//
// # Listing
//
// [Storage.List] pages through keys in order. With a separator it folds what lies
// behind it into branches, like folders; a branch costs one seek in the index,
// however many keys are in it. A cursor names the last thing of its page, so
// keys that come and go between two pages neither repeat nor hide others.
package storage
