package auth

// Real groups of three replicas on loopback, and a node that keeps none.

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
)

// village is a network with a node's Auth on each of its databases.
type village struct {
	*replicas.Network
	nodes []*member
}

func newVillage(t testing.TB, n int) *village {
	t.Helper()
	f := &fabric{t: t, clock: testkit.ClockAt(time.Now().UTC().Truncate(time.Second))}
	f.empty()
	v := &village{Network: replicas.New(t, n)}
	for i, name := range []string{"one", "two", "three", "four"}[:n] {
		v.nodes = append(v.nodes, f.startOn(f.settings(name), v.Databases(i).Internal()))
	}
	return v
}

// On a real network of three replicas and a node without one: a nonce is spent
// once, a token is good everywhere, whoever signs out is out everywhere, requests
// ask nobody, and without a majority nobody goes by old rights.
func TestNetwork_ThreeReplicas(t *testing.T) {
	v := newVillage(t, 4)
	alice := newPerson(t)
	for round := range 5 {
		p := v.nodes[round%4].proof(alice, red)
		var won atomic.Int64
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				mine := p
				mine.Address = randomText(8)
				if _, err := v.nodes[i%4].Verify(context.Background(), mine); err == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d signed in with one nonce", round, won.Load())
		}
	}
	tokens := v.nodes[0].signIn(alice, red)
	key := v.nodes[1].key(v.nodes[1].who(tokens.AccessToken), red, core.KeyOptions{})
	look := func(m *member) {
		for _, credential := range []core.Secret{tokens.AccessToken, key.Secret} {
			if code := m.allowed(m.who(credential), red, core.PermissionWrite); code != "" {
				t.Fatalf("at %s: %s", m.id, code)
			}
		}
	}
	for _, m := range v.nodes {
		look(m)
	}
	eventually(t, "the tables are quiet", func() bool {
		for _, m := range v.nodes {
			if len(m.events) > 0 || !m.view.inTouch() {
				return false
			}
		}
		return true
	})
	for _, m := range v.nodes {
		look(m)
		asked := m.line.asked.Load()
		for range 1000 {
			look(m)
		}
		if n := m.line.asked.Load() - asked; n > 20 { // the beat goes on
			t.Errorf("2,000 look-ups at %s asked %d times", m.id, n)
		}
	}
	began := time.Now()
	if _, err := v.nodes[2].Logout(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	for _, m := range v.nodes {
		eventually(t, "the token is refused at "+m.id, func() bool { return m.good(tokens.AccessToken) == core.Unauthenticated })
	}
	t.Logf("signed out everywhere after %v", time.Since(began).Round(time.Millisecond))

	socket, done := v.nodes[0].Until(t.Context(), v.nodes[0].who(key.Secret), red, core.PermissionRead)
	defer done()
	began = time.Now()
	for _, i := range []int{1, 2} {
		v.nodes[i].stop()
		v.Stop(i)
	}
	eventually(t, "a node without a majority says that it does not know", func() bool {
		return v.nodes[0].good(key.Secret) == core.Unavailable && v.nodes[3].good(key.Secret) == core.Unavailable
	})
	<-socket.Done()
	if code := core.CodeOf(context.Cause(socket)); code != core.Unavailable {
		t.Errorf("the socket ended with %v", context.Cause(socket))
	}
	t.Logf("without a majority for %v", time.Since(began).Round(time.Millisecond))
}
