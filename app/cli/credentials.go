package cli

// This file keeps sign-ins: one file for each gateway, for its owner only.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// credentialVariable holds an API key or token for one run; it comes before
	// whatever is saved.
	credentialVariable = "DEBROS_CREDENTIAL" //nolint:gosec // a name

	credentialFolder = "credentials"
	maxCredential    = 64 << 10
	// renewBefore is how long an access token must still be good for a command to
	// begin with it: longer than the request takes and clocks differ.
	renewBefore = 30 * time.Second
	// renewWithin bounds a renewal, whatever --timeout says.
	renewWithin = 30 * time.Second
)

// credential is a saved sign-in. The tokens are plain text in the file, which
// is why nobody but its owner may read it.
type credential struct {
	For          string         `json:"for"`                     // the gateway's base URL, or the place that it stands for
	APIKey       string         `json:"api_key,omitempty"`       //nolint:gosec // the file is for them
	AccessToken  string         `json:"access_token,omitempty"`  //nolint:gosec // likewise
	RefreshToken string         `json:"refresh_token,omitempty"` //nolint:gosec // likewise
	ExpiresAt    time.Time      `json:"expires_at,omitzero"`     // of the access token
	Subject      string         `json:"subject"`
	Namespace    core.Namespace `json:"namespace"`
}

// secret is what is shown to a gateway or a node.
func (c credential) secret() core.Secret {
	if c.APIKey != "" {
		return core.Secret(c.APIKey)
	}
	return core.Secret(c.AccessToken)
}

// old says whether the access token must be renewed before it is used.
func (c credential) old(now time.Time) bool {
	return c.APIKey == "" && !now.Before(c.ExpiresAt.Add(-renewBefore))
}

// credentialName is the file's name: a URL has characters that a file's name
// cannot have.
func credentialName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(credentialFolder, hex.EncodeToString(sum[:16])+".json")
}

// loadCredential reads what is saved for key; found is false when nothing is.
func (a *app) loadCredential(key string) (c credential, found bool, err error) {
	dir, err := a.userDir()
	if err != nil {
		return c, false, nil //nolint:nilerr // without a place nothing was saved
	}
	path := filepath.Join(dir, credentialName(key))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, false, nil
	case err != nil:
		return c, false, core.Wrap(core.Denied, err, "the saved sign-in %s cannot be read", path)
	case !info.Mode().IsRegular() || info.Size() > maxCredential:
		return c, false, core.Errorf(core.Invalid, "the saved sign-in %s is damaged; remove it and sign in again with 'debros auth login'", path)
	case openToOthers(info):
		return c, false, core.Errorf(core.Denied, "the saved sign-in %s can be read by others; remove it and sign in again with 'debros auth login'", path)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the user's own folder
	if err != nil {
		return c, false, core.Wrap(core.Denied, err, "the saved sign-in %s cannot be read", path)
	}
	if json.Unmarshal(data, &c) != nil || c.For != key || c.secret() == "" {
		// The parser's own words may hold a piece of a token.
		return credential{}, false, core.Errorf(core.Invalid, "the saved sign-in %s is damaged; remove it and sign in again with 'debros auth login'", path)
	}
	return c, true, nil
}

func (a *app) saveCredential(c credential) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return core.Wrap(core.Internal, err, "the sign-in cannot be written")
	}
	return a.saveForUser(credentialName(c.For), append(data, '\n'))
}

// dropCredential forgets what is saved for key, if anything is.
func (a *app) dropCredential(key string) error {
	dir, err := a.userDir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, credentialName(key))
	if err = os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return core.Wrap(core.Unavailable, err, "the saved sign-in %s cannot be removed; remove it by hand", path)
	}
	return nil
}
