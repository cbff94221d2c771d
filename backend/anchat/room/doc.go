// Package room is the state of a room: a chain of signed events, who may do what,
// and the links and numbers by which people find and check each other. It is pure:
// no network, no clock, no disk.
package room
