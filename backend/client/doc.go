// Package client is the light client of a DeBros network: SQL, key-value
// storage and messages for a Go program that runs no node itself. It connects
// to the bootstrap peers that it is given and looks for no others.
//
//	config := client.DefaultClientConfig("my-app")
//	config.BootstrapPeers = []string{"/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…"}
//	config.APIKey = "…"
//	c, err := client.NewClient(config)
//	…
//	err = c.Connect()
//	…
//	defer c.Disconnect()
//	err = c.Storage().Put(ctx, "color", []byte("red"))
//	data, err := c.Storage().Get(ctx, "color")
//
// Everything a client touches is in one namespace: the one of its
// configuration, else one named after the application. Other applications have
// others, and the credential decides which may be opened.
//
// # Errors
//
// Every error has a code: core.CodeOf(err) says what to do. A call on a lost
// connection waits for the next one, up to ClientConfig.ConnectTimeout. A call
// that certainly did not happen is repeated once on the new connection. A write
// whose answer was lost is core.OutcomeUnknown and never repeated: read first.
//
// # Messages
//
// PubSub is real gossip: the client is a peer of its own, and what it publishes
// is signed with its key. Its subscriptions survive a lost connection, though
// what others publish meanwhile is missed. What must not be lost is stored.
package client
