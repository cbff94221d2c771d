package api

import (
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// The operator and the account are two: what is done in the name of one must not
// be done with the rights of the other.
func TestIdentity_ActsAsWhoWasNamed(t *testing.T) {
	p := newWalletPage(t)
	i := p.identity
	if err := i.Grant("account", "shop", "0xB0B", "reader"); codeOf(t, err) != core.Unauthenticated {
		t.Fatalf("nobody is signed in: %v", err)
	}
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := p.signInAs(t, true); err != nil {
		t.Fatal(err)
	}
	for _, as := range []string{"account", "operator"} {
		if err := i.Grant(as, "shop", " 0xB0B ", "reader"); err != nil {
			t.Fatal(err)
		}
	}
	account, operator := p.auth.asked[0], p.auth.asked[1]
	if account.Subject != fakeAddress || account.Operator() || account.Namespace != "shop" || account.SessionID == "" {
		t.Errorf("as the account it was %+v", account)
	}
	if !operator.Operator() || operator.SessionID != "" {
		t.Errorf("as the operator it was %+v", operator)
	}
	if p.auth.grants[0].Subject != "0xB0B" {
		t.Errorf("the grant is for %q", p.auth.grants[0].Subject)
	}
	if _, err := i.Apps("account", "shop"); codeOf(t, err) != core.Denied {
		t.Errorf("an account without a grant sees apps: %v", err)
	}
	if apps, err := i.Apps("operator", "shop"); err != nil || len(apps) != 1 {
		t.Errorf("%v, %v", apps, err)
	}
	if err := i.Grant("root", "shop", "0xB0B", "owner"); codeOf(t, err) != core.Invalid {
		t.Errorf("as somebody else: %v", err)
	}
}

// A grant to a mistyped address is nobody's, so it is refused before it is given.
func TestIdentity_GrantRefusesMistypedAddress(t *testing.T) {
	p := newWalletPage(t)
	if err := p.identity.Grant("operator", "shop", "B0B", "reader"); codeOf(t, err) != core.Invalid || len(p.auth.grants) > 0 {
		t.Errorf("%v, %v", err, p.auth.grants)
	}
	if problem, err := p.identity.CheckAddress("B0B"); err != nil || problem == "" {
		t.Errorf("%q, %v", problem, err)
	}
}

// A person who works for hours stays signed in; one whose session was ended
// elsewhere is told so, and the page knows it.
func TestIdentity_SessionGoesOnUntilItIsEnded(t *testing.T) {
	p := newWalletPage(t)
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := p.signInAs(t, true); err != nil {
		t.Fatal(err)
	}
	*p.now = p.now.Add(time.Hour)
	if a, err := p.Current(); err != nil || a.Address != fakeAddress || p.auth.renewed != 2 {
		t.Fatalf("an hour later: %+v, %v, %d pairs of tokens", a, err, p.auth.renewed)
	}
	p.auth.end()
	if a, err := p.Current(); err != nil || a.Address != "" {
		t.Errorf("after its end: %+v, %v", a, err)
	}
	if state := p.api.desk.walletState(); state.Account.Address != "" {
		t.Errorf("the page still shows %+v", state.Account)
	}
}

// Who ends all sign-ins ends this one too.
func TestIdentity_RevokeAll(t *testing.T) {
	p := newWalletPage(t)
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := p.signInAs(t, true); err != nil {
		t.Fatal(err)
	}
	if n, err := p.identity.RevokeAllSessions(); err != nil || n != 3 || p.api.desk.walletState().Account.Address != "" {
		t.Errorf("%d, %v, %+v", n, err, p.api.desk.walletState().Account)
	}
}

// The secret of a key is in the answer that made it, once.
func TestIdentity_KeyIsShownOnce(t *testing.T) {
	i := newWalletPage(t).identity
	made, err := i.CreateKey("operator", "shop", NewKey{Name: " backup ", Scopes: []string{"read"}, Days: 30})
	if err != nil || made.Secret != "ak_once" || made.Key.Name != "backup" {
		t.Errorf("%+v, %v", made, err)
	}
	for _, days := range []int{-1, maxKeyDays + 1} {
		if _, err := i.CreateKey("operator", "shop", NewKey{Days: days}); codeOf(t, err) != core.Invalid {
			t.Errorf("%d days: %v", days, err)
		}
	}
	if n, err := i.Node(); err != nil || n.PeerID != "12D3" || len(n.QR) == 0 || len(n.QR) != len(n.QR[0]) {
		t.Errorf("%+v, %v", n, err)
	}
}
