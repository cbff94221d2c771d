// Package anchat is a wallet's end-to-end encrypted chat on one node: it joins the
// engine, the rooms, the vault and the nodes that keep the rows.
package anchat
