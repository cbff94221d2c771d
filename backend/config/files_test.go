package config

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Commands find the node by run.json; a wrong answer sends them nowhere.
func TestRunFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadRunFile(dir); core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "debros node start") {
		t.Errorf("without a node: %v", err)
	}
	want := RunFile{PeerID: "12D3", P2P: []string{"/ip4/127.0.0.1/tcp/1/p2p/12D3"}, Gateway: "http://127.0.0.1:6001", PID: os.Getpid(), StartedAt: time.Now().UTC().Truncate(time.Second)}
	if err := WriteRunFile(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRunFile(dir)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	info, err := os.Stat(filepath.Join(dir, RunFileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if !got.Alive() || (RunFile{PID: math.MaxInt32}).Alive() {
		t.Error("which process lives is told wrongly")
	}
	if err := errors.Join(RemoveRunFile(dir), RemoveRunFile(dir)); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{"half": `{"peer_id": "12D3"`, "empty": "", "without a peer": `{"pid": 1}`, "large": strings.Repeat(" ", maxRunFile+1)} {
		if err := os.WriteFile(filepath.Join(dir, RunFileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRunFile(dir); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("something is left behind: %v %v", entries, err)
	}
}

// Whoever gets the operator's key owns the node, so a key that others may have
// seen or that was changed is refused.
func TestOperatorKey(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadOperatorKey(dir); core.CodeOf(err) != core.NotFound {
		t.Errorf("without a key: %v", err)
	}
	made, err := CreateOperatorKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := CreateOperatorKey(dir)
	if err != nil || again != made {
		t.Errorf("the key changed at the second start: %v", err)
	}
	other, err := CreateOperatorKey(t.TempDir())
	if err != nil || other == made {
		t.Errorf("two folders have one key: %v", err)
	}
	path := filepath.Join(dir, OperatorKeyName)
	good, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(good), "op_") {
		t.Fatalf("%v", err)
	}
	damaged := map[string]string{"empty": "", "cut": string(good[:20]), "too long": string(good) + "x", "another prefix": "ap_" + string(good[3:]), "two lines": string(good) + "\n", "large": strings.Repeat("a", 2000)}
	for name, text := range damaged {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := CreateOperatorKey(dir)
		if err == nil || !strings.Contains(core.Sentence(err), path) {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("%s: the damaged file was changed", name)
		}
	}
	if err := errors.Join(os.WriteFile(path, good, 0o600), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOperatorKey(dir); core.CodeOf(err) != core.Denied || !strings.Contains(core.Sentence(err), "read by others") {
		t.Errorf("readable by others: %v", err)
	}
	target := filepath.Join(dir, "elsewhere")
	if err := errors.Join(os.Rename(path, target), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOperatorKey(dir); core.CodeOf(err) != core.Invalid {
		t.Errorf("a link: %v", err)
	}
}

// Data that lands elsewhere than people's backups expect is not backed up.
func TestDefaultDataDir(t *testing.T) {
	tests := map[string]struct {
		system string
		env    map[string]string
		want   string
	}{
		"Linux":                          {"linux", map[string]string{"HOME": "/home/ann"}, "/home/ann/.local/share/debros"},
		"Linux with its own place":       {"linux", map[string]string{"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}, "/data/debros"},
		"Linux with a relative place":    {"linux", map[string]string{"HOME": "/home/ann", "XDG_DATA_HOME": "data"}, "/home/ann/.local/share/debros"},
		"a Mac":                          {"darwin", map[string]string{"HOME": "/Users/ann"}, "/Users/ann/Library/Application Support/DeBros"},
		"Windows":                        {"windows", map[string]string{"LocalAppData": "/ann"}, "/ann/DeBros"},
		"Linux without a home":           {"linux", nil, ""},
		"Windows without a profile":      {"windows", nil, ""},
		"a Mac without a home of Ann's.": {"darwin", nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := defaultDataDir(tt.system, environment(tt.env))
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// Wallets that lie where nobody looks are lost with the computer.
func TestDefaultUserDir(t *testing.T) {
	tests := map[string]struct {
		system string
		env    map[string]string
		want   string
	}{
		"Linux":                       {"linux", map[string]string{"HOME": "/home/ann"}, "/home/ann/.config/debros"},
		"Linux with its own place":    {"linux", map[string]string{"HOME": "/home/ann", "XDG_CONFIG_HOME": "/etc/ann"}, "/etc/ann/debros"},
		"Linux with a relative place": {"linux", map[string]string{"HOME": "/home/ann", "XDG_CONFIG_HOME": "etc"}, "/home/ann/.config/debros"},
		"a Mac":                       {"darwin", map[string]string{"HOME": "/Users/ann"}, "/Users/ann/Library/Application Support/DeBros/User"},
		"Windows":                     {"windows", map[string]string{"AppData": "/ann"}, "/ann/DeBros"},
		"Linux without a home":        {"linux", nil, ""},
		"Windows without a profile":   {"windows", nil, ""},
		"a Mac without a home":        {"darwin", nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := defaultUserDir(tt.system, environment(tt.env))
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// A size or duration that is read otherwise than it was meant fills a disk or
// hammers a network.
func TestUnits(t *testing.T) {
	sizes := map[string]Size{
		"0": 0, "1": 1, "512MB": 512_000_000, "1.5GiB": 1536 << 20, "10 gb": 10 * GB, "4k": 4000, "4KiB": 4096,
		"9223372036854775807": math.MaxInt64, "1073741824": 1 << 30,
	}
	for text, want := range sizes {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
		if back, err := ParseSize(want.String()); err != nil || back != want {
			t.Errorf("%d is written %q and read %d, %v", want, want, back, err)
		}
	}
	for _, text := range []string{"", "MB", "-1", "1e9", "12 parsecs", "1.2.3", "99999999999TB", "9223372036854775808", "NaN", "0x10"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
	durations := map[string]time.Duration{"0": 0, "30s": 30 * time.Second, "1h 30m": 90 * time.Minute, "7d": 168 * time.Hour, "2w": 336 * time.Hour, "1.5d": 36 * time.Hour, "250ms": 250 * time.Millisecond}
	for text, want := range durations {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if back, err := ParseDuration(formatDuration(want)); err != nil || back != want {
			t.Errorf("%v is written %q and read %v, %v", want, formatDuration(want), back, err)
		}
	}
	for _, text := range []string{"", "15", "-1s", "d", "1y", "999999999w", "1d2h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

// The configuration that nobody made must work, once it has a place for data.
func TestDefault_IsValid(t *testing.T) {
	c := Default()
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "node.data_dir") {
		t.Errorf("without a data folder: %v", err)
	}
	c.Node.DataDir = t.TempDir()
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	// A node that only this computer reaches may do without credentials.
	c.Gateway.RequireAuth = false
	c.Node.ListenAddresses = []string{"/ip4/127.0.0.1/tcp/0", "/ip6/::1/udp/0/quic-v1"}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	c.Proxy.Address, c.Node.DisableAnonRC = "127.0.0.1:9050", true
	if c.ProxyAddress() != "" {
		t.Error("disable_anonrc was not heard")
	}
}

// The page and scripts read keys by name; two that collide are one too many.
func TestKeys_AreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, k := range Keys() {
		names := append([]string{k.Name, "--" + k.Flag}, k.Env...)
		if k.Secret {
			names = append([]string{k.Name}, k.Env...)
		}
		for _, name := range append(names, k.Aliases...) {
			if other, taken := seen[name]; taken {
				t.Errorf("%s belongs to %s and %s", name, other, k.Name)
			}
			seen[name] = k.Name
		}
		if k.Help == "" || strings.HasSuffix(k.Help, ".") || k.Secret != (k.Kind == KindSecret) || (k.Secret && k.Flag != "") {
			t.Errorf("%s: help %q, kind %s, flag %q", k.Name, k.Help, k.Kind, k.Flag)
		}
		if found, ok := FindKey(k.Name); !ok || found.Name != k.Name {
			t.Errorf("%s is not found", k.Name)
		}
	}
	if _, ok := FindKey(""); ok {
		t.Error("nothing is found as a key")
	}
	if _, err := json.Marshal(Loaded{Config: Default()}.Values()); err != nil {
		t.Error(err)
	}
}
