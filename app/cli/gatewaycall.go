package cli

// This file finds the gateway that a command means, and the credential for it.

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// tokensAnswer is what verify, refresh and token answer.
type tokensAnswer struct {
	AccessToken  string         `json:"access_token"`  //nolint:gosec // it is read only
	ExpiresIn    int64          `json:"expires_in"`    // seconds
	RefreshToken string         `json:"refresh_token"` //nolint:gosec // likewise
	Subject      string         `json:"subject"`
	Namespace    core.Namespace `json:"namespace"`
}

// credential is the answer as it is saved for key.
func (t tokensAnswer) credential(key string, now time.Time) credential {
	return credential{
		For: key, AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, Subject: t.Subject, Namespace: t.Namespace,
		ExpiresAt: now.Add(time.Duration(t.ExpiresIn) * time.Second).UTC().Truncate(time.Second),
	}
}

// credentialKey is under what the sign-in of a place is saved: the gateway. The
// local node's port may be another at each start, so its folder stands for it.
func (a *app) credentialKey(p place) (string, error) {
	switch {
	case p.local:
		dir, err := a.dataDir()
		return "node " + dir, err
	case p.Gateway != "":
		return p.Gateway, nil
	}
	// A key goes to the nodes that took it; others under the same name do not get it.
	return "nodes " + strings.Join(p.Peers, " "), nil
}

// strangerGateway is the gateway of the context, to which nothing is shown yet.
func (a *app) strangerGateway(p place) (*gateway, error) {
	key, err := a.credentialKey(p)
	if err != nil {
		return nil, err
	}
	if !p.local {
		if p.Gateway == "" {
			return nil, core.Errorf(core.Invalid, "the context %q has no gateway; add one: debros context add %s --gateway URL", p.Name, p.Name)
		}
		return a.newGateway(p.Gateway, key, false), nil
	}
	dir, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	run, err := a.localNode(dir)
	if err != nil {
		return nil, err
	}
	if run.Gateway == "" {
		return nil, core.Errorf(core.Unavailable, "the gateway of the node on %s is off; set gateway.enabled to true and restart it", dir)
	}
	return a.newGateway(reachable(run.Gateway), key, true), nil
}

// gateway is the gateway of the context with the credential for it: that of the
// environment, else the saved one, else for the local node the operator's key.
func (a *app) gateway(ctx context.Context) (*gateway, error) {
	p, err := a.place()
	if err != nil {
		return nil, err
	}
	g, err := a.strangerGateway(p)
	if err != nil {
		return nil, err
	}
	if g.credential = core.Secret(a.lookup(credentialVariable)); g.credential != "" {
		return g, nil
	}
	saved, found, err := a.loadCredential(g.key)
	if err != nil {
		return nil, err
	}
	if found {
		return g, g.use(ctx, saved)
	}
	if g.local && g.onLoopback() {
		err = g.useOperator()
	}
	return g, err
}

// useOperator takes the key in the local node's data folder.
func (g *gateway) useOperator() error {
	dir, err := g.app.dataDir()
	if err != nil {
		return err
	}
	g.credential, err = config.LoadOperatorKey(dir)
	return err
}

// operatorGateway is the local node's gateway with the operator's key, whoever
// is signed in beside.
func (a *app) operatorGateway() (*gateway, error) {
	p, err := a.place()
	if err != nil {
		return nil, err
	}
	g, err := a.strangerGateway(p)
	if err != nil {
		return nil, err
	}
	if !g.local || !g.onLoopback() {
		return nil, core.Errorf(core.Denied, "this is for whoever runs the node; run it on the node's own computer")
	}
	return g, g.useOperator()
}

// onLoopback says whether requests stay on this computer. The operator's key
// goes nowhere else.
func (g *gateway) onLoopback() bool {
	u, err := url.Parse(g.base)
	return err == nil && loopback(u.Hostname())
}

// use takes a saved sign-in, renewed when it is old.
func (g *gateway) use(ctx context.Context, saved credential) error {
	g.credential, g.renewable = saved.secret(), saved.APIKey == "" && saved.RefreshToken != "" && !g.app.completing
	if !saved.old(time.Now()) {
		return nil
	}
	if !g.renewable {
		return g.ended()
	}
	return g.renew(ctx)
}

func (g *gateway) ended() error {
	return core.Errorf(core.Unauthenticated, "the sign-in at %s has ended; sign in again with 'debros auth login'", g.base)
}

// renew changes the saved refresh token for new tokens. It reads the file
// again: a command beside this one may have been faster, and a token that was
// used before would end the session.
func (g *gateway) renew(ctx context.Context) error {
	g.renewable = false
	saved, found, err := g.app.loadCredential(g.key)
	switch {
	case err != nil:
		return err
	case !found || saved.RefreshToken == "":
		return g.ended()
	case saved.secret() != g.credential && !saved.old(time.Now()):
		g.credential = saved.secret()
		return nil
	}
	g.credential = ""
	// From here on it runs to its end, whatever was given up: the gateway may have
	// replaced the token, and who comes back with the old one is signed out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewWithin)
	defer cancel()
	var t tokensAnswer
	err = g.once(ctx, http.MethodPost, "/v1/auth/refresh", map[string]string{"refresh_token": saved.RefreshToken}, &t)
	if core.CodeOf(err) == core.Unauthenticated {
		return core.Wrap(core.Unauthenticated, err, "%s", core.Sentence(g.ended()))
	}
	if core.CodeOf(err) == core.OutcomeUnknown { // whoever repeats it soon gets the same answer
		return core.Wrap(core.Unavailable, err, "the sign-in at %s could not be renewed, because it did not answer; repeat the command", g.base)
	}
	if err != nil {
		return err
	}
	renewed := t.credential(g.key, time.Now())
	if renewed.AccessToken == "" || renewed.RefreshToken == "" {
		return core.Errorf(core.Unavailable, "the gateway at %s answered a renewal without tokens; sign in again with 'debros auth login'", g.base)
	}
	// Saved before it is used: the old one is worth nothing from here on.
	if err := g.app.saveCredential(renewed); err != nil {
		return err
	}
	g.credential = renewed.secret()
	return nil
}

// savedCredential is what was saved for a context, renewed when it is old; ""
// when nothing was.
func (a *app) savedCredential(ctx context.Context, p place) (core.Secret, error) {
	key, err := a.credentialKey(p)
	if err != nil {
		return "", err
	}
	saved, found, err := a.loadCredential(key)
	if err != nil || !found {
		return "", err
	}
	if !saved.old(time.Now()) {
		return saved.secret(), nil
	}
	g, err := a.strangerGateway(p)
	if err != nil {
		return "", err
	}
	if err := g.use(ctx, saved); err != nil {
		return "", err
	}
	return g.credential, nil
}

// ask is the way of most commands: find the gateway and ask it one thing.
func (a *app) ask(ctx context.Context, method, path string, in, out any) error {
	g, err := a.gateway(ctx)
	if err != nil {
		return err
	}
	err = g.call(ctx, method, path, in, out)
	if core.CodeOf(err) != core.Denied {
		return err
	}
	ns, nsErr := a.namedNamespace()
	if saved, found, loadErr := a.loadCredential(g.key); nsErr == nil && loadErr == nil && found && ns != "" && ns != saved.Namespace {
		return core.Wrap(core.Denied, err, "%s; you are signed in to %s: sign in to %s with 'debros auth login --namespace %s'", core.Sentence(err), saved.Namespace, ns, ns)
	}
	return err
}
