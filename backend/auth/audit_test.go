package auth

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// What happened to an account must be there to be read, and must not hold what
// would let its reader in.
func TestAudit_TellsWithoutSecrets(t *testing.T) {
	f := newFabric(t)
	var log bytes.Buffer
	home := f.node("home", nil)
	home.stop()
	again := home.Auth
	again.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	stop := testkit.Run(t, again.Run)
	alice, bob := newPerson(t), newPerson(t)
	tokens := home.signIn(alice, red)
	p := home.who(tokens.AccessToken)
	key := home.key(p, red, core.KeyOptions{})
	app, err := home.CreateApp(t.Context(), p, red, "an app", "its key")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{
		home.UpdateApp(t.Context(), p, red, app.ID, "another name", ""),
		home.Grant(t.Context(), p, red, bob.address, core.GrantWriter), home.Grant(t.Context(), p, red, bob.address, ""),
		home.RevokeKey(t.Context(), p, red, key.ID),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	if got, errApp := home.App(t.Context(), red, app.ID); errApp != nil || got.Name != "another name" || got.PublicKey != "its key" {
		t.Errorf("the app is %+v, %v", got, errApp)
	}
	if err = home.DeleteApp(t.Context(), p, red, app.ID); err != nil {
		t.Fatal(err)
	}
	if err = home.DeleteApp(t.Context(), p, blue, app.ID); core.CodeOf(err) != core.NotFound {
		t.Errorf("another namespace's app: %v", err)
	}
	next, err := home.Refresh(t.Context(), tokens.RefreshToken, "", "192.0.2.9")
	if err != nil {
		t.Fatal(err)
	}
	wrong := home.proof(alice, red)
	wrong.Signature = bob.sign(t, wrong.Nonce)
	if _, err = home.Verify(t.Context(), wrong); err == nil {
		t.Fatal("signed in by another's signature")
	}
	if _, err = home.Logout(t.Context(), next.RefreshToken); err != nil {
		t.Fatal(err)
	}
	var list []core.AuditEvent
	eventually(t, "all events are written", func() bool {
		list, err = home.Audit(context.Background(), red, 0)
		return err != nil || len(list) >= 10
	})
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	for _, e := range list {
		fmt.Fprintf(&told, "%s %s %s %s\n", e.Event, e.Subject, e.Target, e.Detail)
	}
	for _, want := range []string{
		"sign_in " + alice.address, "key_created", "key_revoked " + alice.address + " " + key.ID, "app_created", "app_updated", "app_deleted",
		"granted " + alice.address + " " + bob.address + " writer", "grant_removed", "refreshed", "sign_out",
	} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &told)
		}
	}
	stop()
	if !strings.Contains(log.String(), "proof refused") {
		t.Error("the log does not tell of a refusal")
	}
	rows, err := home.here(t.Context(), stmt(`SELECT group_concat(quote(id) || quote(current) || quote(previous)) FROM auth_sessions
 UNION ALL SELECT group_concat(quote(id) || quote(hash) || quote(name)) FROM auth_keys UNION ALL SELECT group_concat(id) FROM auth_spent`))
	if err != nil {
		t.Fatal(err)
	}
	everything := told.String() + log.String() + fmt.Sprint(rows)
	for name, secret := range map[string]string{
		"access token": tokens.AccessToken.Reveal(), "refresh token": tokens.RefreshToken.Reveal(), "API key": key.Secret.Reveal(),
		"signature": wrong.Signature, "refused nonce": wrong.Nonce, "operator key": operatorKey.Reveal(),
	} {
		if strings.Contains(everything, secret) {
			t.Errorf("the %s is in the log or in the tables", name)
		}
	}
}

// Guessing is slowed down, and nobody is locked out by another's guesses.
func TestFailures_PauseButNeverLockOut(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	alice, mallory := newPerson(t), newPerson(t)
	try := func(address string, by person) core.Code {
		p := home.proof(alice, red)
		p.Address, p.Signature = address, by.sign(t, p.Nonce)
		_, err := home.Verify(t.Context(), p)
		return core.CodeOf(err)
	}
	for i := range failuresFree {
		if code := try("198.51.100.7", mallory); code != core.Unauthenticated {
			t.Fatalf("attempt %d: %q", i, code)
		}
	}
	try("198.51.100.7", mallory)
	if code := try("198.51.100.7", mallory); code != core.Limited {
		t.Errorf("the seventh: %q", code)
	}
	if code := try("192.0.2.1", alice); code != "" {
		t.Errorf("alice from elsewhere: %q", code)
	}
	f.clock.Pass(maxPause)
	if code := try("198.51.100.7", alice); code != "" {
		t.Errorf("alice from there, after the pause: %q", code)
	}
}
