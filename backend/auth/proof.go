package auth

// This file checks a proof, and has what spends its nonce.

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// errNonce is what every refusal about a nonce says: a reason would tell a
// stranger what somebody else has done.
func errNonce() error {
	return core.Errorf(core.Unauthenticated, "the nonce is not valid for this wallet, namespace and gateway, was used, or its time has ended; ask for a new challenge")
}

// proven is a proof that holds, with a nonce that is not yet spent.
type proven struct {
	account   wallet.Account
	subject   string
	namespace core.Namespace
	nonce     nonce
	address   string
	// maker marks the rows of this one write, so that statements of the same
	// transaction know whether theirs is the one that spent the nonce.
	maker string
}

// prove checks everything about a proof but whether its nonce was spent.
func (a *Auth) prove(ctx context.Context, p core.Proof) (proven, error) {
	if err := a.ready(); err != nil {
		return proven{}, err
	}
	account, err := wallet.ParseAccount(p.Wallet, wallet.Chain(p.ChainType))
	if err != nil {
		return proven{}, err
	}
	ns, err := a.namespace(p.Namespace)
	if err != nil {
		return proven{}, err
	}
	who := failureKey{p.Address, account}
	if err = a.failures.check(who, a.settings.Now()); err != nil {
		return proven{}, err
	}
	n, b, err := a.genuine(ctx, p, binding{account: account, namespace: ns}, classSignIn)
	if err == nil {
		err = a.signed(p, n, b)
	}
	if err != nil {
		if core.CodeOf(err) == core.Unauthenticated {
			a.failures.add(who, a.settings.Now())
		}
		a.refused(ctx, account.String(), ns, p.Address, err)
		return proven{}, err
	}
	return proven{account: account, subject: account.String(), namespace: ns, nonce: n, address: p.Address, maker: randomText(16)}, nil
}

// genuine reads the nonce and finds what it is bound to.
func (a *Auth) genuine(ctx context.Context, p core.Proof, b binding, class byte) (nonce, binding, error) {
	n, ok := parseNonce(p.Nonce)
	now := a.settings.Now()
	if !ok || n.class != class || !now.Before(n.expires) || n.expires.Sub(now) > NonceLife+Skew {
		return nonce{}, binding{}, errNonce()
	}
	s, err := a.secrets(ctx)
	if err != nil {
		return nonce{}, binding{}, err
	}
	origins, err := a.candidates(ctx, p.Domain, p.URI)
	if err != nil {
		return nonce{}, binding{}, err
	}
	found, ok := match(s, n, b, origins)
	if !ok && a.view.askFor(kindNonce, beatEvery) { // another node may just have made a new key, or come with a new name
		a.view.secrets.empty()
		a.view.domains.empty()
		if s, _, err = readSecrets(ctx, a.weak); err != nil {
			return nonce{}, binding{}, core.Wrap(core.Unavailable, err, "the network cannot be asked about the nonce; repeat in a moment")
		}
		if origins, err = a.candidates(ctx, p.Domain, p.URI); err != nil {
			return nonce{}, binding{}, err
		}
		found, ok = match(s, n, b, origins)
	}
	if !ok {
		return nonce{}, binding{}, errNonce()
	}
	return n, found, nil
}

// signed checks the signature: over the message, or over the bare nonce.
func (a *Auth) signed(p core.Proof, n nonce, b binding) error {
	message, err := b.message(a.settings.Network, n)
	if err != nil {
		return err
	}
	err = wallet.Verify(b.account, message, p.Signature)
	if err != nil && !a.settings.RequireSignInText {
		if wallet.Verify(b.account, n.text, p.Signature) == nil {
			return nil
		}
	}
	return err
}

// spend is the statement that uses the nonce up. Of all that run it, anywhere,
// one changes a row. The rows that were removed are all older than the floor, so
// that no clock, set back, makes an old nonce new.
func (p proven) spend(now time.Time) core.Statement {
	return spend("nonce:"+p.nonce.text, p.maker, p.nonce.expires, now)
}

func spend(id, maker string, expires, now time.Time) core.Statement {
	return stmt(`INSERT INTO auth_spent(id, maker, expires_at, at) SELECT ?1, ?2, ?3, ?4
 WHERE ?3 > coalesce((SELECT expires_at FROM auth_floor), 0) ON CONFLICT(id) DO NOTHING`, id, maker, expires, now)
}

