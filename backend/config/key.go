package config

// This file says what a key is. The rows are in table.go.

import (
	"slices"
	"strings"
)

// Kind says what a key's value looks like.
type Kind string

// The kinds of values.
const (
	KindText     Kind = "text"
	KindList     Kind = "list" // a YAML sequence, or text with commas
	KindBool     Kind = "true or false"
	KindInteger  Kind = "number"
	KindDuration Kind = "duration" // "30s", "5m", "24h", "7d"
	KindSize     Kind = "size"     // "512MB", "1.5GiB", bytes without a unit
	KindSecret   Kind = "secret"   // text that is never shown
	KindLevels   Kind = "levels"   // a YAML mapping part: level, or "part=level,part=level"
)

// Key is one row of the table of keys.
type Key struct {
	Name    string   // "database.rqlite_port"
	Aliases []string // other names in the YAML file
	Kind    Kind
	Env     []string // environment variables, the strongest first
	Flag    string   // of "node start", without dashes; "" for secrets, which are never arguments
	Default string   // in the words of the YAML file
	Example string   // a value that works, other than the default
	Help    string   // one sentence, no full stop
	Choices []string // all values, when there are few
	Secret  bool
	Old     string // not "": of the original system, decides nothing; says why and what does

	field func(*Config) any // pointer to the field
}

// Section is the part of the name before the dot.
func (k Key) Section() string {
	section, _, _ := strings.Cut(k.Name, ".")
	return section
}

// Keys returns the table of keys, section by section, in the order in which
// people should read it.
func Keys() []Key {
	keys := rows()
	def := Default()
	for i := range keys {
		k := &keys[i]
		k.Env = append([]string{envName(k.Name)}, k.Env...)
		if k.Flag == "" && !k.Secret {
			k.Flag = strings.NewReplacer(".", "-", "_", "-").Replace(k.Name)
		}
		k.Default = format(k.field(&def))
	}
	return keys
}

// FindKey returns the key that has this name, alias or flag.
func FindKey(name string) (Key, bool) {
	keys := Keys()
	i := slices.IndexFunc(keys, func(k Key) bool {
		return k.Name == name || slices.Contains(k.Aliases, name) || (k.Flag != "" && k.Flag == name)
	})
	if i < 0 {
		return Key{}, false
	}
	return keys[i], true
}

// Text returns the value of a key in c, in the words of the YAML file and with
// secrets blanked.
func (k Key) Text(c Config) string { return format(k.field(&c)) }

// envName is the environment variable that every key has: DEBROS_NODE_DATA_DIR
// for "node.data_dir".
func envName(key string) string {
	return "DEBROS_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
