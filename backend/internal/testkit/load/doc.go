// Package load puts a node or a network under a load whose history can be
// judged: did every acknowledged write survive, and was every strong read right?
//
//	l, err := load.Start(ctx, load.Settings{Seed: 7, Dial: dial})
//	… break something …
//	result := l.Stop()
//	err = result.Check(dir)
//	losses, err := result.Count(ctx, client)
//
// Every operation has one of three outcomes. Acknowledged and certainly failed
// ones bind the history; of the rest nobody knows whether they happened, so they
// stay open to its end. Values are unique, so a write that happened twice or
// came back from the dead shows.
package load
