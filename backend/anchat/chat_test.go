package anchat

import (
	"testing"

	"git.debros.io/DeBros/network/backend/wallet"
)

// Two people whose messages do not arrive have no chat.
func TestChat_TwoWalletsWriteBothWays(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "hello bob")
		settle()
		bob.say(id, "hello ann")
		settle()
		want(t, id, []string{"hello bob", "hello ann"}, ann, bob)
	})
}
