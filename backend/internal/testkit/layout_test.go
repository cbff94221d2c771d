package testkit_test

// The layout of the program as a test: what may stand at the top, and which
// package may import which. A rule whose package is gone fails too.

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "git.debros.io/DeBros/network/"
	top    = "../../.."
)

// mayImport names, for every package of the program, which of our own packages
// it may import outside of tests.
var mayImport = map[string][]string{
	"app":                               {"app/api", "app/bridge", "app/cli", "backend/config", "backend/core", "backend/disk", "backend/logging", "backend/node", "backend/sandbox", "backend/signin", "backend/wallet", "frontend"},
	"app/api":                           {"backend/core", "backend/disk"},
	"app/bridge":                        {"app/api", "backend/core"},
	"app/cli":                           {"backend/client", "backend/config", "backend/core", "backend/disk", "backend/logging", "backend/sandbox", "backend/signin", "backend/wallet"},
	"backend/core":                      {},
	"backend/disk":                      {},
	"backend/config":                    {"backend/core", "backend/disk"},
	"backend/logging":                   {"backend/core"},
	"backend/p2p":                       {"backend/core", "backend/disk"},
	"backend/p2p/places":                {"backend/core"},
	"backend/anyoneproxy":               {"backend/core"},
	"backend/doctor":                    {"backend/core"},
	"backend/paths":                     {"backend/core"},
	"backend/discovery":                 {"backend/core", "backend/p2p"},
	"backend/pubsub":                    {"backend/core", "backend/p2p"},
	"backend/sqlguard":                  {"backend/core"},
	"backend/database":                  {"backend/core", "backend/disk", "backend/sqlguard"},
	"backend/storage":                   {"backend/core"},
	"backend/rpc":                       {"backend/core"},
	"backend/membership":                {"backend/core", "backend/database", "backend/disk"},
	"backend/forward":                   {"backend/core", "backend/database", "backend/rpc"},
	"backend/gateway":                   {"backend/core"},
	"backend/auth":                      {"backend/core", "backend/disk", "backend/wallet"},
	"backend/rqliteapi":                 {"backend/core"},
	"backend/anchat":                    {"backend/anchat/backup", "backend/anchat/engine", "backend/anchat/files", "backend/anchat/inner", "backend/anchat/room", "backend/anchat/vault", "backend/anchat/wire", "backend/core", "backend/disk", "backend/wallet"},
	"backend/anchat/backup":             {"backend/anchat/wire", "backend/core"},
	"backend/anchat/engine":             {"backend/anchat/inner", "backend/anchat/room", "backend/anchat/wire", "backend/core", "backend/wallet"},
	"backend/anchat/files":              {"backend/anchat/wire", "backend/core"},
	"backend/anchat/inner":              {"backend/anchat/wire", "backend/core", "backend/wallet"},
	"backend/anchat/room":               {"backend/anchat/wire", "backend/core", "backend/wallet"},
	"backend/anchat/service":            {"backend/anchat/wire", "backend/core", "backend/wallet"},
	"backend/anchat/vault":              {"backend/anchat/inner", "backend/anchat/wire", "backend/core", "backend/disk", "backend/wallet"},
	"backend/anchat/wire":               {"backend/core", "backend/wallet"},
	"backend/client":                    {"backend/core", "backend/p2p", "backend/pubsub", "backend/rpc"},
	"backend/wallet":                    {"backend/core", "backend/disk"},
	"backend/signin":                    {"backend/core"},
	"backend/sandbox":                   {"backend/client", "backend/config", "backend/core", "backend/disk", "backend/wallet"},
	"backend/node":                      nil, // knows everyone; what it must not know is below
	"backend/internal/testkit":          {"backend/core"},
	"backend/internal/testkit/load":     {"backend/client", "backend/core"},
	"backend/internal/testkit/faults":   {},
	"backend/internal/testkit/replicas": {"backend/core", "backend/database", "backend/internal/testkit"},
	"build/bench":                       {},
	"build/places":                      {},
	"build/scoreboard":                  {},
	"frontend":                          {},
}

// node is built out of the parts; these are built out of node.
var nodeMustNotImport = []string{"backend/client", "backend/sandbox", "app", "app/api", "app/bridge", "app/cli"}

// A wrong import joins two rooms for good: nobody can change one without the other.
func TestLayout_Imports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == "node_modules" || name == "dist" || name == ".git" || name == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		from, err := filepath.Rel(top, filepath.Dir(path))
		if err != nil {
			return err
		}
		from = filepath.ToSlash(from)
		seen[from] = true
		checkFile(t, path, from)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for from, allowed := range mayImport {
		for _, p := range append(slices.Clone(allowed), from) {
			if !seen[p] {
				t.Errorf("the rules name %s, which is gone", p)
			}
		}
	}
}

func checkFile(t *testing.T, path, from string) {
	t.Helper()
	allowed, known := mayImport[from]
	if !known {
		t.Errorf("%s: package %s has no rule here", path, from)
		return
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if base := filepath.Base(path); strings.HasPrefix(name, "github.com/wailsapp/wails") && base != "desktop.go" && base != "wailscalls.go" {
			t.Errorf("%s imports Wails; only app/desktop.go and app/wailscalls.go may", path)
		}
		if from == "backend/core" && strings.Contains(name, ".") {
			t.Errorf("%s imports %s; core knows the standard library only", path, name)
		}
		own, ours := strings.CutPrefix(name, module)
		switch {
		case !ours:
		case from == "backend/node":
			if slices.Contains(nodeMustNotImport, own) {
				t.Errorf("%s imports %s", path, own)
			}
		case !slices.Contains(allowed, own):
			t.Errorf("%s: %s may not import %s", path, from, own)
		}
	}
}

// A stray folder at the top makes the next person guess where things are.
func TestLayout_Top(t *testing.T) {
	allowed := []string{"app", "frontend", "backend", "build", "wails.json", "Makefile", "go.mod", "go.sum", "README.md", "LICENSE"}
	tracked, err := exec.CommandContext(t.Context(), "git", "-C", top, "ls-files").Output()
	var names []string
	if err == nil {
		for line := range strings.Lines(string(tracked)) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), "/")
			names = append(names, name)
		}
	} else { // a source archive has no git: then what lies there counts
		entries, err := os.ReadDir(top)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s does not belong at the top", name)
		}
	}
	for _, name := range allowed {
		if _, err := os.Stat(filepath.Join(top, name)); err != nil {
			t.Errorf("%s is missing at the top", name)
		}
	}
}
