// Package backup seals what a wallet needs to read its chats on a new device.
//
// A backup has a random key of 32 bytes. Every entry is sealed under a key that is
// derived from it, and named by an HMAC, so that the nodes that keep the entries
// learn neither what they hold nor which sessions a wallet has ([Key.ID],
// [Key.Seal], [Key.Open]).
//
// The key itself is kept beside them, wrapped twice ([Wrap]): under a passphrase by
// Argon2id (RFC 9106), and under a recovery code of 130 random bits that is shown
// once ([NewCode]). It is never made from a wallet's signature: signatures need not
// repeat, and any site that wins the same one would own the history.
package backup
