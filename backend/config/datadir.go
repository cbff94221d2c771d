package config

// This file knows where a system wants a program's data to be, and what belongs
// to the user rather than to one node.

import (
	"errors"
	"path/filepath"
	"runtime"
)

// DefaultDataDir is the data folder when nobody names one:
// $XDG_DATA_HOME/debros or ~/.local/share/debros on Linux and the BSDs,
// ~/Library/Application Support/DeBros on a Mac, %LocalAppData%\DeBros on Windows.
func DefaultDataDir(env func(name string) (string, bool)) (string, error) {
	return defaultDataDir(runtime.GOOS, env)
}

func defaultDataDir(system string, env func(name string) (string, bool)) (string, error) {
	get := func(name string) string {
		value, _ := env(name)
		return value
	}
	switch system {
	case "windows":
		if base := get("LocalAppData"); base != "" {
			return filepath.Join(base, "DeBros"), nil
		}
		return "", errors.New("the environment has no LocalAppData, so there is no place for data")
	case "darwin":
		if home := get("HOME"); home != "" {
			return filepath.Join(home, "Library", "Application Support", "DeBros"), nil
		}
	default:
		// The standard says that a relative path is to be ignored.
		if base := get("XDG_DATA_HOME"); filepath.IsAbs(base) {
			return filepath.Join(base, "debros"), nil
		}
		if home := get("HOME"); home != "" {
			return filepath.Join(home, ".local", "share", "debros"), nil
		}
	}
	return "", errors.New("the environment has no HOME, so there is no place for data")
}

// DefaultUserDir is the folder of what belongs to a user and to no node: saved
// contexts, sign-ins and wallets. $XDG_CONFIG_HOME/debros or ~/.config/debros on
// Linux and the BSDs, ~/Library/Application Support/DeBros/User on a Mac,
// %AppData%\DeBros on Windows.
func DefaultUserDir(env func(name string) (string, bool)) (string, error) {
	return defaultUserDir(runtime.GOOS, env)
}

func defaultUserDir(system string, env func(name string) (string, bool)) (string, error) {
	get := func(name string) string {
		value, _ := env(name)
		return value
	}
	switch system {
	case "windows":
		if base := get("AppData"); base != "" {
			return filepath.Join(base, "DeBros"), nil
		}
		return "", errors.New("the environment has no AppData, so there is no place for settings")
	case "darwin":
		if home := get("HOME"); home != "" {
			// The node's data is in the folder above.
			return filepath.Join(home, "Library", "Application Support", "DeBros", "User"), nil
		}
	default:
		// The standard says that a relative path is to be ignored.
		if base := get("XDG_CONFIG_HOME"); filepath.IsAbs(base) {
			return filepath.Join(base, "debros"), nil
		}
		if home := get("HOME"); home != "" {
			return filepath.Join(home, ".config", "debros"), nil
		}
	}
	return "", errors.New("the environment has no HOME, so there is no place for settings")
}
