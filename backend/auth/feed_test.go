package auth

import (
	"context"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Whoever is signed out, loses a role or a key is out everywhere within seconds,
// and what he had open ends; what others have open goes on.
func TestUntil_EndsWithItsReason(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice, bob, carol := newPerson(t), newPerson(t), newPerson(t)
	owner := home.who(home.signIn(alice, red).AccessToken)
	for _, p := range []person{bob, carol} {
		if err := home.Grant(t.Context(), owner, red, p.address, core.GrantWriter); err != nil {
			t.Fatal(err)
		}
	}
	signedOut := home.signIn(bob, red)
	key := home.key(owner, red, core.KeyOptions{})
	short := home.key(owner, red, core.KeyOptions{ExpiresIn: 20 * time.Minute})
	tests := map[string]struct {
		who    core.Principal
		happen func() error
		want   core.Code
	}{
		"signed out": {away.who(signedOut.AccessToken), func() error {
			_, err := home.Logout(t.Context(), signedOut.RefreshToken)
			return err
		}, core.Unauthenticated},
		"the role lowered": {away.who(home.signIn(carol, red).AccessToken), func() error {
			return home.Grant(t.Context(), owner, red, carol.address, core.GrantReader)
		}, core.Denied},
		"the key revoked": {away.who(key.Secret), func() error { return home.RevokeKey(t.Context(), owner, red, key.ID) }, core.Unauthenticated},
		"the key expired": {away.who(short.Secret), func() error { f.clock.Pass(20 * time.Minute); return nil }, core.Unauthenticated},
	}
	bystander, done := away.Until(t.Context(), owner, red, core.PermissionOwner)
	defer done()
	for name, test := range tests {
		ctx, cancel := away.Until(t.Context(), test.who, red, core.PermissionWrite)
		if ctx.Err() != nil {
			t.Fatalf("%s: it ended before it happened", name)
		}
		began := time.Now()
		if err := test.happen(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: it did not end", name)
		}
		t.Logf("%s: ended after %v", name, time.Since(began).Round(time.Millisecond))
		if code := core.CodeOf(context.Cause(ctx)); code != test.want {
			t.Errorf("%s: ended with %v", name, context.Cause(ctx))
		}
		cancel()
	}
	// Its token has ended by now, the session has not: a socket goes on.
	if away.good(home.signIn(alice, red).AccessToken) != "" || bystander.Err() != nil {
		t.Errorf("the bystander: %v", context.Cause(bystander))
	}
	done()
	if n := len(away.watchers.list()); n != 0 {
		t.Errorf("%d watchers are left", n)
	}
}

// A node that has lost touch with the network must not go by old rights: it
// says that it does not know. Where the operator allows it, reads go on.
func TestFeed_CutOff(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	away, lenient := f.node("away", nil), f.node("lenient", func(s *Settings) { s.OfflineReads = true })
	alice := newPerson(t)
	tokens := home.signIn(alice, red)
	key := home.key(home.who(tokens.AccessToken), red, core.KeyOptions{})
	p, q := away.who(tokens.AccessToken), away.who(key.Secret)
	for _, m := range []*member{away, lenient} {
		for _, one := range []core.Principal{m.who(tokens.AccessToken), m.who(key.Secret)} {
			if code := m.allowed(one, red, core.PermissionWrite); code != "" {
				t.Fatal(code)
			}
		}
	}
	socket, done := away.Until(t.Context(), p, red, core.PermissionRead)
	defer done()
	reading, doneReading := lenient.Until(t.Context(), p, red, core.PermissionRead)
	defer doneReading()
	writing, doneWriting := lenient.Until(t.Context(), p, red, core.PermissionWrite)
	defer doneWriting()

	began := time.Now()
	away.line.cut.Store(true)
	lenient.line.cut.Store(true)
	if _, err := home.Logout(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the node says that it does not know", func() bool {
		return away.good(tokens.AccessToken) == core.Unavailable && away.good(key.Secret) == core.Unavailable &&
			away.allowed(p, red, core.PermissionWrite) == core.Unavailable && away.allowed(q, red, core.PermissionRead) == core.Unavailable
	})
	t.Logf("it knew that it does not know after %v", time.Since(began).Round(time.Millisecond))
	for name, ctx := range map[string]context.Context{"a socket": socket, "a writing socket": writing} {
		<-ctx.Done()
		if code := core.CodeOf(context.Cause(ctx)); code != core.Unavailable {
			t.Errorf("%s: %v", name, context.Cause(ctx))
		}
	}
	t.Logf("sockets ended after %v", time.Since(began).Round(time.Millisecond))
	if reading.Err() != nil || lenient.good(key.Secret) != "" || lenient.allowed(lenient.who(key.Secret), red, core.PermissionRead) != "" {
		t.Error("reads do not go on where they are allowed to")
	}
	if code := lenient.allowed(lenient.who(key.Secret), red, core.PermissionWrite); code != core.Unavailable {
		t.Errorf("a write goes by old rights: %q", code)
	}
	if away.good(operatorKey) != "" {
		t.Error("the operator cannot use his own node")
	}

	away.line.cut.Store(false)
	eventually(t, "it knows again", func() bool {
		return away.good(tokens.AccessToken) == core.Unauthenticated && away.good(key.Secret) == ""
	})
}

// Looking at credentials is what every request does: it must write nothing, ask
// nobody, and hold no more memory for being done often.
func TestAuthenticate_WritesNothingAndAsksNobody(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	tokens := home.signIn(newPerson(t), red)
	key := home.key(home.who(tokens.AccessToken), red, core.KeyOptions{})
	index := func() uint64 {
		rows, err := f.db.Query(t.Context(), core.SystemNamespace, stmt(`SELECT 1`), core.QueryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return rows.Provenance.Index
	}
	look := func() {
		for _, credential := range []core.Secret{tokens.AccessToken, key.Secret} {
			if code := home.allowed(home.who(credential), red, core.PermissionWrite); code != "" {
				t.Fatal(code)
			}
		}
	}
	look()
	home.writeEvents(t.Context(), nil)
	eventually(t, "the feed is quiet", func() bool {
		before := home.line.execs.Load()
		look()
		return before == home.line.execs.Load() && len(home.events) == 0
	})
	before, writes, asked := index(), home.line.execs.Load(), home.line.asked.Load()
	for range 10_000 {
		look()
	}
	if n := home.line.execs.Load() - writes; n != 0 || index() != before {
		t.Errorf("20,000 look-ups wrote %d times; the log went from %d to %d", n, before, index())
	}
	if n := home.line.asked.Load() - asked; n > 10 { // the beat goes on
		t.Errorf("20,000 look-ups asked %d times", n)
	}
}

// A clock that is set back must not make an old beat young, nor lose the feed.
func TestView_IndexOnlyGrows(t *testing.T) {
	v := newView()
	for _, index := range []uint64{3, 7, 5} {
		v.heard(index)
	}
	if v.known() != 7 || v.inTouch() {
		t.Error(v.known(), v.inTouch())
	}
	c := newCache[string, int](2)
	begun := c.begin()
	c.empty()
	c.put("old", 1, begun)
	if _, there := c.get("old"); there {
		t.Error("an answer of before the change is remembered")
	}
}
