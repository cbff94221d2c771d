// Package inner is what stands inside of sealed messages and envelopes: texts,
// edits, reactions, receipts, and the secrets that devices send each other. It
// seals nothing.
package inner
