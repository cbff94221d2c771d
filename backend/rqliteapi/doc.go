// Package rqliteapi serves one namespace in the words of rqlite's HTTP API, so
// that rqlite's shell and the clients written for rqlite work with a debros node.
//
//	debros node start --rqlite-port 5001 --rqlite-namespace shop
//	rqlite -p 5001 -u :<operator key or API key>
//
//	conn, err := gorqlite.Open("http://any:<key>@127.0.0.1:5001/")
//
// The user's name is not looked at, the password is the credential. A node with
// gateway.require_auth=false asks for none.
//
// # What is there
//
// GET and POST /db/query, POST /db/execute and /db/request, with the bodies,
// the parameters and the answers of rqlite; GET /db/backup (an SQLite file, or
// SQL text with fmt=sql) and POST /db/load (either of the two); /status, /nodes,
// /leader and /readyz. Everything else answers with the debros command that does it.
//
// # What differs from rqlite
//
//   - Each text is one statement, and passes package sqlguard like any tenant's.
//   - The levels strong and auto read as linearizable and weak.
//   - Reads run one by one: "transaction" with several of them is accepted, but
//     each sees the newest state. Reads and writes cannot be one transaction.
//   - A queued write is written at once; its sequence number only counts up.
//   - An answer past the node's limits is an error and never cut in silence; an
//     integer that 64 bits do not hold is refused and never rounded.
//   - Dates and booleans come as they are stored.
//   - /db/load never replaces a table unless it is told so with
//     existing=replace; existing=append adds to tables. rqlite replaces all. Rows
//     are stored in batches: what was stored before a mistake stays, and is told.
//   - /nodes gives the address of this API for every replica: it passes requests
//     on to the leader by itself, so that no client has to find it.
//
// # Who may call
//
// It listens on 127.0.0.1 only. Requests under another Host, from pages of
// another origin and without a valid credential are refused before their body is
// read. There is no CORS, and no Basic challenge that a browser would remember.
package rqliteapi
