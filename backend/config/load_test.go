package config

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

const somePeer = "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk"

// environment makes a lookup function of a map.
func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

// loadText loads a YAML text as node.yaml in a data folder of its own.
func loadText(t *testing.T, text string, s Sources) (Loaded, error) {
	t.Helper()
	dir := t.TempDir()
	s.Path = filepath.Join(dir, FileName)
	if err := os.WriteFile(s.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.Env == nil {
		s.Env = environment(map[string]string{"HOME": dir})
	}
	return Load(s)
}

// A key that works in the file but not as a variable or flag, or means
// something else there, sends people on a search.
func TestLoad_EveryKeyWorksInEveryPlace(t *testing.T) {
	for _, k := range Keys() {
		if k.Example == "" {
			continue // it is refused; see TestLoad_RefusesWhatItCannotHonour
		}
		t.Run(k.Name, func(t *testing.T) {
			section, name, _ := strings.Cut(k.Name, ".")
			file, err := loadText(t, section+":\n  "+k.yamlLine(name, k.Example)+"\n"+companion(k.Name), Sources{})
			if err != nil {
				t.Fatal(err)
			}
			want := k.Text(file.Config)
			if want == k.Default && k.Name != "gateway.require_auth" { // false needs loopback; see TestDefault_IsValid
				t.Errorf("the example %s changes nothing", k.Example)
			}
			if o := file.Origins[k.Name]; o.Source != "file" || o.Line != 2 {
				t.Errorf("origin %v", o)
			}
			for _, variable := range k.Env {
				env := map[string]string{variable: k.Example, "HOME": filepath.Dir(file.Path)}
				got, envErr := Load(Sources{Path: companionFile(t, k.Name), Env: environment(env)})
				if envErr != nil {
					t.Fatal(envErr)
				}
				if text := k.Text(got.Config); !sameValue(k, text, want) {
					t.Errorf("%s gives %q, the file %q", variable, text, want)
				}
				if o := got.Origins[k.Name]; o.String() != "environment "+variable {
					t.Errorf("origin %v", o)
				}
			}
			if k.Flag == "" {
				return
			}
			got, err := Load(Sources{Path: companionFile(t, k.Name), Env: environment(map[string]string{"HOME": filepath.Dir(file.Path)}), Flags: map[string]string{k.Flag: k.Example}})
			if err != nil {
				t.Fatal(err)
			}
			if text := k.Text(got.Config); !sameValue(k, text, want) || got.Origins[k.Name].String() != "flag --"+k.Flag {
				t.Errorf("--%s gives %q (%v), the file %q", k.Flag, text, got.Origins[k.Name], want)
			}
		})
	}
}

// sameValue compares the value of a key from two homes.
func sameValue(k Key, a, b string) bool {
	return a == b || (k.Name == "node.data_dir" && filepath.Base(a) == filepath.Base(b))
}

// companion is YAML without which a key alone makes no sense.
func companion(key string) string {
	if strings.HasPrefix(key, "proxy.") && key != "proxy.address" {
		return "  address: 127.0.0.1:9050\n"
	}
	switch key {
	case "gateway.tls_certificate":
		return "  tls_key: gateway.key\n"
	case "gateway.tls_key":
		return "  tls_certificate: gateway.crt\n"
	}
	return ""
}

func companionFile(t *testing.T, key string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	text := ""
	if c := companion(key); c != "" {
		section, _, _ := strings.Cut(key, ".")
		text = section + ":\n" + c
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whoever sets a value in two places must know which one holds.
func TestLoad_Precedence(t *testing.T) {
	yaml := "logging:\n  level: warn\n"
	tests := map[string]struct {
		env, flags map[string]string
		want, from string
	}{
		"the file before the default":           {nil, nil, "warn", "node.yaml line 2"},
		"the environment before the file":       {map[string]string{"LOG_LEVEL": "error"}, nil, "error", "environment LOG_LEVEL"},
		"the exact variable before the old one": {map[string]string{"LOG_LEVEL": "error", "DEBROS_LOGGING_LEVEL": "debug"}, nil, "debug", "environment DEBROS_LOGGING_LEVEL"},
		"an empty variable is none":             {map[string]string{"LOG_LEVEL": ""}, nil, "warn", "node.yaml line 2"},
		"the flag before all":                   {map[string]string{"LOG_LEVEL": "error"}, map[string]string{"log-level": "debug"}, "debug", "flag --log-level"},
		"capitals mean the same":                {map[string]string{"LOG_LEVEL": "ERROR"}, nil, "error", "environment LOG_LEVEL"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"HOME": t.TempDir()}
			maps.Copy(env, tt.env)
			l, err := loadText(t, yaml, Sources{Env: environment(env), Flags: tt.flags})
			if err != nil {
				t.Fatal(err)
			}
			if l.Config.Logging.Level != tt.want || l.Origins["logging.level"].String() != tt.from {
				t.Errorf("%s from %v, want %s from %s", l.Config.Logging.Level, l.Origins["logging.level"], tt.want, tt.from)
			}
		})
	}
}

// A mistake in the file must be found by its message alone: key, line and fix.
func TestLoad_NamesEachFault(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"a misspelt key":           {"node:\n  data_dirr: /x\n", "node.data_dirr (node.yaml line 2): there is no such key; did you mean node.data_dir?"},
		"a misspelt section":       {"\nloging:\n  level: info\n", "loging (node.yaml line 2): there is no such key; did you mean logging?"},
		"a key of the old gateway": {"listen_addr: ':6001'\n", "listen_addr (node.yaml line 1): there is no such key; write gateway.addr"},
		"the same key twice":       {"node:\n  id: a\n  id: b\n", "node.id (node.yaml line 3): the key was already set in line 2; keep one of the two"},
		"the same section twice":   {"node:\n  id: a\nnode:\n  max_connections: 9\n", "node (node.yaml line 3): the key was already set in line 1"},
		"two names of one key":     {"logging:\n  file: a\n  output_file: b\n", "logging.output_file (node.yaml line 3): it means the same as the key in line 2"},
		"a list for a number":      {"node:\n  max_connections: [1]\n", "node.max_connections (node.yaml line 2): one value is wanted here, not a list"},
		"a word for a number":      {"node:\n  max_connections: many\n", `node.max_connections (node.yaml line 2): "many" is not a whole number`},
		"a number for a bool":      {"discovery:\n  mdns: 7\n", `discovery.mdns (node.yaml line 2): "7" is neither true nor false`},
		"a mapping for a text":     {"node:\n  id: {a: b}\n", "node.id (node.yaml line 2): a text is wanted here, not a mapping"},
		"a text for a section":     {"node: yes\n", "node (node.yaml line 1): this is a section"},
		"a bare duration":          {"discovery:\n  discovery_interval: 15\n", `discovery.discovery_interval (node.yaml line 2): "15" is not a duration; write a number with a unit`},
		"a size in nonsense":       {"database:\n  max_database_size: 5 parsecs\n", `"5 parsecs" is not a size; write a number with a unit`},
		"a level in a list":        {"logging:\n  levels: [p2p]\n", "logging.levels (node.yaml line 2): levels are a mapping"},
		"an unknown level":         {"logging:\n  level: loud\n", `logging.level (node.yaml line 2): "loud" is not one of its values; write debug, info, warn or error`},
		"a bad part's level":       {"logging:\n  levels:\n    p2p: loud\n", `logging.levels (node.yaml line 2): "loud" of the part "p2p" is not a level`},
		"a list within a list":     {"discovery:\n  bootstrap_peers: [[a]]\n", "discovery.bootstrap_peers (node.yaml line 2): the item in line 2 is not one value"},
		"text that is not YAML":    {"node:\n\tid: a\n", "node.yaml: the file is not valid YAML: line 2: found character that cannot start any token"},
		"two documents":            {"node:\n  id: a\n---\nnode:\n  id: b\n", "the file is not valid YAML: line 3: a second document begins"},
		"a list of sections":       {"- node\n", "node.yaml: the file has no sections"},
		"a peer without its id":    {"discovery:\n  bootstrap_peers: [/ip4/1.2.3.4/tcp/4001]\n", `discovery.bootstrap_peers (node.yaml line 2): "/ip4/1.2.3.4/tcp/4001" does not end with /p2p/ and a peer id`},
		"a peer that is no peer":   {"discovery:\n  bootstrap_peers: host:4001\n", `"host:4001" is not a multiaddress`},
		"a wallet that is none":    {"node:\n  solana_wallet: 0xabc\n", "node.solana_wallet (node.yaml line 2): it is not a Solana address"},
		"a wildcard origin":        {"gateway:\n  allowed_origins: ['*']\n", `gateway.allowed_origins (node.yaml line 2): "*" is not an origin`},
		"a page for everyone":      {"ui:\n  addr: 0.0.0.0:6002\n", "ui.addr (node.yaml line 2): 0.0.0.0:6002 is not loopback"},
		"a port out of range":      {"gateway:\n  addr: 127.0.0.1:70000\n", `gateway.addr (node.yaml line 2): "70000" is not a port`},
		"listening on a websocket": {"node:\n  listen_addresses: [/ip4/0.0.0.0/tcp/4001/ws]\n", "is not an IP address with TCP or QUIC"},
		"listening twice":          {"node:\n  listen_addresses: [/ip4/0.0.0.0/tcp/0, /ip4/0.0.0.0/tcp/0]\n", "is listed twice"},
		"an open door":             {"gateway:\n  require_auth: false\n", "gateway.require_auth (node.yaml line 2): false would let everyone in who reaches /ip4/0.0.0.0/tcp/4001"},
		"a gateway in clear":       {"gateway:\n  addr: 0.0.0.0:6001\n", "gateway.addr (node.yaml line 2): 0.0.0.0:6001 is not loopback, and keys and tokens would travel in clear"},
		"a certificate alone":      {"gateway:\n  tls_certificate: /c\n", "gateway.tls_certificate (node.yaml line 2): its key is missing"},
		"a proxy by its name":      {"gateway:\n  trusted_proxies: [proxy.lan]\n", `gateway.trusted_proxies (node.yaml line 2): "proxy.lan" is not an address`},
		"no connections":           {"gateway:\n  max_connections: 0\n", "gateway.max_connections (node.yaml line 2): 0 is out of range"},
		"a proxy's user alone":     {"proxy:\n  user: a\n", "proxy.address (default): it is empty, but a user or password"},
		"the system's namespace":   {"gateway:\n  namespace: system\n", "gateway.namespace (node.yaml line 2): the namespace \"system\" is reserved"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := loadText(t, tt.yaml, Sources{})
			if core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// Three faults must not take three attempts.
func TestLoad_TellsAllFaultsAtOnce(t *testing.T) {
	_, err := loadText(t, "node:\n  max_connections: no\n  color: red\n", Sources{
		Env:   environment(map[string]string{"LOG_LEVEL": "loud"}),
		Flags: map[string]string{"replication-factor": "77", "data-dir": t.TempDir()},
	})
	faults, ok := errors.AsType[*FaultsError](err)
	if !ok {
		t.Fatal(err)
	}
	var got []string
	for _, f := range faults.Faults {
		got = append(got, f.Key+" "+f.Origin)
	}
	want := []string{"node.max_connections node.yaml line 2", "node.color node.yaml line 3", "logging.level environment LOG_LEVEL", "database.replication_factor flag --replication-factor"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("faults %q, want %q", got, want)
	}
	if !strings.HasPrefix(core.Sentence(err), "the configuration has 4 faults:\n") {
		t.Errorf("sentence %q", core.Sentence(err))
	}
}

// What would be lost silently must be refused with the new way.
func TestLoad_RefusesWhatItCannotHonour(t *testing.T) {
	for yaml, want := range map[string]string{
		"database:\n  rqlite_join_address: localhost:7001\n": "write the ticket that",
		"security:\n  enable_tls: true\n":                    "for HTTPS name gateway.tls_certificate and gateway.tls_key",
		"security:\n  private_key_file: /k\n":                "name the node's key in node.key_file",
		"security:\n  certificate_file: /c\n":                "peers prove themselves by their peer id",
	} {
		_, err := loadText(t, yaml, Sources{})
		if core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", yaml, err)
		}
	}
}

// The file of a node of the original system must start this one.
func TestLoad_AcceptsTheOriginalFile(t *testing.T) {
	l, err := Load(Sources{Path: "testdata/original.yaml", Env: environment(map[string]string{"HOME": t.TempDir(), "RQLITE_NODES": "http://localhost:5001"})})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Config.Discovery.BootstrapPeers; !slices.Equal(got, []string{somePeer}) {
		t.Errorf("bootstrap peers %v", got)
	}
	if !l.Config.Gateway.RequireAuth {
		t.Error("auth_enabled: false of the original switched authentication off")
	}
	if d := l.Config.Database; d.RQLitePort != 5002 || d.RQLiteNamespace != core.DefaultNamespace {
		t.Errorf("programs made for rqlite look at port 5002 and find %d, %s", d.RQLitePort, d.RQLiteNamespace)
	}
	for _, word := range []string{"node.type", "shard_count", "rqlite_raft_port", "auth_enabled", "node_namespace", "RQLITE_NODES"} {
		if !slices.ContainsFunc(l.Notices, func(n string) bool { return strings.Contains(n, word) }) {
			t.Errorf("no notice tells that %s decides nothing: %q", word, l.Notices)
		}
	}
}

// Values depend on each other only in ways that are told.
func TestLoad_Resolves(t *testing.T) {
	home := t.TempDir()
	l, err := Load(Sources{
		Env: environment(map[string]string{
			"HOME":             home,
			"GATEWAY_API_KEYS": "a-long-random-secret-key:shop, another-long-random-key", "GATEWAY_NAMESPACE": "red",
			"BOOTSTRAP_PEERS": "/ip4/203.0.113.7/p2p/12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk", "NO_COLOR": "1",
		}),
		Flags: map[string]string{"data-dir": "~/d", "log-file": ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := l.Config
	if c.Node.DataDir != filepath.Join(home, "d") || c.IdentityFile() != filepath.Join(home, "d", "identity.key") || c.DatabaseDir() != filepath.Join(home, "d", "db") || c.LogFile() != "" {
		t.Errorf("paths %q %q %q %q", c.Node.DataDir, c.IdentityFile(), c.DatabaseDir(), c.LogFile())
	}
	if k := c.Gateway.APIKeys; len(k) != 2 || k[0].Namespace != "shop" || k[1].Namespace != "red" || k[1].Key.Reveal() != "another-long-random-key" {
		t.Errorf("API keys %v", k)
	}
	if !slices.Equal(c.Discovery.BootstrapPeers, []string{somePeer}) {
		t.Errorf("the port was not added: %v", c.Discovery.BootstrapPeers)
	}
	if c.Logging.Color != "never" {
		t.Error("NO_COLOR was not heard")
	}
}

// A secret in "config show", in a fault or in a notice ends up in bug reports.
func TestLoad_NeverShowsSecrets(t *testing.T) {
	const canary = "CANARY1"
	l, err := loadText(t, "gateway:\n  api_keys: ["+canary+", '"+canary+canary+canary+":SYSTEM']\nproxy:\n  password: "+canary+"\n", Sources{})
	if err == nil {
		t.Fatal("a short key and a bad namespace were accepted")
	}
	var text strings.Builder
	text.WriteString(err.Error() + strings.Join(l.Notices, ""))
	for _, v := range l.Values() {
		text.WriteString(v.Value)
	}
	if strings.Contains(text.String(), canary) {
		t.Errorf("the secret is shown: %s", &text)
	}
	if !strings.Contains(text.String(), "[secret]") {
		t.Error("that there is a secret is not shown")
	}
}

// A file that is not there, not readable or not a configuration must be told,
// not taken for an empty one.
func TestLoad_BadFiles(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, MaxFileBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "there is no such file",
		dir:                             "it is not a regular file",
		large:                           "it is larger than 1MiB",
	} {
		if _, err := Load(Sources{Path: path, Env: environment(map[string]string{"HOME": dir})}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for name, text := range map[string]string{"empty": "", "comments": "# nothing\n", "null": "---\n", "an empty section": "node:\n"} {
		if _, err := loadText(t, text, Sources{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(Sources{}); core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("without a home: %v", err)
	}
}

// The file that "config init" writes changes nothing, and is what the manual says.
func TestInitYAML(t *testing.T) {
	env := environment(map[string]string{"HOME": "/home/ann"})
	l, err := loadText(t, InitYAML(), Sources{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	for key, o := range l.Origins {
		if o.Source != "default" {
			t.Errorf("%s is set by the file to start from", key)
		}
	}
	// With every '#' taken away it is the default configuration, too.
	var b strings.Builder
	for line := range strings.Lines(InitYAML()) {
		if rest, ok := strings.CutPrefix(line, "  # "); ok && strings.Contains(rest, ": ") && !strings.Contains(rest, ").\n") {
			line = "  " + rest
		}
		b.WriteString(line)
	}
	full, err := loadText(t, b.String(), Sources{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys() {
		if k.Text(full.Config) != k.Text(l.Config) {
			t.Errorf("%s: the file says %q, the default is %q", k.Name, k.Text(full.Config), k.Text(l.Config))
		}
	}
	for name, text := range map[string]string{"testdata/reference.md": Reference(), "testdata/init.yaml": InitYAML(), "testdata/every_key.yaml": everyKey()} {
		if *update {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil || string(want) != text {
			t.Errorf("%s is out of date (%v); run: go test ./backend/config -update", name, err)
		}
	}
	if _, err := Load(Sources{Path: "testdata/every_key.yaml", Env: env}); err != nil {
		t.Error(err)
	}
}

// everyKey is a file with each key set to its example, or to its only value.
func everyKey() string {
	var b strings.Builder
	section := ""
	for _, k := range Keys() {
		if k.Section() != section {
			section = k.Section()
			b.WriteString(section + ":\n")
		}
		_, name, _ := strings.Cut(k.Name, ".")
		value := k.Example
		if value == "" {
			value = k.Default
		}
		b.WriteString("  " + k.yamlLine(name, value) + "\n")
	}
	return b.String()
}

// Whatever a file holds, reading it ends with a configuration or with faults.
func FuzzLoad(f *testing.F) {
	for _, path := range []string{"testdata/original.yaml", "testdata/every_key.yaml", "testdata/init.yaml"} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("node: &a {id: *a}\n"))
	f.Add([]byte("node: *x\n<<: {a: b}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := loader{keys: Keys(), Loaded: Loaded{Config: Default(), Origins: map[string]Origin{}, Path: "fuzz.yaml"}}
		l.sources.Env = environment(map[string]string{"HOME": "/home/ann"})
		l.readYAML(data)
		l.resolve()
		l.noticeOld()
		for _, fault := range append(l.faults, l.Config.faults()...) {
			if fault.Problem == "" || len(fault.String()) > 1000 {
				t.Errorf("fault %q", fault)
			}
		}
	})
}
