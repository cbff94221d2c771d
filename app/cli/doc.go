// Package cli is the command line: it reads flags, calls a node and prints.
// Nothing is decided here.
//
// [Main] runs one command in an [Env], which holds everything that a process
// has: arguments, streams, environment. A test runs a command without a
// process; only env.go and app/main.go touch the real one.
//
// A command finds the node of its data folder by run.json and talks to it over
// libp2p with the operator's key beside it. It never opens the data folder of a
// running node. A context names another place to go: nodes, which are asked over
// libp2p, and a gateway, which is asked over HTTP by the groups auth, ns and app.
// What belongs to the user and to no node (contexts, sign-ins, wallets) lies in
// a folder of its own, closed to others. How a node is started is brought by app/main.go ([Program]), so
// this package needs no node to be built or tested.
//
// What a command prints goes through one door, [document], which knows the
// formats of -o. Data alone goes to standard output; everything else, such as
// progress and errors, to standard error.
package cli
