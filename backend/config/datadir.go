package config

// This file knows where a system wants a program's data to be.

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
