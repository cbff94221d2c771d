// Package vault keeps a wallet's chats on this computer: one SQLite file whose
// contents are sealed row by row, and an index for searching that lives in memory.
//
// # What is on the disk
//
// Each cell that tells anything is sealed (XChaCha20-Poly1305) under a key that is
// made of the vault's key, and bound to the table and the row that it stands in, so
// that cells cannot change places. What stands beside the cells are numbers, times
// and names that are HMACs. The vault's key lies in a file of its own, sealed under
// a passphrase (Argon2id), under a secret in the system's keychain, or under both;
// see [Keys].
//
// # Transactions
//
// All changes are made in [Vault.Update]: one transaction that is on the disk when
// Update returns nil, and has not happened otherwise. There is one writer; reading
// goes on beside it and sees what was committed.
//
// # Lines
//
// A room is a row of lines, and every message of a mailbox is a line, shown or not.
// A row that arrives, stored or heard by gossip, goes through [Tx.Merge], which
// tells whether it is news; once it is opened, [Tx.Apply] says what it was. Edits,
// deletions and reactions are lines that point at another one and are folded into
// it when it is read: so it does not matter which of the two came first. The order
// is that of the store; see [Place].
//
// Methods of a Vault may be called from any goroutine, those of a [Tx] only by the
// function that was given it.
package vault
