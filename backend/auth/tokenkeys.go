package auth

// This file has the keys that sign tokens: each member's own pair, whose public
// half it publishes, signed by its identity.

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	maxTokenKeyFile = 16 << 10
	tokenKeyRemedy  = "move it away to get new keys; tokens that the old ones signed end then"
)

// tokenKey is a public key as the network knows it.
type tokenKey struct {
	id                  string
	node                string
	algorithm           string // the only one that it signs by
	public              []byte // as it is published
	verifier            crypto.PublicKey
	notBefore, notAfter time.Time
}

// signing are this node's own keys, the newest last.
type signing struct {
	turn chan struct{} // held while keys are made or published

	loaded []signingKey // of the file; not yet known to be good

	mu   sync.Mutex
	keys []signingKey // public, and not withdrawn
}

type signingKey struct {
	tokenKey
	secret  []byte // as the file has it
	private crypto.Signer
}

// keyFile is the file's form.
type keyFile struct {
	Keys []fileKey `json:"keys"`
}

type fileKey struct {
	Algorithm string `json:"algorithm,omitempty"` // "" is EdDSA
	Seed      []byte `json:"seed"`                // of ES256 the private number
	NotBefore int64  `json:"not_before"`
	NotAfter  int64  `json:"not_after"`
}

// signedText is what a node's identity signs of its key. The key's kind is in its
// id.
func (a *Auth) signedText(k tokenKey) []byte {
	return fmt.Appendf(nil, "debros token key\nnetwork %s\nnode %s\nkey %s\nfrom %d\nuntil %d\n",
		a.settings.Network, k.node, k.id, millis(k.notBefore), millis(k.notAfter))
}

// loadSigning reads the file. One that is damaged or readable by others is
// refused; a missing one is made when the first key is.
func (a *Auth) loadSigning() error {
	path := a.settings.TokenKeyFile
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return core.Wrap(core.Unavailable, err, "the file of token keys %s cannot be read; check the rights of its folder", path)
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return core.Errorf(core.Invalid, "the file of token keys %s may be used by others (mode %04o); %s", path, info.Mode().Perm(), tokenKeyRemedy)
	case info.Size() > maxTokenKeyFile:
		return core.Errorf(core.Invalid, "the file of token keys %s has more than %d bytes; %s", path, maxTokenKeyFile, tokenKeyRemedy)
	}
	body, err := os.ReadFile(path) //nolint:gosec // the path is the node's own folder
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the file of token keys %s cannot be read; check its owner and rights", path)
	}
	var file keyFile
	if err = json.Unmarshal(body, &file); err != nil {
		return core.Wrap(core.Invalid, err, "the file of token keys %s is damaged; %s", path, tokenKeyRemedy)
	}
	var keys []signingKey
	for _, k := range file.Keys {
		key, errKey := a.signingKey(k)
		if errKey != nil {
			return core.Wrap(core.Invalid, errKey, "the file of token keys %s is damaged; %s", path, tokenKeyRemedy)
		}
		keys = append(keys, key)
	}
	a.signing.loaded = keys
	return nil
}

func (a *Auth) signingKey(k fileKey) (signingKey, error) {
	if k.Algorithm == "" {
		k.Algorithm = AlgorithmEdDSA
	}
	private, public, err := readPrivate(k.Algorithm, k.Seed)
	if err != nil {
		return signingKey{}, err
	}
	return signingKey{
		tokenKey: tokenKey{
			id: thumbprint(k.Algorithm, public), node: a.settings.NodeID, algorithm: k.Algorithm, public: public, verifier: private.Public(),
			notBefore: time.UnixMilli(k.NotBefore).UTC(), notAfter: time.UnixMilli(k.NotAfter).UTC(),
		},
		secret: k.Seed, private: private,
	}, nil
}

// makeSigning is a new key of the configured kind.
func (a *Auth) makeSigning(from time.Time) (signingKey, error) {
	secret, err := makePrivate(a.settings.TokenAlgorithm)
	if err != nil {
		return signingKey{}, err
	}
	return a.signingKey(fileKey{
		Algorithm: a.settings.TokenAlgorithm, Seed: secret, NotBefore: millis(from), NotAfter: millis(from.Add(tokenKeyLife + tokenKeyRest)),
	})
}

