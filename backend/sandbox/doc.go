// Package sandbox runs a network of several nodes on this machine: real
// processes of this very program, on loopback, each with a data folder of its
// own. Nothing of it reaches another machine.
//
//	s, err := sandbox.Open(sandbox.Settings{DataDir: dir, Name: "demo", Nodes: 3, Program: []string{exe}})
//	…
//	report, err := s.Up(ctx, nil)
//
// Up returns when the network works and not before: all members see each other,
// a leader is elected, a write is in every replica, and a message from one node
// reached all others. It founds the network at node-1; the others join there,
// which the network allows to anybody (security.open_join), because nobody but
// this machine can reach it.
//
// A sandbox lives in <data folder>/sandbox/<name> until Reset. Its nodes may
// outlive the process that started them: the file state.json says how to find
// them again, and a process is touched only while it is certainly the one that
// was started (process id and time of its start).
//
// Tests of several nodes use this package too: Node.Kill, Pause, Stop and Start
// do to one node what accidents do.
package sandbox
