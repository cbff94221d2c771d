// Package inner is what stands inside of sealed messages and envelopes: texts,
// edits, reactions, receipts, and the secrets that devices send each other. It
// seals nothing.
//
// # Messages
//
// A [Message] is a head of fixed fields and a body. The head repeats where the
// message belongs, so that a sealed text cut out of one room, session or device
// and pasted into another is noticed. [Message.Encode] pads to one of wire.Sizes,
// so that the length tells little; the small bodies are binary for that reason: a
// reaction, a deletion, a receipt and a short text are of one size.
//
// # Bodies
//
// [Marshal] writes a body, and each kind has its reader ([Message.Text] …), which
// checks all that a stranger could have written: lengths, characters, accounts.
// Bodies end in an optional JSON object; fields of it that this version does not
// know are passed over, and a kind that it does not know is no error either: the
// message stays, and says that it needs a newer version.
//
// # Secrets
//
// A [Secret] is what an Olm envelope carries from one device to another: keys,
// invitations, mailboxes. It names sender, receiver, room and session, too.
package inner
