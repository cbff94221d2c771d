package auth

// This file opens sessions of the chat. A device signs for one, not its wallet:
// the wallet is asked once, when the device is made, and never for traffic.

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// deviceBytes is the length of a device's fingerprint.
const deviceBytes = 32

// OpenDevice makes the access token of a device: for the namespace of the chat,
// of the scope chat, bound to that device, and of [TokenLife]. There is nothing to
// refresh; the device comes again. The challenge was of the purpose "device", which
// opens nothing else. It returns Unauthenticated for a proof that does not hold or
// was used, and Limited while failed ones make the caller wait.
func (a *Auth) OpenDevice(ctx context.Context, p core.DeviceProof) (core.Tokens, error) {
	if err := a.ready(); err != nil {
		return core.Tokens{}, err
	}
	account, err := wallet.ParseAccount(p.Wallet, wallet.Chain(p.ChainType))
	if err != nil {
		return core.Tokens{}, err
	}
	if raw, errHex := hex.DecodeString(p.Device); errHex != nil || len(raw) != deviceBytes || p.Verify == nil {
		return core.Tokens{}, core.Errorf(core.Invalid, "a device is named by its fingerprint of %d hexadecimal digits", 2*deviceBytes)
	}
	who, now := failureKey{p.Address, account}, a.settings.Now()
	if err = a.failures.check(who, now); err != nil {
		return core.Tokens{}, err
	}
	n, err := a.proveDevice(ctx, p, account)
	if err != nil {
		if code := core.CodeOf(err); code == core.Unauthenticated || code == core.Denied {
			a.failures.add(who, now)
		}
		a.refused(ctx, account.String(), core.ChatNamespace, p.Address, err)
		return core.Tokens{}, err
	}
	if _, err = a.signer(ctx); err != nil { // before the nonce is spent
		return core.Tokens{}, err
	}
	proof := proven{account: account, subject: account.String(), namespace: core.ChatNamespace, nonce: n, address: p.Address, maker: randomText(16)}
	if _, err = a.spendWith(ctx, proof, []core.Statement{proof.spend(now)}); err != nil {
		return core.Tokens{}, err
	}
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: proof.subject}, Namespace: string(core.ChatNamespace),
		Scope: string(core.PermissionChat), SessionID: randomText(sessionIDBytes), Confirm: &confirmation{Device: p.Device},
	}
	access, life, err := a.access(ctx, c, now, now.Add(TokenLife))
	if err != nil {
		return core.Tokens{}, err
	}
	return core.Tokens{AccessToken: access, ExpiresIn: life, Subject: proof.subject, Namespace: core.ChatNamespace, SessionID: c.SessionID}, nil
}

// proveDevice checks everything but whether the nonce was spent.
func (a *Auth) proveDevice(ctx context.Context, p core.DeviceProof, account wallet.Account) (nonce, error) {
	n, b, err := a.genuine(ctx, core.Proof{Nonce: p.Nonce, Domain: p.Domain, URI: p.URI}, binding{account: account, namespace: core.ChatNamespace}, classDevice)
	if err != nil {
		return nonce{}, err
	}
	message, err := b.message(a.settings.Network, n)
	if err != nil {
		return nonce{}, err
	}
	return n, p.Verify(message)
}

// allowChat lets every device into the chat, by its own session, and nobody else.
func (a *Auth) allowChat(ctx context.Context, p core.Principal, ns core.Namespace) error {
	if ns != core.ChatNamespace || p.Namespace != ns || p.Method != core.MethodJWT || p.Device == "" || p.KeyID != "" ||
		!slices.Contains(p.Scopes, string(core.PermissionChat)) {
		return core.Errorf(core.Denied, "this is for devices of the chat: open a session with POST /v1/anchat/session")
	}
	return a.standing(ctx, p)
}
