// Package wallet derives the keys and addresses of wallets, without a network
// and without a disk.
//
//	seed := wallet.Seed(phrase, "")
//	alice, err := wallet.Ethereum(seed, 0)
//	address := alice.Address()
//
// It follows the standards that other wallets follow, so that a phrase gives
// the same addresses everywhere: BIP-39 from words to a seed, BIP-32 with the
// paths of BIP-44 for Ethereum, SLIP-0010 for Solana's Ed25519 keys.
//
// Everything here is a pure function and may be called from any goroutine.
package wallet
