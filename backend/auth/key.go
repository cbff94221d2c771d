package auth

// This file has API keys: what they look like, who makes them, and what they
// prove.

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	keyPrefix     = "ak_" // secret scanners look for it
	keyIDLetters  = 12
	keyIDBytes    = 9
	keySecret     = 32
	keySumLetters = 6

	// configuredPrefix begins the id of a configured key, which no other can have.
	configuredPrefix = "config-"
)

// makeKey makes a new key. The checksum at its end refuses typos for nothing.
func makeKey() (id, key string) {
	id = randomText(keyIDBytes)[:keyIDLetters]
	body := keyPrefix + id + "_" + randomText(keySecret)
	return id, body + "_" + checksum(body)
}

func checksum(body string) string {
	return base62(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

// parseKey takes a key apart. Older clients write ":<namespace>" behind it.
func parseKey(s string) (id, key string, ns core.Namespace, ok bool) {
	key, suffix, named := strings.Cut(s, ":")
	if named {
		ns = core.Namespace(suffix)
	}
	if named && ns == "" || len(key) != len(keyPrefix)+keyIDLetters+1+base62Letters(keySecret)+1+keySumLetters {
		return "", "", "", false
	}
	body, sum := key[:len(key)-keySumLetters-1], key[len(key)-keySumLetters:]
	id, secret, cut := strings.Cut(strings.TrimPrefix(body, keyPrefix), "_")
	ok = cut && strings.HasPrefix(key, keyPrefix) && len(id) == keyIDLetters && isBase62(id) && isBase62(secret) &&
		key[len(body)] == '_' && sum == checksum(body)
	return id, key, ns, ok
}

// keyRow is a key as the table has it; the zero one is not there.
type keyRow struct {
	hash      [sha256.Size]byte
	namespace core.Namespace
	creator   string
	scopes    []string
	created   time.Time
	expires   time.Time
	revoked   bool
}

func errKey() error {
	return core.Errorf(core.Unauthenticated, "the API key is not known, was revoked, or its time has ended; make a new one")
}

// keyStanding is the row of a key that is good at this moment.
func (a *Auth) keyStanding(ctx context.Context, id string) (keyRow, error) {
	if c, ok := a.configuredByID(id); ok {
		return keyRow{namespace: c.namespace, creator: operatorSubject, scopes: defaultScopes()}, nil
	}
	row, err := fetch(ctx, a, a.view.keys, id, true, func(ctx context.Context, ask asking) (keyRow, bool, error) {
		rows, err := ask(ctx, stmt(`SELECT hash, namespace, creator, scopes, created_at, expires_at, revoked_at FROM auth_keys WHERE id = ?1`, id))
		if err != nil || len(rows) == 0 {
			return keyRow{}, false, err
		}
		r := rows[0]
		row := keyRow{
			namespace: core.Namespace(text(r[1])), creator: text(r[2]), scopes: scopesOf(text(r[3])),
			created: moment(r[4]), expires: moment(r[5]), revoked: number(r[6]) != 0,
		}
		n, err := hex.Decode(row.hash[:], []byte(text(r[0])))
		return row, err == nil && n == len(row.hash), nil
	})
	switch {
	case err != nil:
		return keyRow{}, err
	case row.namespace == "" || row.revoked || !row.expires.IsZero() && !a.settings.Now().Before(row.expires):
		return keyRow{}, errKey()
	}
	return row, nil
}

// scopesOf reads a ceiling; one without words leaves nothing.
func scopesOf(s string) []string {
	return append([]string{}, strings.Fields(s)...)
}

func (a *Auth) authenticateKey(ctx context.Context, s, address string) (core.Principal, error) {
	id, key, named, ok := parseKey(s)
	if !ok {
		return core.Principal{}, errKey()
	}
	row, err := a.keyStanding(ctx, id)
	if err != nil {
		return core.Principal{}, err
	}
	hash := sha256.Sum256([]byte(key))
	if subtle.ConstantTimeCompare(hash[:], row.hash[:]) != 1 || named != "" && named != row.namespace {
		a.logOf(ctx).Info("API key refused", "key", id, core.KeyAddress, address)
		return core.Principal{}, errKey()
	}
	a.used.note(id, a.settings.Now())
	return core.Principal{
		Subject: keySubject + id, Method: core.MethodAPIKey, Namespace: row.namespace, Scopes: row.scopes, KeyID: id,
		IssuedAt: row.created, NotBefore: row.created, ExpiresAt: row.expires,
	}, nil
}

// configuredKey is a key of the node's own configuration.
type configuredKey struct {
	id        string
	namespace core.Namespace
}

func readConfigured(s Settings) (map[[sha256.Size]byte]configuredKey, error) {
	list := make(map[[sha256.Size]byte]configuredKey, len(s.APIKeys))
	for i, k := range s.APIKeys {
		if len(k.Key) < MinConfiguredKeyBytes || len(k.Key) > MaxCredentialBytes {
			return nil, core.Errorf(core.Invalid, "the configured API key number %d has %d characters; give it %d or more, at random", i+1, len(k.Key), MinConfiguredKeyBytes)
		}
		if k.Namespace == "" {
			k.Namespace = s.OwnNamespace
		}
		if _, err := core.ParseNamespace(string(k.Namespace)); err != nil {
			return nil, err
		}
		hash := sha256.Sum256([]byte(k.Key.Reveal()))
		id := sha256.Sum256(append([]byte("id of "), hash[:]...))
		list[hash] = configuredKey{id: configuredPrefix + hex.EncodeToString(id[:6]), namespace: k.Namespace}
	}
	return list, nil
}

// configuredPrincipal knows a configured key by its hash, also with
// ":<namespace>" behind it.
func (a *Auth) configuredPrincipal(hash [sha256.Size]byte, s string) (core.Principal, bool) {
	if len(a.configured) == 0 {
		return core.Principal{}, false
	}
	c, ok := a.configured[hash]
	if at := strings.LastIndexByte(s, ':'); !ok && at > 0 {
		c, ok = a.configured[sha256.Sum256([]byte(s[:at]))]
		ok = ok && s[at+1:] == string(c.namespace)
	}
	return core.Principal{Subject: keySubject + c.id, Method: core.MethodAPIKey, Namespace: c.namespace, Scopes: defaultScopes(), KeyID: c.id}, ok
}

func (a *Auth) configuredByID(id string) (configuredKey, bool) {
	if !strings.HasPrefix(id, configuredPrefix) {
		return configuredKey{}, false
	}
	for _, c := range a.configured {
		if c.id == id {
			return c, true
		}
	}
	return configuredKey{}, false
}

// defaultScopes are those of a key that names none.
func defaultScopes() []string {
	return []string{string(core.PermissionRead), string(core.PermissionWrite), string(core.PermissionSchema)}
}