// spentBy is the condition that the statement before has done it. Its
// parameters are named, so that it fits into any statement's own.
func spentBy(id, maker string) string {
	return ` EXISTS (SELECT 1 FROM auth_spent WHERE id = ` + id + ` AND maker = ` + maker + `) `
}

// sweep removes what nobody asks about any more.
func (a *Auth) sweep(ctx context.Context) error {
	now := a.settings.Now()
	// unixepoch is the time of the log's entry, which is the same on all replicas
	// and never runs back: a node whose clock is ahead must not remove too much.
	const before = `min(?1, unixepoch() * 1000 - ?2)`
	look, err := a.near(ctx, stmt(`SELECT EXISTS (SELECT 1 FROM auth_spent WHERE expires_at < ?1) OR EXISTS (SELECT 1 FROM auth_revocations WHERE at < ?2)
 OR EXISTS (SELECT 1 FROM auth_sessions WHERE used_at < ?3) OR EXISTS (SELECT 1 FROM auth_token_keys WHERE not_after < ?1)
 OR EXISTS (SELECT 1 FROM auth_keys WHERE revoked_at > 0 AND revoked_at < ?3)`, now.Add(-spentKept), now.Add(-revokedKept), now.Add(-endedKept)))
	if err != nil || len(look) == 0 || number(look[0][0]) == 0 {
		return err
	}
	counts, err := a.exec(
		ctx,
		stmt(`INSERT INTO auth_floor(id, expires_at) SELECT 1, max(expires_at) FROM auth_spent WHERE expires_at < `+before+` HAVING count(*) > 0
 ON CONFLICT(id) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`, now.Add(-spentKept), spentKept),
		stmt(`DELETE FROM auth_spent WHERE id IN (SELECT id FROM auth_spent WHERE expires_at < `+before+` ORDER BY expires_at, id LIMIT ?3)`, now.Add(-spentKept), spentKept, maxSweepRows),
		stmt(`DELETE FROM auth_revocations WHERE at < `+before, now.Add(-revokedKept), revokedKept),
		stmt(`DELETE FROM auth_sessions WHERE id IN (SELECT id FROM auth_sessions WHERE used_at < `+before+` ORDER BY used_at, id LIMIT ?3)`, now.Add(-endedKept), endedKept, maxSweepRows),
		stmt(`DELETE FROM auth_token_keys WHERE not_after < `+before, now.Add(-spentKept), spentKept),
		stmt(`DELETE FROM auth_key_use WHERE id IN (SELECT id FROM auth_keys WHERE revoked_at > 0 AND revoked_at < `+before+`)`, now.Add(-endedKept), endedKept),
		stmt(`DELETE FROM auth_keys WHERE revoked_at > 0 AND revoked_at < `+before, now.Add(-endedKept), endedKept),
	)
	if err == nil && counts[1] == maxSweepRows { // there is more
		a.nudge()
	}
	return err
}

// failures slows down who fails often. It never locks anybody out: anybody can
// fail in another's name, so it counts by address and account together.
type failures struct {
	mu   sync.Mutex
	list *lru.Cache[failureKey, failure]
}

type failureKey struct {
	address string
	account wallet.Account
}

type failure struct {
	count int
	until time.Time
}

func newFailures() *failures {
	list, err := lru.New[failureKey, failure](maxFailures)
	if err != nil {
		panic("auth: the number of failures is not positive") // it is a constant
	}
	return &failures{list: list}
}

func (f *failures) check(k failureKey, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, there := f.list.Get(k)
	if left := one.until.Sub(now); there && left > 0 {
		seconds := int64((left + time.Second - 1) / time.Second)
		return core.Errorf(core.Limited, "too many proofs from here have failed; try again in %d seconds", seconds)
	}
	return nil
}

func (f *failures) add(k failureKey, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, _ := f.list.Get(k)
	if !one.until.IsZero() && now.Sub(one.until) > maxPause {
		one = failure{} // long ago
	}
	one.count++
	one.until = now
	if extra := one.count - failuresFree; extra > 0 {
		one.until = now.Add(min(maxPause, time.Second<<min(extra-1, 16)))
	}
	f.list.Add(k, one)
}

func (f *failures) forget(k failureKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list.Remove(k)
}
