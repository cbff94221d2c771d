package auth

// This file has apps: programs that were registered for a namespace.

import (
	"context"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	appPrefix  = "app_"
	appIDBytes = 12
)

func checkApp(name, publicKey string) error {
	if len(name) > MaxNameBytes || len(publicKey) > MaxNameBytes {
		return core.Errorf(core.Invalid, "the name and the public key of an app have at most %d bytes", MaxNameBytes)
	}
	return nil
}

// insertApp stores an app where the condition holds and there is room. The
// condition's own parameters begin with ?8.
func insertApp(app core.App, condition string, args ...any) core.Statement {
	return stmt(`INSERT INTO auth_apps(id, namespace, name, public_key, wallet, created_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6
 WHERE (SELECT count(*) FROM auth_apps WHERE namespace = ?2) < ?7 AND `+condition,
		append([]any{app.ID, app.Namespace, app.Name, app.PublicKey, app.Wallet, app.CreatedAt, MaxApps}, args...)...)
}

func errApps() error {
	return core.Errorf(core.Limited, "a namespace has at most %d apps; delete some", MaxApps)
}

// Register makes an app for a wallet that proves itself: in a free namespace,
// which becomes the wallet's, or where it is an admin. It spends the nonce in the
// same write.
func (a *Auth) Register(ctx context.Context, p core.Proof, name string) (core.App, error) {
	if err := checkApp(name, ""); err != nil {
		return core.App{}, err
	}
	proof, err := a.prove(ctx, p)
	if err != nil {
		return core.App{}, err
	}
	claim, err := a.claim(ctx, proof)
	if err != nil {
		return core.App{}, err
	}
	app := core.App{
		ID: appPrefix + randomText(appIDBytes), Name: name, PublicKey: proof.subject, Namespace: proof.namespace, Wallet: proof.subject,
		CreatedAt: a.settings.Now().UTC().Truncate(time.Millisecond),
	}
	statements := append([]core.Statement{proof.spend(a.settings.Now())}, claim...)
	statements = append(statements, insertApp(app, spentBy("?8", "?9")+` AND EXISTS (SELECT 1 FROM auth_grants WHERE namespace = ?2 AND subject = ?5
 AND role IN ('owner', 'admin'))`, "nonce:"+proof.nonce.text, proof.maker))
	counts, err := a.spendWith(ctx, proof, statements)
	if err != nil {
		return core.App{}, err
	}
	if counts[len(counts)-1] == 0 {
		role, errRole := a.role(ctx, proof.namespace, proof.subject, false)
		if errRole == nil && roleRank(role) < rank(core.PermissionAdmin) {
			return core.App{}, errDenied()
		}
		return core.App{}, errApps()
	}
	a.note(ctx, core.AuditEvent{Event: "app_created", Subject: proof.subject, Namespace: app.Namespace, Target: app.ID, Address: p.Address})
	return app, nil
}

const selectApps = `SELECT id, name, public_key, namespace, wallet, created_at FROM auth_apps WHERE namespace = ?1`

func readApp(r []any) core.App {
	return core.App{
		ID: text(r[0]), Name: text(r[1]), PublicKey: text(r[2]), Namespace: core.Namespace(text(r[3])), Wallet: text(r[4]), CreatedAt: moment(r[5]),
	}
}

// Apps lists the apps of a namespace, the oldest first.
func (a *Auth) Apps(ctx context.Context, ns core.Namespace) ([]core.App, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	rows, err := a.weak(ctx, stmt(selectApps+` ORDER BY created_at, id`, ns))
	if err != nil {
		return nil, err
	}
	list := make([]core.App, len(rows))
	for i, r := range rows {
		list[i] = readApp(r)
	}
	return list, nil
}

// App returns one app, NotFound when the namespace has none of that id.
func (a *Auth) App(ctx context.Context, ns core.Namespace, id string) (core.App, error) {
	if err := a.ready(); err != nil {
		return core.App{}, err
	}
	rows, err := a.weak(ctx, stmt(selectApps+` AND id = ?2`, ns, id))
	if err != nil {
		return core.App{}, err
	}
	if len(rows) == 0 {
		return core.App{}, errNoApp()
	}
	return readApp(rows[0]), nil
}

func errNoApp() error { return core.Errorf(core.NotFound, "the namespace has no such app") }

// CreateApp makes an app in the caller's name.
func (a *Auth) CreateApp(ctx context.Context, p core.Principal, ns core.Namespace, name, publicKey string) (core.App, error) {
	if err := a.ready(); err != nil {
		return core.App{}, err
	}
	if err := checkApp(name, publicKey); err != nil {
		return core.App{}, err
	}
	subject, _, err := a.author(ctx, p, ns)
	if err != nil {
		return core.App{}, err
	}
	app := core.App{
		ID: appPrefix + randomText(appIDBytes), Name: name, PublicKey: publicKey, Namespace: ns, Wallet: subject,
		CreatedAt: a.settings.Now().UTC().Truncate(time.Millisecond),
	}
	counts, err := a.exec(ctx, insertApp(app, `true`))
	if err != nil {
		return core.App{}, err
	}
	if counts[0] == 0 {
		return core.App{}, errApps()
	}
	a.note(ctx, core.AuditEvent{Event: "app_created", Subject: p.Subject, Namespace: ns, Target: app.ID})
	return app, nil
}

// UpdateApp gives an app another name and public key. An empty one stays.
func (a *Auth) UpdateApp(ctx context.Context, p core.Principal, ns core.Namespace, id, name, publicKey string) error {
	if err := checkApp(name, publicKey); err != nil {
		return err
	}
	return a.changeApp(ctx, p, ns, id, "app_updated",
		stmt(`UPDATE auth_apps SET name = iif(?3 = '', name, ?3), public_key = iif(?4 = '', public_key, ?4) WHERE namespace = ?1 AND id = ?2`, ns, id, name, publicKey))
}

// DeleteApp removes an app, NotFound when the namespace has none of that id.
func (a *Auth) DeleteApp(ctx context.Context, p core.Principal, ns core.Namespace, id string) error {
	return a.changeApp(ctx, p, ns, id, "app_deleted", stmt(`DELETE FROM auth_apps WHERE namespace = ?1 AND id = ?2`, ns, id))
}

func (a *Auth) changeApp(ctx context.Context, p core.Principal, ns core.Namespace, id, event string, change core.Statement) error {
	if err := a.ready(); err != nil {
		return err
	}
	if letters, ok := strings.CutPrefix(id, appPrefix); !ok || !isID(letters, base62Letters(appIDBytes)) {
		return errNoApp()
	}
	counts, err := a.exec(ctx, change)
	if err != nil {
		return err
	}
	if counts[0] == 0 {
		return errNoApp()
	}
	a.note(ctx, core.AuditEvent{Event: event, Subject: p.Subject, Namespace: ns, Target: id})
	return nil
}
