package wallet_test

import (
	"context"
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/wallet"
)

// A phrase gives the addresses that every other wallet shows for it. This one
// is public: never put money there.
func ExampleEthereum() {
	seed := wallet.Seed("test test test test test test test test test test test junk", "")
	eth, err := wallet.Ethereum(seed, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(eth.Address())
	// Output: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
}

// A gateway writes the text, a wallet signs it after its owner has seen it, and
// the gateway judges the signature.
func Example() {
	seed := wallet.Seed("test test test test test test test test test test test junk", "")
	eth, err := wallet.Ethereum(seed, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	sol, err := wallet.Solana(seed, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer := wallet.NewSigner(eth, sol)
	defer signer.Lock()

	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	text, err := wallet.SignIn{
		Domain:         "gateway.example:6001",
		Account:        sol.Account(),
		Statement:      "Sign in to namespace shop. This moves no money.",
		URI:            "https://gateway.example:6001/v1/auth/verify",
		Version:        "1",
		ChainID:        "mainnet",
		Nonce:          "4UjV2mXkPq8sT0wYb6cE1gLr9nHzDa5F",
		IssuedAt:       now,
		ExpirationTime: now.Add(5 * time.Minute),
	}.Text()
	if err != nil {
		fmt.Println(err)
		return
	}
	signature, err := signer.Sign(context.Background(), sol.Account(), text, func(_ context.Context, r wallet.Request) error {
		fmt.Println(r.Text)
		return nil // the person agrees
	})
	fmt.Println(err, wallet.Verify(sol.Account(), text, signature))
	fmt.Println(wallet.Verify(sol.Account(), text+" ", signature))
	// Output:
	// gateway.example:6001 wants you to sign in with your Solana account:
	// oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96
	//
	// Sign in to namespace shop. This moves no money.
	//
	// URI: https://gateway.example:6001/v1/auth/verify
	// Version: 1
	// Chain ID: mainnet
	// Nonce: 4UjV2mXkPq8sT0wYb6cE1gLr9nHzDa5F
	// Issued At: 2026-03-01T12:00:00Z
	// Expiration Time: 2026-03-01T12:05:00Z
	// <nil> <nil>
	// the signature is not this wallet's over this text; sign the text unchanged, with the account that is named in it
}
