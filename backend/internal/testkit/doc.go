// Package testkit holds what only tests need: the rules that the layout of the
// program must keep, and helpers that start real hosts on loopback.
package testkit
