// Package service keeps Anchat's rows in the database of the namespace "anchat".
// It checks what can be checked without secrets, and reads nothing else.
//
// # Who may put what
//
// Rows speak for themselves: whoever brings them, a row is stored when its
// signature is that of a device which lives in its account's newest list, and a
// message when it is signed by a session that such a device has announced in that
// mailbox. Everybody who passes gossip on knows mailboxes by name: so an event or an
// announcement is taken from a caller that has shown the tag at this node, by reading
// or following, or of a device that has spoken there; anybody makes a new mailbox.
// Certificates and lists are proved by the wallet, so that a device which
// is known nowhere yet can put its own. What else the [wire.Caller] counts for are its
// inbox, its files and its backups.
//
// # One log for each box
//
// A box is a mailbox, or the inbox of a device. Its rows are numbered from 1
// without a hole, a row for each event, announcement, message, knock, erasure or
// envelope. The rows of one request that belong to one box are one statement, which
// carries all its conditions: several nodes write at once, and only the database
// sees what the others have done. A statement whose conditions do not hold stores
// nothing; then the reason is looked up ([wire.Receipt]). Triggers keep the heads
// of boxes, the sessions and the counts beside the log, in the same transaction.
//
// Codes of receipts: core.PreconditionFailed, the mailbox is closed; core.Conflict,
// the place is taken by other bytes or the chain went on; core.NotFound, it needs
// something that is not here; core.Denied, signature or device; core.Limited, a
// quota; core.TooLarge and core.Invalid, the row itself.
//
// # What the tables tell
//
// Rows are kept as they were sent. Beside them the tables have what the rows say in
// the open (devices, sessions, numbers), when each came, how many rows of which kind
// an account has written this minute and day, and whose a file or a backup is. An
// erased message is gone from the tables at once; the log of the databases forgets
// it when that is next shortened.
//
// # Who waits
//
// [Service.Run] watches the heads for all followers of this node together, and only
// while there is one. It also removes what has had its time.
package service
