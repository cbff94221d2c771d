// Package room is the state of a room: a chain of signed events, who may do what,
// and the links and numbers by which people find and check each other. It is pure:
// no network, no clock, no disk.
//
// # The chain
//
// A room's [State] is what its events make of it, from the first on. [Seal] closes
// the [Body] of an event under the key of the mailbox that the room lives in, so
// that those who keep the rows see an order and nothing else; [Open] is the way
// back. [State.Apply] takes the next event and returns the next state. Every
// member applies the same events in the same order and comes to the same state,
// so nothing in here asks a clock: where time counts, it is the event's.
//
// The nodes accept any event that names the one before it. Whether its author had
// the right to it is decided here. An event without the right changes nothing but
// the head of the chain.
//
// # Mailboxes
//
// When somebody is removed the room moves: the event that removes them closes the
// mailbox, and the first event of the next one ([BodyMoved]) names the closing
// event as the one before. Only who closed may carry the room on; where somebody
// without the right has closed it, its owner may.
//
// # Who is a member
//
// [State.MemberAt] answers for any event that the chain has passed, because a
// message is judged by what its sender knew.
package room
