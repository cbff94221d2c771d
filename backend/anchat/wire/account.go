package wire

// This file writes accounts as CAIP-10 has them.

import (
	"strings"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// The chains as CAIP-2 names them; Solana's is the start of its genesis hash.
const (
	ethereumChain = "eip155:1:"
	solanaChain   = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:"
)

// AccountID is an account as rows hold it (CAIP-10): lower case for Ethereum.
// It is "" for the zero account.
func AccountID(a wallet.Account) string {
	switch a.Chain() {
	case wallet.ETH:
		return ethereumChain + strings.ToLower(a.String())
	case wallet.SOL:
		return solanaChain + a.String()
	}
	return ""
}

// ParseAccountID reads what AccountID wrote, and nothing else. It returns
// core.Invalid.
func ParseAccountID(text string) (wallet.Account, error) {
	var (
		account wallet.Account
		err     error
	)
	if address, ok := strings.CutPrefix(text, ethereumChain); ok {
		account, err = wallet.ParseAccount(address, wallet.ETH)
	} else if address, ok := strings.CutPrefix(text, solanaChain); ok {
		account, err = wallet.ParseAccount(address, wallet.SOL)
	}
	if err != nil || AccountID(account) != text || text == "" {
		return wallet.Account{}, core.Errorf(core.Invalid, "this is no account of Ethereum or Solana as CAIP-10 writes it")
	}
	return account, nil
}
