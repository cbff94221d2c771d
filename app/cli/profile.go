package cli

// This file keeps what the command line remembers of its user: the contexts,
// and which of them and which wallet is in use. It holds no secret.

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	// MaxContexts bounds the contexts of one user: a person reads the list.
	MaxContexts = 100
	// localContext is the name of the node on this computer. It is always there.
	localContext = "local"

	profileName = "cli.json"
	maxProfile  = 1 << 20
	// userDirVariable names another folder, such as one on a stick.
	userDirVariable = "DEBROS_USER_DIR"
)

// savedContext names a gateway, or nodes, or both, and what to use there.
type savedContext struct {
	Name      string   `json:"name"`
	Gateway   string   `json:"gateway,omitempty"` // base URL
	Peers     []string `json:"peers,omitempty"`   // full multiaddresses
	Namespace string   `json:"namespace,omitempty"`
}

// profile is the content of cli.json.
type profile struct {
	Context  string         `json:"context,omitempty"` // in use; "" is the local node
	Wallet   string         `json:"wallet,omitempty"`  // in use
	Contexts []savedContext `json:"contexts"`          // in the order of their names
}

func (p *profile) find(name string) (savedContext, bool) {
	at := slices.IndexFunc(p.Contexts, func(c savedContext) bool { return c.Name == name })
	if at < 0 {
		return savedContext{Name: name}, false
	}
	return p.Contexts[at], true
}

// put adds c or takes the place of the one with its name.
func (p *profile) put(c savedContext) error {
	p.drop(c.Name)
	if len(p.Contexts) >= MaxContexts {
		return core.Errorf(core.TooLarge, "there are %d contexts already; remove one with 'debros context rm NAME'", MaxContexts)
	}
	p.Contexts = append(p.Contexts, c)
	slices.SortFunc(p.Contexts, func(a, b savedContext) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func (p *profile) drop(name string) {
	p.Contexts = slices.DeleteFunc(p.Contexts, func(c savedContext) bool { return c.Name == name })
}

// userDir is the folder of what belongs to the user and to no node.
func (a *app) userDir() (string, error) { return UserDir(a.env.Lookup) }

// UserDir is the folder of what belongs to the user and to no node. lookup reads
// an environment variable. It returns core.Invalid when there is no such place.
func UserDir(lookup func(name string) (string, bool)) (string, error) {
	if dir, _ := lookup(userDirVariable); dir != "" {
		return absolute(dir), nil
	}
	dir, err := config.DefaultUserDir(lookup)
	if err != nil {
		return "", core.Wrap(core.Invalid, err, "%v; name one with %s", err, userDirVariable)
	}
	return dir, nil
}

// ForgetWallet says that a wallet was removed: it is no longer the one in use.
func ForgetWallet(userDir, id string) error {
	a := &app{env: Env{Lookup: func(name string) (string, bool) { return userDir, name == userDirVariable }}}
	p, err := a.loadProfile()
	if err != nil || p.Wallet != id {
		return err
	}
	return a.useWallet("")
}

// loadProfile reads cli.json; without one, or without a place for one, the
// profile is empty: nothing was ever saved.
func (a *app) loadProfile() (profile, error) {
	dir, err := a.userDir()
	if err != nil {
		return profile{}, nil //nolint:nilerr // whoever saves something is told
	}
	path := filepath.Join(dir, profileName)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return profile{}, nil
	case err != nil:
		return profile{}, core.Wrap(core.Denied, err, "the saved contexts in %s cannot be read", path)
	case info.Size() > maxProfile:
		return profile{}, core.Errorf(core.Invalid, "the saved contexts in %s are damaged: the file is too large; remove it and add them again", path)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the user's own folder
	if err != nil {
		return profile{}, core.Wrap(core.Denied, err, "the saved contexts in %s cannot be read", path)
	}
	var p profile
	if err := json.Unmarshal(data, &p); err != nil {
		return profile{}, core.Wrap(core.Invalid, err, "the saved contexts in %s are damaged; repair the file, or remove it and add them again", path)
	}
	return p, nil
}

// changeProfile reads cli.json, lets change work on it and writes it back.
func (a *app) changeProfile(change func(p *profile) error) error {
	p, err := a.loadProfile()
	if err != nil {
		return err
	}
	if err = change(&p); err != nil {
		return err
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return core.Wrap(core.Internal, err, "the contexts cannot be written")
	}
	return a.saveForUser(profileName, append(data, '\n'))
}

// saveForUser writes a file below the user's folder that nobody else can read.
func (a *app) saveForUser(name string, data []byte) error {
	dir, err := a.userDir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, name)
	if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
		err = disk.Write(path, data)
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the file %s cannot be written; name another folder with %s", path, userDirVariable)
	}
	return nil
}

// openToOthers says whether somebody else could read a file.
func openToOthers(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}
