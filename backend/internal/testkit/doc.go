// Package testkit holds what only tests need: the rules that the layout of the
// program must keep, real hosts and free ports on loopback, a clock that stands
// still, and what runs a part of a node until a test ends.
package testkit
