package auth

import (
	"context"
	"fmt"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// Each role and each kind of credential may do exactly what the table says, and
// what is not there answers like what is not one's own.
func TestAllow_TheTable(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", func(s *Settings) { s.APIKeys = []ConfiguredKey{{Key: configKey, Namespace: red}} })
	open := f.node("open", func(s *Settings) { s.RequireAuth, s.OwnNamespace = false, "mine" })
	people := map[core.Role]person{core.GrantOwner: newPerson(t), core.GrantAdmin: newPerson(t), core.GrantWriter: newPerson(t), core.GrantReader: newPerson(t), "": newPerson(t)}
	const shop core.Namespace = "shop"
	owner := home.who(home.signIn(people[core.GrantOwner], shop).AccessToken)
	who := map[string]core.Principal{"owner": owner}
	for role, p := range people {
		if role != core.GrantOwner && role != "" {
			if err := home.Grant(t.Context(), owner, shop, p.address, role); err != nil {
				t.Fatal(err)
			}
		}
		if role != core.GrantOwner {
			who[string(role)] = home.who(home.signIn(p, shop).AccessToken)
		}
	}
	who["operator"], who["configured"] = home.who(operatorKey), home.who(configKey)
	who["owner's default key"] = home.who(home.key(owner, shop, core.KeyOptions{}).Secret)
	who["owner's full key"] = home.who(home.key(owner, shop, core.KeyOptions{Scopes: []string{"admin"}}).Secret)
	who["owner's reading key"] = home.who(home.key(owner, shop, core.KeyOptions{Scopes: []string{"read"}}).Secret)
	who["reader's full key"] = home.who(home.key(who["reader"], shop, core.KeyOptions{Scopes: []string{"read", "write", "schema", "admin"}}).Secret)
	exchanged, err := home.Exchange(t.Context(), who["owner's default key"])
	if err != nil {
		t.Fatal(err)
	}
	who["token of the owner's default key"] = home.who(exchanged.AccessToken)
	who["anonymous elsewhere"] = core.Principal{Subject: anonymousSubject, Method: core.MethodNone, Namespace: shop}
	needs := []core.Permission{core.PermissionRead, core.PermissionWrite, core.PermissionSchema, core.PermissionAdmin, core.PermissionOwner}
	tests := map[string]int{ // how many of them, from the first
		"owner": 5, "admin": 4, "writer": 3, "reader": 1, "": 0, "operator": 5, "configured": 0,
		"owner's default key": 3, "owner's full key": 4, "owner's reading key": 1, "reader's full key": 1,
		"token of the owner's default key": 3, "anonymous elsewhere": 0,
	}
	for name, most := range tests {
		for i, need := range needs {
			want := core.Denied
			if i < most {
				want = ""
			}
			if got := home.allowed(who[name], shop, need); got != want {
				t.Errorf("%q, %s: got %q, want %q", name, need, got, want)
			}
			for _, other := range []core.Namespace{"blue", "nowhere", core.SystemNamespace, "Bad Name"} {
				err := home.Allow(t.Context(), who[name], other, need)
				if (name != "operator" || other == core.SystemNamespace) && (core.CodeOf(err) != core.Denied || core.Sentence(err) != core.Sentence(errDenied())) {
					t.Errorf("%q, %s in %s: %v", name, need, other, err)
				}
			}
		}
		if got := home.allowed(who[name], shop, "everything"); got != core.Denied {
			t.Errorf("%q, an unknown permission: %q", name, got)
		}
	}
	if home.allowed(who["configured"], red, core.PermissionSchema) != "" || home.allowed(who["configured"], red, core.PermissionAdmin) != core.Denied {
		t.Error("a configured key is not a writer of its namespace")
	}
	anonymous := open.who("")
	if open.allowed(anonymous, "mine", core.PermissionOwner) != "" || open.allowed(anonymous, shop, core.PermissionRead) != core.Denied {
		t.Error("who shows no credential does not own just the node's namespace")
	}
	if home.good("") != core.Unauthenticated {
		t.Error("no credential is one")
	}

	// A token is for the namespace that its text has named, whatever else the wallet owns.
	second := home.who(home.signIn(people[core.GrantOwner], "second").AccessToken)
	if home.allowed(second, "second", core.PermissionOwner) != "" || home.allowed(second, shop, core.PermissionRead) != core.Denied || home.allowed(owner, "second", core.PermissionRead) != core.Denied {
		t.Error("a token works in another namespace of its wallet")
	}

	// Whoever loses the grant loses the keys and their tokens.
	if err := home.Grant(t.Context(), who["operator"], shop, newPerson(t).address, core.GrantOwner); err != nil {
		t.Fatal(err)
	}
	if err := home.Grant(t.Context(), who["operator"], shop, people[core.GrantOwner].address, ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"owner", "owner's default key", "owner's full key", "token of the owner's default key"} {
		if got := home.allowed(who[name], shop, core.PermissionRead); got != core.Denied {
			t.Errorf("%s without the grant: %q", name, got)
		}
	}
}

// Nobody can raise himself, push an owner out, or leave a namespace to nobody.
func TestGrant_WhoMayGiveWhat(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	const shop core.Namespace = "shop"
	people := map[core.Role]person{core.GrantOwner: newPerson(t), core.GrantAdmin: newPerson(t), core.GrantWriter: newPerson(t), core.GrantReader: newPerson(t)}
	owner := home.who(home.signIn(people[core.GrantOwner], shop).AccessToken)
	who := map[core.Role]core.Principal{core.GrantOwner: owner}
	reset := func() {
		for role, p := range people {
			if role != core.GrantOwner {
				if err := home.Grant(t.Context(), owner, shop, p.address, role); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	reset()
	for role, p := range people {
		who[role] = home.who(home.signIn(p, shop).AccessToken)
	}
	roles := []core.Role{core.GrantOwner, core.GrantAdmin, core.GrantWriter, core.GrantReader, ""}
	low := func(r core.Role) bool { return r == core.GrantWriter || r == core.GrantReader || r == "" }
	for _, by := range roles[:4] {
		for _, target := range roles[1:4] {
			for _, next := range roles {
				want := core.Denied
				if by == core.GrantOwner || by == core.GrantAdmin && low(target) && low(next) {
					want = ""
				}
				err := home.Grant(t.Context(), who[by], shop, people[target].address, next)
				if core.CodeOf(err) != want {
					t.Errorf("%s makes a %s %q: %v, want %q", by, target, next, err, want)
				}
				reset()
			}
		}
		if by != core.GrantOwner {
			if err := home.Grant(t.Context(), who[by], shop, people[core.GrantOwner].address, ""); core.CodeOf(err) != core.Denied {
				t.Errorf("%s removes the owner: %v", by, err)
			}
		}
	}
	for _, next := range roles[1:] {
		if err := home.Grant(t.Context(), owner, shop, people[core.GrantOwner].address, next); core.CodeOf(err) != core.Conflict {
			t.Errorf("the last owner becomes %q: %v", next, err)
		}
	}
	admin := home.who(home.key(owner, shop, core.KeyOptions{Scopes: []string{"admin"}}).Secret)
	if err := home.Grant(t.Context(), admin, shop, people[core.GrantReader].address, core.GrantAdmin); core.CodeOf(err) != core.Denied {
		t.Errorf("a key makes an admin: %v", err)
	}
	if err := home.Grant(t.Context(), admin, shop, people[core.GrantReader].address, core.GrantWriter); err != nil {
		t.Errorf("a key with the scope admin makes a writer: %v", err)
	}
	for subject, want := range map[string]core.Code{"operator": core.Invalid, "key:abc": core.Invalid, "": core.Invalid} {
		if err := home.Grant(t.Context(), owner, shop, subject, core.GrantOwner); core.CodeOf(err) != want {
			t.Errorf("a grant for %q: %v", subject, err)
		}
	}
	list, err := home.Grants(t.Context(), who[core.GrantReader], shop)
	if err != nil || len(list) != 4 {
		t.Errorf("%d grants, %v", len(list), err)
	}
}

// A namespace that has an owner, that is reserved or that holds data is nobody
// else's, by no way.
func TestNamespace_CannotBeTakenOver(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", func(s *Settings) {
		s.APIKeys = []ConfiguredKey{{Key: configKey, Namespace: "tenant"}}
		s.Occupied = func(_ context.Context, ns core.Namespace) (bool, error) { return ns == "full", nil }
	})
	alice, mallory := newPerson(t), newPerson(t)
	home.signIn(alice, red)
	for _, ns := range []core.Namespace{red, core.DefaultNamespace, "full", "tenant"} {
		tokens, err := home.Verify(t.Context(), home.proof(mallory, ns))
		if err != nil || home.allowed(home.who(tokens.AccessToken), ns, core.PermissionRead) != core.Denied {
			t.Errorf("%s by signing in: %v", ns, err)
		}
		if _, err = home.KeyByProof(t.Context(), home.proof(mallory, ns), core.KeyOptions{}); core.CodeOf(err) != core.Denied {
			t.Errorf("%s by a key: %v", ns, err)
		}
		if _, err = home.Register(t.Context(), home.proof(mallory, ns), "an app"); core.CodeOf(err) != core.Denied {
			t.Errorf("%s by an app: %v", ns, err)
		}
		p := home.who(tokens.AccessToken)
		if _, err = home.CreateNamespace(t.Context(), p, ns); core.CodeOf(err) != core.Conflict {
			t.Errorf("%s by name: %v", ns, err)
		}
		if err = home.Grant(t.Context(), p, ns, mallory.address, core.GrantOwner); core.CodeOf(err) != core.Denied {
			t.Errorf("%s by a grant: %v", ns, err)
		}
		if _, err = home.CreateKey(t.Context(), p, ns, core.KeyOptions{}); core.CodeOf(err) != core.Denied {
			t.Errorf("%s by a key of the session: %v", ns, err)
		}
		if _, err = home.CreateApp(t.Context(), p, ns, "app", ""); core.CodeOf(err) != core.Denied {
			t.Errorf("%s by an app of the session: %v", ns, err)
		}
	}
	list, err := home.Namespaces(t.Context(), core.Principal{Subject: mallory.address, Method: core.MethodJWT})
	if err != nil || len(list) != 0 {
		t.Errorf("mallory has %v, %v", list, err)
	}
	if _, err := home.CreateNamespace(t.Context(), home.who(operatorKey), core.SystemNamespace); core.CodeOf(err) != core.Invalid {
		t.Errorf("the operator makes system: %v", err)
	}
}

// Names are for all: one wallet gets ten a day and twenty in all, and none where
// the operator gives them out.
func TestNamespace_Caps(t *testing.T) {
	f := newFabric(t)
	home, closed := f.node("home", nil), f.node("closed", func(s *Settings) { s.OpenRegistration = false })
	alice := newPerson(t)
	p := home.who(home.signIn(alice, "n0").AccessToken)
	made := 1
	for day := range 4 {
		for i := range 12 {
			_, err := home.CreateNamespace(t.Context(), p, core.Namespace(fmt.Sprintf("n%d-%d", day, i)))
			if err == nil {
				made++
			} else if core.CodeOf(err) != core.Limited {
				t.Fatal(err)
			}
		}
		if want := min(10*(day+1), 20); made != want {
			t.Errorf("%d namespaces after %d days, want %d", made, day+1, want)
		}
		f.clock.Pass(spentKept)
		p = home.who(home.signIn(alice, "n0").AccessToken)
	}
	if _, err := closed.CreateNamespace(t.Context(), p, "x"); core.CodeOf(err) != core.Denied {
		t.Errorf("where registration is closed: %v", err)
	}
	if tokens := closed.signIn(newPerson(t), "y"); closed.allowed(closed.who(tokens.AccessToken), "y", core.PermissionRead) != core.Denied {
		t.Error("signing in claims a namespace where registration is closed")
	}
	if _, err := closed.CreateNamespace(t.Context(), closed.who(operatorKey), "z"); err != nil {
		t.Errorf("the operator: %v", err)
	}
}
