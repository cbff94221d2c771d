//go:build system

// Row J9: what the chat has acknowledged is there, once, over many deaths of
// leaders. Run with
//
//	go test -tags system -run TestSystemJ9 -v ./backend/anchat/service

package service

import "testing"

// J9: if one message in a hundred thousand is lost, or is there twice, nobody can
// say of any that it was delivered.
func TestSystemJ9_NothingLostOrDoubled(t *testing.T) {
	messages, kills := 100_000, 20
	if testing.Short() {
		messages, kills = 10_000, 3
	}
	l := loseNothing(t, messages, kills)
	t.Logf("J9: %s", l.figures)
}