// keepSigning makes the key that is needed now or soon, and publishes it. A key
// that the network does not know any more was withdrawn, and is not used again.
// Keys of another kind than the configured one stay for as long as they last: what
// they have signed counts, and the configuration may be changed back.
func (a *Auth) keepSigning(ctx context.Context) error {
	select {
	case a.signing.turn <- struct{}{}:
		defer func() { <-a.signing.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	public, err := a.tokenKeys(ctx)
	if err != nil {
		return err
	}
	now := a.settings.Now()
	a.signing.mu.Lock()
	keys := slices.Concat(a.signing.loaded, a.signing.keys)
	a.signing.mu.Unlock()
	if slices.ContainsFunc(keys, func(k signingKey) bool { return public[k.id].id == "" }) { // or this replica lags
		if public, _, err = a.readTokenKeys(ctx, a.weak); err != nil {
			return err
		}
	}
	keys = slices.DeleteFunc(keys, func(k signingKey) bool { return public[k.id].id == "" || !now.Before(k.notAfter) })
	if from, needed := nextKey(a.ofKind(keys), now); needed {
		next, errNext := a.makeSigning(from)
		if errNext != nil {
			return core.Wrap(core.Internal, errNext, "a key to sign tokens with could not be made")
		}
		keys = append(keys, next)
		if err = a.saveSigning(keys); err == nil { // first: a public key that nobody has helps nobody
			err = a.publish(ctx, next)
		}
		if err != nil {
			return err
		}
	}
	a.signing.loaded = nil
	a.signing.mu.Lock()
	defer a.signing.mu.Unlock()
	a.signing.keys = keys
	return nil
}

// ofKind are the keys of the configured kind.
func (a *Auth) ofKind(keys []signingKey) []signingKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k signingKey) bool { return k.algorithm != a.settings.TokenAlgorithm })
}

// nextKey says whether a key is to be made, and from when it is used. keys are
// not over yet.
func nextKey(keys []signingKey, now time.Time) (time.Time, bool) {
	if _, there := usable(keys, now); !there {
		return now, true
	}
	end := keys[len(keys)-1].notBefore.Add(tokenKeyLife)
	if now.Before(end.Add(-tokenKeyAhead)) {
		return time.Time{}, false
	}
	if end.Before(now) {
		end = now
	}
	return end, true
}

// usable is the newest key whose time has come, and whose tokens end before it does.
func usable(keys []signingKey, now time.Time) (signingKey, bool) {
	for _, k := range slices.Backward(keys) {
		if !now.Before(k.notBefore) && now.Add(TokenLife+Skew).Before(k.notAfter) {
			return k, true
		}
	}
	return signingKey{}, false
}

func (a *Auth) saveSigning(keys []signingKey) error {
	var file keyFile
	for _, k := range keys {
		file.Keys = append(file.Keys, fileKey{Algorithm: k.algorithm, Seed: k.secret, NotBefore: millis(k.notBefore), NotAfter: millis(k.notAfter)})
	}
	body, err := json.Marshal(file)
	if err == nil {
		err = disk.Write(a.settings.TokenKeyFile, body)
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the file of token keys cannot be written; make its folder writable")
	}
	return nil
}

// publish tells the network of a key.
func (a *Auth) publish(ctx context.Context, k signingKey) error {
	signature, err := a.settings.Sign(a.signedText(k.tokenKey))
	if err != nil {
		return core.Wrap(core.Internal, err, "the node's identity does not sign")
	}
	_, err = a.exec(ctx, stmt(`INSERT INTO auth_token_keys(kid, node, algorithm, public, not_before, not_after, signature)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(kid) DO NOTHING`, k.id, k.node, k.algorithm, k.public, k.notBefore, k.notAfter, signature))
	a.view.forgetTokenKeys()
	return err
}

// signer is the key to sign with now. Where none is public yet it tries once.
func (a *Auth) signer(ctx context.Context) (signingKey, error) {
	now := a.settings.Now()
	find := func() (signingKey, bool) {
		a.signing.mu.Lock()
		defer a.signing.mu.Unlock()
		return usable(a.ofKind(a.signing.keys), now)
	}
	if k, there := find(); there {
		return k, nil
	}
	err := a.keepSigning(ctx)
	if k, there := find(); there {
		return k, nil
	}
	return signingKey{}, core.Wrap(core.Unavailable, err, "this node has no key to sign tokens with yet; repeat in a moment")
}

