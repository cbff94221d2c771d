// Package engine seals and opens: devices, their keys and lists, Olm between
// devices, Megolm in rooms. It is a pure state machine: rows in, rows out, no
// network, no clock, no goroutine; its state is unchanged when it returns an error.
package engine
