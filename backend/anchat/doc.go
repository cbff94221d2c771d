// Package anchat is a wallet's end-to-end encrypted chat on one node: it joins the
// engine, the rooms, the vault and the nodes that keep the rows.
//
// # The pieces
//
// [Chat] is the chat of one node. At most one wallet is open at a time; its
// session has one goroutine that owns the engine and the writing side of the vault.
// Everybody else hands it turns (do). A turn is one transaction: the engine's new
// state, the rows of the vault, what is to be posted and what the screens are told
// are kept together or not at all. Inside of a turn nothing slow is done.
//
// Beside it stand goroutines that wait for the network: follow reads mailboxes and
// the inbox, listen hears what is told live, deliver puts what waits, askForKeys
// asks for missing keys and answers others who ask.
//
// # What the parts offer each other
//
//	s.do, s.look       a turn that changes, or reads
//	s.send, t.queue    a message for a room: inner.Text, Edit, Delete, React, Receipt, State
//	s.event, s.create  a change of a room, once the nodes have stored it; a new room
//	t.tell             a secret for devices, posted until it is stored
//	t.giveRoom         an invitation: where a room lives and has lived
//	s.signal           something fleeting
//	t.room, t.setLocal what is known of a room; what it is to its reader
//	t.changed          what the screens have to read anew
//	t.refused          something that was not believed, for diagnostics
//
// # What is believed
//
// Nothing that the nodes say is: rows carry signatures, rooms are chains, lists of
// devices never go back, and a key comes in through the one door of the engine.
// What does not hold is passed over and listed by Refusals.
package anchat
