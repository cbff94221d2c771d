package anchat

// This file says how people are called.

import (
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/wallet"
)

// nameOf is how somebody is called in a room: by the nickname that the reader gave
// them, else by their address.
func (s *session) nameOf(_ wire.Room, a wallet.Account) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if name := s.nicknames[a]; name != "" {
		return name
	}
	return a.String()
}
