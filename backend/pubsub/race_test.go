//go:build race

package pubsub

// raceEnabled says that the race detector slows everything down.
const raceEnabled = true
