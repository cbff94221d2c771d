package config

// This file keeps the operator's key: whoever can read the data folder may do
// everything with the node, and proves it with this file.

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// OperatorKeyName is the name of the operator's key in the data folder.
const OperatorKeyName = "operator.key"

const (
	operatorPrefix = "op_" // tells the key from API keys when one turns up in a wrong place
	operatorBytes  = 32    // 256 bits cannot be guessed
)

// CreateOperatorKey returns the key of the data folder, and makes one when
// there is none. The caller must hold the folder's lock. It refuses a file that
// is damaged or that others can read.
func CreateOperatorKey(dataDir string) (core.Secret, error) {
	path := filepath.Join(dataDir, OperatorKeyName)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return LoadOperatorKey(dataDir)
	}
	random := make([]byte, operatorBytes)
	rand.Read(random) //nolint:errcheck // it never returns an error; the program ends when the system has no randomness
	key := operatorPrefix + base64.RawURLEncoding.EncodeToString(random)
	if err := disk.Write(path, []byte(key+"\n")); err != nil {
		return "", core.Wrap(core.Unavailable, err, "the operator's key cannot be written to the data folder %s", dataDir)
	}
	return core.Secret(key), nil
}

// LoadOperatorKey returns the key of the data folder. It returns NotFound when
// there is none, Denied when this user may not read it or when others can, and
// Invalid when it is damaged.
func LoadOperatorKey(dataDir string) (core.Secret, error) {
	path := filepath.Join(dataDir, OperatorKeyName)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", core.Errorf(core.NotFound, "there is no operator's key in the data folder %s; a node makes it when it starts there", dataDir)
	case err != nil:
		return "", core.Wrap(core.Denied, err, "the operator's key %s cannot be read: %s", path, plain(err))
	case !info.Mode().IsRegular():
		return "", core.Errorf(core.Invalid, "the operator's key %s is not a regular file; remove it and restart the node", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", core.Errorf(core.Denied, "the operator's key %s can be read by others; remove it and restart the node to get a new one (or, if nobody saw it: chmod 600 %s)", path, path)
	}
	data, err := readLimited(path, 1024)
	if err != nil {
		return "", core.Wrap(core.Denied, err, "the operator's key %s cannot be read: %s", path, plain(err))
	}
	key := strings.TrimSuffix(string(data), "\n")
	if err := checkOperatorKey(key); err != nil {
		return "", core.Wrap(core.Invalid, err, "the operator's key %s is damaged; remove it and restart the node to get a new one", path)
	}
	return core.Secret(key), nil
}

// checkOperatorKey says whether key has the form that CreateOperatorKey writes.
// What is wrong is told without the key.
func checkOperatorKey(key string) error {
	encoded, ok := strings.CutPrefix(key, operatorPrefix)
	if !ok {
		return fmt.Errorf("it does not begin with %s", operatorPrefix)
	}
	if strings.ContainsAny(encoded, "\r\n") {
		return errors.New("it has more than one line") // the decoder would skip them
	}
	random, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(random) != operatorBytes {
		return fmt.Errorf("it is not %d bytes in base64", operatorBytes)
	}
	return nil
}
