// Package node builds the parts of a debros node and runs them as one. It is
// the only package that knows all of them; a file named after two parts joins
// those two.
//
//	folder, err := node.Claim(loaded.Config)
//	…
//	n, err := node.Open(ctx, folder, loaded, build, logs)
//	…
//	err = n.Run(ctx, nil, func() { … })
//
// Claim locks the data folder, Open builds everything without serving, Run
// starts the parts in a reasoned order, writes run.json, and stops them in
// reverse within five seconds. Whoever opens and does not run must Close.
package node
