// Package engine seals and opens: devices, their keys and lists, Olm between
// devices, Megolm in rooms. It is a pure state machine: rows in, rows out, no
// network, no clock, no goroutine; its state is unchanged when it returns an error.
//
// # How it is used
//
// An [Olm] is one device of one wallet. Who owns it calls it from one goroutine,
// and after each call saves what [Olm.Dirty] returns in the same transaction as
// the rows of the call, before a byte leaves. [Olm.Rollback] takes calls back that
// nobody asked Dirty about; should the transaction fail afterwards, [Olm.Unsaved]
// does. [Load] makes the same device of the records.
//
//	e, err := engine.New(account, now)
//	request, err := e.EnrolmentRequest(known, "127.0.0.1:8080", code, nonce, now)
//	rows, err := e.Certify(text, signature, now) // the wallet signed request.Text
//	news, err := e.Learn(account, devices, now)  // what the service knows of an account
//	rows, ref, err := e.Seal(room, message, now) // announcement, keys, message
//	opened, err := e.Open(room, row, at)
//
// Records that may be a copy, or older than what the device has done, are told to
// the device by [Olm.Restored], before anything else. What was used to send with is
// then not used again.
//
// # What it believes
//
// Nothing that it is given is believed before it is checked. A device counts when
// its wallet signed for it and the account's list names it; a session, when such a
// device announced it as a member of the room; a key, when it belongs to an
// announced session and opens what that session signed. There is one door for keys,
// whoever brings them: a member, a sibling, a backup, a stranger.
//
// # Errors
//
// What may come right by itself is a type: [NeedDevices], [NeedAnnouncement],
// [NeedState], [MissingKey], [NeedNewer]: keep the row and try again. [ErrKnown]
// says that the row was here before. All else is a [Refusal] or says that the
// caller asked for something that cannot be; the sentence is fit to be shown.
//
// The ratchets are those of goolm. Its types are used as they are, without its
// registry, and its pickles without their encryption, whose key would have to be a
// constant: records are sealed where they are kept.
package engine
