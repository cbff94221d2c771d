// Package auth says who a caller is and what he may do.
//
// # From a wallet to a token
//
// [Auth.Challenge] gives a nonce to sign and writes nothing: the nonce carries
// its own proof, made with a key that all members share. [Auth.Verify],
// [Auth.Register] and [Auth.KeyByProof] check the signature and spend the nonce
// in the same write that makes the session, the app or the key, so that of many
// uses on many nodes one wins.
//
// # From a credential to a caller
//
// [Auth.Authenticate] knows access tokens, API keys and the operator's key;
// [Auth.Allow] reads the grants as they are now. Both answer from memory. The
// memory is emptied by the change feed of the system group ([Auth.Run]); a node
// that has lost touch with the group asks it each time, and refuses when it
// cannot. What is known of sessions that ended reaches every node within
// [RevokeWithin]; [Auth.Until] ends what is open then.
//
// # What is kept
//
// Everything is in tables of the system namespace (tables.go). Secrets are kept
// as hashes, but for two keys of the network itself. Each member signs tokens
// with a key of its own (tokenkeys.go), by the algorithm that it is configured for
// (algorithm.go), and the others accept that key as long as it is a member.
package auth
