package auth

import (
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

func mustAccount(t testing.TB, text string) wallet.Account {
	t.Helper()
	account, err := wallet.ParseAccount(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func successorOf(t testing.TB, m *member, tokens core.Tokens) string {
	t.Helper()
	s, err := m.secrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return successor(s.refresh, tokens.SessionID, tokens.RefreshToken.Reveal())
}
