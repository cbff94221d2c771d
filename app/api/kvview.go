// This file keeps how the keys of a namespace are shown, in
// <data_dir>/keys.json: the separator belongs to the data, not to a browser.

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	// MaxSeparators bounds the namespaces whose separator is kept.
	MaxSeparators = 1000

	// DefaultSeparator is that of a namespace for which none was chosen.
	DefaultSeparator = ":"

	separatorsName    = "keys.json"
	maxSeparatorBytes = 16
	maxSeparatorsFile = 256 << 10
)

// Separator returns what the keys of a namespace are split at; "" shows them as
// a flat list.
func (k *KV) Separator(namespace string) (string, error) {
	return guard(k.d, "KV.Separator", MaxCallTime, func(context.Context) (string, error) {
		ns, err := core.ParseNamespace(namespace)
		if err != nil {
			return "", err
		}
		return k.d.separators.get(ns)
	})
}

// SetSeparator keeps what the keys of a namespace are split at.
func (k *KV) SetSeparator(namespace, separator string) error {
	return act(k.d, "KV.SetSeparator", MaxCallTime, func(context.Context) error {
		ns, err := core.ParseNamespace(namespace)
		if err != nil {
			return err
		}
		if len(separator) > maxSeparatorBytes || !utf8.ValidString(separator) {
			return core.Errorf(core.Invalid, "A separator is text of at most %d bytes.", maxSeparatorBytes)
		}
		return k.d.separators.set(ns, separator)
	})
}

// separators reads and writes the file, one at a time.
type separators struct {
	dir string
	mu  sync.Mutex // held during file work on purpose: two writers would mix
}

func (s *separators) get(ns core.Namespace) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.loadLocked()
	if err != nil {
		return "", err
	}
	if chosen, ok := all[ns]; ok {
		return chosen, nil
	}
	return DefaultSeparator, nil
}

// loadLocked takes a damaged file for none: a separator is chosen anew in a moment.
func (s *separators) loadLocked() (map[core.Namespace]string, error) {
	all := map[core.Namespace]string{}
	if s.dir == "" {
		return all, nil
	}
	text, err := readAtMost(filepath.Join(s.dir, separatorsName), maxSeparatorsFile)
	switch {
	case errors.Is(err, fs.ErrNotExist), core.CodeOf(err) == core.TooLarge:
		return all, nil
	case err != nil:
		return nil, core.Wrap(core.Unavailable, err, "The separators cannot be read; check the rights of %s.", separatorsName)
	}
	if !json.Valid(text) {
		return all, nil
	}
	if err := json.Unmarshal(text, &all); err != nil {
		clear(all)
	}
	return all, nil
}

func (s *separators) set(ns core.Namespace, separator string) error {
	if s.dir == "" {
		return core.Errorf(core.Unavailable, "There is no data folder to keep the separator in; see why the node did not start.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.loadLocked()
	if err != nil {
		return err
	}
	if _, known := all[ns]; !known && len(all) >= MaxSeparators {
		return core.Errorf(core.Limited, "The separators of %d namespaces are kept already; this one holds for now only.", MaxSeparators)
	}
	all[ns] = separator
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode separators: %w", err)
	}
	if err := disk.Write(filepath.Join(s.dir, separatorsName), append(text, '\n')); err != nil {
		return core.Wrap(core.Unavailable, err, "The separator could not be kept; check the space and rights of the data folder.")
	}
	return nil
}
