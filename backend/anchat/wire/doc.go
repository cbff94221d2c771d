// Package wire is what Anchat sends and stores: every row with its bytes, its
// signature and the checks that need no secret. Devices write rows, the service
// checks and keeps them, other devices read the very same bytes; gossip carries
// them too.
//
// # Signed bytes
//
// A signature is over a label, a zero byte, and each field with its length in
// four bytes, big end first ([Signed]). Each purpose has a label of its own, so a
// signature for one is worth nothing for another. Nothing is ever signed as JSON.
//
// # Rows
//
// A row is one byte that names its [Kind], then its fields in the same form; a
// [Message] is shorter, because there are many. [Decode] is strict: whatever it
// accepts, Encode writes again byte for byte, so equal rows are equal bytes.
//
// # Who is who
//
// An account is a wallet, written as CAIP-10. A device is a pair of keys that an
// account's wallet has certified ([Certificate]); its name is the [Fingerprint]
// of its statement. Which devices of an account live is in its [List]. A room
// keeps its rows in a mailbox: who knows the mailbox's [Tag] may read and append,
// everybody else sees its [Name] only.
//
// Functions may be called from any goroutine; rows are plain values.
package wire
