//go:build system

package service

import "testing"

// The whole of it: 100,000 messages over 20 deaths of leaders. Run with
//
//	go test -tags system -run TestSystemLoss -v -timeout 30m ./backend/anchat/service
func TestSystemLoss(t *testing.T) {
	if testing.Short() {
		loseNothing(t, 10_000, 4)
		return
	}
	loseNothing(t, 100_000, 20)
}
