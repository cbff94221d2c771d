package wallet_test

import (
	"fmt"

	"git.debros.io/DeBros/network/backend/wallet"
)

// A phrase gives the addresses that every other wallet shows for it. This one
// is public: never put money there.
func Example() {
	seed := wallet.Seed("test test test test test test test test test test test junk", "")
	eth, err := wallet.Ethereum(seed, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(eth.Address())
	// Output: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
}
