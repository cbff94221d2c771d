package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// edited is the file of a node that was started on a text, with a data folder of
// its own.
func edited(t *testing.T, text string, flags map[string]string) (*File, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	if text != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	given := map[string]string{"data-dir": dir}
	maps.Copy(given, flags)
	loaded, err := Load(Sources{Flags: given, Env: environment(map[string]string{"HOME": dir})})
	if err != nil {
		t.Fatal(err)
	}
	return NewFile(loaded), path
}

// A page that changes a setting must leave the rest of a person's file as he wrote it.
func TestFile_Save(t *testing.T) {
	const written = "# my node\nlogging:\n  level: warn # quiet\n  # parts\n  levels:\n    p2p: debug\n\n# web\ngateway:\n  allowed_hosts:\n  - a.example\n  - b.example\n  namespace: demo\n"
	set := func(name, value string) core.ConfigChange { return core.ConfigChange{Name: name, Value: value} }
	reset := func(name string) core.ConfigChange { return core.ConfigChange{Name: name, Reset: true} }
	tests := map[string]struct {
		text   string
		change []core.ConfigChange
		want   string
	}{
		"a value in its line":       {written, []core.ConfigChange{set("logging.level", "debug")}, strings.Replace(written, "  level: warn # quiet\n", "  level: \"debug\"\n", 1)},
		"a list over several lines": {written, []core.ConfigChange{set("gateway.allowed_hosts", "c.example, d.example")}, strings.Replace(written, "  allowed_hosts:\n  - a.example\n  - b.example\n", "  allowed_hosts: [\"c.example\", \"d.example\"]\n", 1)},
		"a mapping":                 {written, []core.ConfigChange{set("logging.levels", "p2p=info,rpc=warn")}, strings.Replace(written, "  levels:\n    p2p: debug\n", "  levels: {p2p: info, rpc: warn}\n", 1)},
		"a key that was not there":  {written, []core.ConfigChange{set("gateway.addr", "127.0.0.1:7000")}, strings.Replace(written, "gateway:\n", "gateway:\n  addr: \"127.0.0.1:7000\"\n", 1)},
		"a section that was not":    {written, []core.ConfigChange{set("database.backup_interval", "24h")}, written + "database:\n  backup_interval: \"24h\"\n"},
		"back to the default":       {written, []core.ConfigChange{reset("gateway.namespace"), reset("ui.addr")}, strings.Replace(written, "  namespace: demo\n", "", 1)},
		"no file yet":               {"", []core.ConfigChange{set("gateway.enabled", "false")}, "gateway:\n  enabled: false\n"},
		"only comments":             {"# nothing\ngateway:\n  # addr: x\n", []core.ConfigChange{set("gateway.enabled", "false")}, "# nothing\ngateway:\n  enabled: false\n  # addr: x\n"},
		"no newline at the end":     {"logging:\n  level: warn", []core.ConfigChange{set("ui.addr", "127.0.0.1:1")}, "logging:\n  level: warn\nui:\n  addr: \"127.0.0.1:1\"\n"},
		"two that need each other":  {"", []core.ConfigChange{set("gateway.tls_certificate", "c.pem"), set("gateway.tls_key", "k.pem")}, "gateway:\n  tls_key: \"k.pem\"\n  tls_certificate: \"c.pem\"\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, path := edited(t, tt.text, nil)
			if err := f.Save(tt.change); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || string(got) != tt.want {
				t.Errorf("the file is\n%s\nwant\n%s\n%v", got, tt.want, err)
			}
			if _, err := Load(Sources{Path: path, Env: environment(map[string]string{"HOME": filepath.Dir(path)})}); err != nil {
				t.Errorf("the next start: %v", err)
			}
		})
	}
}

// A setting that the next start would refuse must not get into the file: the
// person would be left with a node that does not start.
func TestFile_SaveRefuses(t *testing.T) {
	tests := map[string]struct {
		text, name, value string
		says              string
	}{
		"an unknown key":         {"", "gateway.colour", "red", "no setting"},
		"one that does nothing":  {"", "node.type", "bootstrap", "no setting"},
		"not a value":            {"", "database.backup_interval", "soon", "backup_interval"},
		"not one of the choices": {"", "logging.level", "loud", "logging.level"},
		"a contradiction":        {"", "gateway.addr", "0.0.0.0:80", "gateway"},
		"one without the other":  {"", "gateway.tls_key", "k.pem", "tls_certificate"},
		"a section in one line":  {"gateway: {enabled: true}\n", "gateway.namespace", "x", "by hand"},
		"a smuggled key":         {"", "logging.levels", "p2p=debug},x: {a=b", "logging"},
		"a broken file":          {"gateway: [\n", "gateway.namespace", "x", "by hand"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, path := edited(t, "", nil)
			if tt.text != "" {
				if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := f.Save([]core.ConfigChange{{Name: tt.name, Value: tt.value}})
			if core.CodeOf(err) != core.Invalid && core.CodeOf(err) != core.Conflict {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(core.Sentence(err), tt.says) {
				t.Errorf("it says %q", core.Sentence(err))
			}
			if got, err := os.ReadFile(path); string(got) != tt.text {
				t.Errorf("the file is now %q, %v", got, err)
			}
		})
	}
}

// The person sees what runs, what comes next, and who has the last word; never a secret.
func TestFile_Keys(t *testing.T) {
	f, _ := edited(t, "logging:\n  level: warn\nproxy:\n  address: 127.0.0.1:9050\n  password: canary-1\n", map[string]string{"gateway-namespace": "red"})
	err := f.Save([]core.ConfigChange{
		{Name: "logging.level", Value: "debug"}, {Name: "gateway.namespace", Value: "blue"}, {Name: "proxy.password", Value: "canary-2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := f.Keys()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]core.ConfigKey{}
	for _, k := range keys {
		if strings.Contains(k.Value+k.Next+k.Default, "canary") {
			t.Errorf("%s shows its secret", k.Name)
		}
		found[k.Name] = k
	}
	if k := found["logging.level"]; k.Value != "warn" || k.Next != "debug" || k.Default != "info" || !k.Restart || !k.InFile || k.Overruled {
		t.Errorf("%+v", k)
	}
	if k := found["gateway.namespace"]; k.Value != "red" || k.Restart || !k.Overruled || k.Flag != "--gateway-namespace" {
		t.Errorf("%+v", k)
	}
	if k := found["proxy.password"]; !k.Restart || !k.Secret || k.Flag != "" {
		t.Errorf("%+v", k)
	}
	if k := found["ui.addr"]; k.Restart || k.InFile {
		t.Errorf("%+v", k)
	}
}
