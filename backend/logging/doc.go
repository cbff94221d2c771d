// Package logging is the node's log: one handler behind log/slog that writes
// to the console, to a file that is begun anew when it is full, and to a ring
// in memory that the page and "debros node logs" read.
//
// Every part of the node gets its own logger by [Logging.Logger], and its level
// can be changed while the node runs. What looks like a secret is blanked
// before anything is written: values of type core.Secret wherever they are, and
// attributes whose key says that they hold one.
//
// Rotation and the console's form are written here and not taken from a
// library: the one at hand leaves a goroutine behind for each file, and the
// usual coloured handler passes terminal control sequences on from text that
// strangers sent.
package logging
