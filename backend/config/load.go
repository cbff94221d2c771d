package config

// This file reads all sources in their order of precedence.

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// FileName is the configuration file inside the data folder that is read when
// none is named.
const FileName = "node.yaml"

// Sources is where a configuration comes from. The zero value gives the
// defaults, but has no place for data: Env must know the home folder, or Flags
// or the file must name node.data_dir.
type Sources struct {
	// Path is the YAML file. "" means DEBROS_CONFIG, else node.yaml in the data
	// folder, where it may be missing.
	Path string
	// Env looks a variable of the environment up; nil stands for an empty one.
	Env func(name string) (string, bool)
	// Flags are the flags that were given, by Key.Flag.
	Flags map[string]string
}

// Origin is where a value was set.
type Origin struct {
	Source string `json:"source"` // "default", "file", "environment" or "flag"
	Name   string `json:"name"`   // the file's path, the variable or the flag with its dashes
	Line   int    `json:"line"`   // in the file, from 1; 0 elsewhere
}

// String names the place in words: "flag --log-level", "environment LOG_LEVEL",
// "node.yaml line 12" or "default".
func (o Origin) String() string {
	switch o.Source {
	case "file":
		return fmt.Sprintf("%s line %d", filepath.Base(o.Name), o.Line)
	case "flag", "environment":
		return o.Source + " " + o.Name
	}
	return "default"
}

// Loaded is a configuration and where each of its values came from.
type Loaded struct {
	Config  Config
	Path    string            // the YAML file that was read, "" when there was none
	Origins map[string]Origin // by key; every key has one
	Notices []string          // for people: what was accepted but decides nothing
	home    string            // the home folder, for paths in the file that begin with "~/"
}

// Load reads the configuration: flags before environment before YAML before
// defaults. It reports all faults at once in a *FaultsError. Beside an error,
// Loaded holds what could be read, which is enough to find the data folder.
func Load(s Sources) (Loaded, error) {
	if s.Env == nil {
		s.Env = func(string) (string, bool) { return "", false }
	}
	l := loader{
		sources: s,
		keys:    Keys(),
		Loaded:  Loaded{Config: Default(), Origins: map[string]Origin{}},
	}
	for _, k := range l.keys {
		l.Origins[k.Name] = Origin{Source: "default"}
	}
	l.home = l.env("HOME")
	l.readFile()
	l.readEnvironment()
	l.readFlags()
	l.resolve()
	l.noticeOld()
	for _, f := range l.Config.faults() {
		// A value that could not be read was reported; what it left behind is
		// not a second fault.
		if !slices.ContainsFunc(l.faults, func(g Fault) bool { return g.Key == f.Key }) {
			f.Origin = l.Origins[f.Key].String()
			l.faults = append(l.faults, f)
		}
	}
	return l.Loaded, l.faults.err()
}

type loader struct {
	Loaded
	sources Sources
	keys    []Key
	faults  faults
}

func (l *loader) notice(format string, args ...any) {
	l.Notices = append(l.Notices, fmt.Sprintf(format, args...))
}

// apply stores a value and remembers where it came from.
func (l *loader) apply(k Key, from Origin, set func(field any) error) {
	l.Origins[k.Name] = from
	if err := set(k.field(&l.Config)); err != nil {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		l.faults.add(k.Name, from.String(), problem, fix)
	}
}

func (l *loader) readFile() {
	path, required := l.sources.Path, true
	if path == "" {
		path = l.env("DEBROS_CONFIG")
	}
	if path == "" {
		dir := l.earlyDataDir()
		if dir == "" {
			return
		}
		path, required = filepath.Join(dir, FileName), false
	}
	data, err := readLimited(l.expandHome(path), MaxFileBytes)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && !required:
		return
	case errors.Is(err, fs.ErrNotExist):
		l.faults.add("", path, "there is no such file", "write one with 'debros config init --config "+path+"', or leave --config out")
		return
	default:
		l.faults.add("", path, "the file cannot be read: "+plain(err), "check its path and permissions")
		return
	}
	l.Path = path
	l.readYAML(data)
}