// tokenKeys are the keys of all nodes, members or not, that are not over.
func (a *Auth) tokenKeys(ctx context.Context) (map[string]tokenKey, error) {
	return fetch(ctx, a, a.view.tokenKeys, struct{}{}, true, a.readTokenKeys)
}

func (a *Auth) readTokenKeys(ctx context.Context, ask asking) (map[string]tokenKey, bool, error) {
	rows, err := ask(ctx, stmt(`SELECT kid, node, algorithm, public, not_before, not_after, signature FROM auth_token_keys
 WHERE not_after > ?1 ORDER BY kid LIMIT ?2`, a.settings.Now(), maxTokenKeys))
	if err != nil {
		return nil, false, err
	}
	keys := make(map[string]tokenKey, len(rows))
	for _, row := range rows {
		k := tokenKey{id: text(row[0]), node: text(row[1]), algorithm: text(row[2]), public: raw(row[3]), notBefore: moment(row[4]), notAfter: moment(row[5])}
		var sound bool
		k.verifier, sound = readPublic(k.algorithm, k.public)
		if sound && k.id == thumbprint(k.algorithm, k.public) && a.settings.VerifyNode(k.node, a.signedText(k), raw(row[6])) {
			keys[k.id] = k
		}
	}
	return keys, len(keys) > 0, nil
}

// tokenKey finds the key of that id, if it may be used now. An unknown one is
// looked for at the leader, once a minute and not too many at once: another node
// may just have made it.
func (a *Auth) tokenKey(ctx context.Context, id string) (tokenKey, error) {
	keys, err := a.tokenKeys(ctx)
	if err != nil {
		return tokenKey{}, err
	}
	k, there := keys[id]
	if !there && a.view.askFor(id, unknownEvery) && a.view.askFor("any token key", unknownPause) {
		begun := a.view.tokenKeys.begin()
		if keys, _, err = a.readTokenKeys(ctx, a.weak); err != nil {
			return tokenKey{}, core.Wrap(core.Unavailable, err, "the network cannot be asked who signed the token; repeat in a moment")
		}
		a.view.tokenKeys.put(struct{}{}, keys, begun)
		k, there = keys[id]
	}
	if !there || !a.accepted(k.node, k.notBefore, k.notAfter) {
		return tokenKey{}, errToken()
	}
	return k, nil
}

// accepted says whether what a node's key signed counts at this moment.
func (a *Auth) accepted(node string, notBefore, notAfter time.Time) bool {
	now := a.settings.Now()
	return now.Before(notAfter) && !now.Add(Skew).Before(notBefore) && (node == a.settings.NodeID || a.settings.IsMember(node))
}

// JWKS are the public keys of all members, sorted by id.
func (a *Auth) JWKS(ctx context.Context) ([]core.JWK, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	keys, err := a.tokenKeys(ctx)
	if err != nil {
		return nil, err
	}
	list := []core.JWK{}
	for _, k := range keys {
		if a.settings.Now().Before(k.notAfter) && (k.node == a.settings.NodeID || a.settings.IsMember(k.node)) {
			list = append(list, jwk(k.algorithm, k.public))
		}
	}
	slices.SortFunc(list, func(x, y core.JWK) int { return strings.Compare(x.KeyID, y.KeyID) })
	return list, nil
}

// WithdrawKeys voids the signing keys of a node, and with them all tokens that it
// has signed, on all nodes within [RevokeWithin]. A node that is still a member
// makes new ones. It is for a key that may have been copied: a node that is no
// member any more is not believed anyway.
func (a *Auth) WithdrawKeys(ctx context.Context, node string) error {
	if err := a.ready(); err != nil {
		return err
	}
	_, err := a.exec(ctx, stmt(`DELETE FROM auth_token_keys WHERE node = ?1`, node))
	a.view.forgetTokenKeys()
	a.nudge()
	if err == nil {
		a.logOf(ctx).Warn("the signing keys of a node were withdrawn", core.KeyPeer, node)
	}
	return err
}
