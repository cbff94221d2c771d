// Package vault keeps a wallet's chats on this computer: one SQLite file whose
// contents are sealed row by row, and an index for searching that lives in memory.
package vault
