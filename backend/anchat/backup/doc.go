// Package backup seals what a wallet needs to read its chats on a new device, and
// the key of that under a passphrase and a recovery code.
package backup
