package sandbox

// This file has the test people.

import (
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Phrase gives the wallets of the test people. It is PUBLIC, known to every
// developer's tool: whatever is sent there is gone.
const Phrase = "test test test test test test test test test test test junk"

// Wallet is a test person's: two addresses, and the accounts of Phrase that
// they belong to.
type Wallet struct {
	Name     string `json:"name"`
	Ethereum string `json:"ethereum"`
	Solana   string `json:"solana"`
	Account  uint32 `json:"account"`
}

// Wallets are the test people's: alice, bob and carol, the same in every
// sandbox.
func Wallets() ([]Wallet, error) {
	seed := wallet.Seed(Phrase, "")
	var people []Wallet
	for i, name := range []string{"alice", "bob", "carol"} {
		account := uint32(i)
		eth, err := wallet.Ethereum(seed, account)
		if err != nil {
			return nil, core.Wrap(core.Internal, err, "the test wallets cannot be made")
		}
		sol, err := wallet.Solana(seed, account)
		if err != nil {
			return nil, core.Wrap(core.Internal, err, "the test wallets cannot be made")
		}
		people = append(people, Wallet{Name: name, Ethereum: eth.Address(), Solana: sol.Address(), Account: account})
	}
	return people, nil
}