// earlyDataDir is the data folder as far as it is known before the file is read.
func (l *loader) earlyDataDir() string {
	if dir := l.sources.Flags["data-dir"]; dir != "" {
		return l.expandHome(dir)
	}
	k, _ := FindKey("node.data_dir")
	for _, name := range k.Env {
		if dir := l.env(name); dir != "" {
			return l.expandHome(dir)
		}
	}
	dir, err := DefaultDataDir(l.sources.Env)
	if err != nil {
		return ""
	}
	return dir
}

// env returns a variable; one that is set to nothing counts as not set, which
// is how scripts take a variable away.
func (l *loader) env(name string) string {
	value, _ := l.sources.Env(name)
	return value
}

func (l *loader) readEnvironment() {
	for _, k := range l.keys {
		used := ""
		for _, name := range k.Env {
			value := l.env(name)
			switch {
			case value == "":
			case used != "":
				l.notice("%s is not used, because %s is set", name, used)
			default:
				used = name
				if name == "NO_COLOR" {
					value = "never" // its value means nothing, by no-color.org
				}
				l.apply(k, Origin{Source: "environment", Name: name}, func(field any) error { return setText(field, value) })
			}
		}
	}
	if l.env("RQLITE_NODES") != "" {
		l.notice("RQLITE_NODES is not used: SQL travels over libp2p; name nodes in BOOTSTRAP_PEERS")
	}
}

func (l *loader) readFlags() {
	for _, k := range l.keys {
		value, given := l.sources.Flags[k.Flag]
		if !given || k.Flag == "" {
			continue
		}
		l.apply(k, Origin{Source: "flag", Name: "--" + k.Flag}, func(field any) error { return setText(field, value) })
	}
}

// resolve fills in what depends on other values: the data folder, namespaces of
// API keys, ports of bootstrap peers.
func (l *loader) resolve() {
	c := &l.Config
	for _, path := range []*string{&c.Node.DataDir, &c.Node.KeyFile, &c.Database.DataDir, &c.Logging.File, &c.Gateway.TLSCertificate, &c.Gateway.TLSKey} {
		*path = l.expandHome(*path)
	}
	if c.Node.DataDir == "" {
		dir, err := DefaultDataDir(l.sources.Env)
		if err != nil {
			l.faults.add("node.data_dir", "default", err.Error(), "name a folder with --data-dir")
		}
		c.Node.DataDir = dir
	} else if dir, err := filepath.Abs(c.Node.DataDir); err == nil {
		c.Node.DataDir = dir
	}
	for i := range c.Gateway.APIKeys {
		if c.Gateway.APIKeys[i].Namespace == "" {
			c.Gateway.APIKeys[i].Namespace = c.Gateway.Namespace
		}
	}
	for _, k := range l.keys {
		if text, ok := k.field(c).(*string); ok && k.Choices != nil {
			*text = spelled(*text, k.Choices)
		}
	}
	for i, addr := range c.Discovery.BootstrapPeers {
		c.Discovery.BootstrapPeers[i] = withPort(addr, c.Discovery.BootstrapPort)
	}
}

// spelled is text as the list has it: LOG_LEVEL=INFO is common.
func spelled(text string, choices []string) string {
	for _, choice := range choices {
		if strings.EqualFold(text, choice) {
			return choice
		}
	}
	return text
}

// weakKeyLength is the length below which an API key earns a notice: it can be
// guessed by somebody with patience.
const weakKeyLength = 16

// noticeOld tells of keys that were set but decide nothing, and of weak ones.
func (l *loader) noticeOld() {
	for i, k := range l.Config.Gateway.APIKeys {
		if n := len(k.Key); n >= MinAPIKeyLength && n < weakKeyLength {
			l.notice("gateway.api_keys: key %d is short enough to be guessed; make a longer one with 'openssl rand -hex 24'", i+1)
		}
	}
	for _, k := range l.keys {
		from := l.Origins[k.Name]
		value := k.Text(l.Config)
		if k.Old == "" || from.Source == "default" || value == "" || value == "0" {
			continue
		}
		l.notice("%s (%s) decides nothing: %s", k.Name, from, k.Old)
	}
}

// expandHome replaces a leading "~/" by the home folder.
func (l *loader) expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home := l.env("HOME")
	if !ok || home == "" {
		return path
	}
	return filepath.Join(home, rest)
}
