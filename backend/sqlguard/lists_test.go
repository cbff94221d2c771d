package sqlguard

import (
	"strings"
	"testing"
)

// An engine that grows a new function, table or module must not open a hole:
// each one is on a list here, or this test names it.
func TestLists_KnowTheEngine(t *testing.T) {
	t.Run("functions", func(t *testing.T) {
		for _, name := range engineNames(t, "SELECT DISTINCT name FROM pragma_function_list") {
			known := isFunction(name) || !strings.Contains(functionRefusal(name), "no such function")
			if !known && !closedFamily(name) {
				t.Errorf("the engine has function %q, which no list here names", name)
			}
		}
	})
	t.Run("modules", func(t *testing.T) {
		for _, name := range engineNames(t, "SELECT name FROM pragma_module_list") {
			switch {
			case name == "json_each", name == "json_tree", name == "fts5": // open
			case isPragmaFunction(name), isEngineTable(name), strings.HasPrefix(name, "sqlite_"): // judged by name
			case name == "fts3", name == "fts4", name == "fts4aux", name == "rtree", name == "rtree_i32", name == "geopoly":
				// exist only once created, which only fts5 can be
			default:
				t.Errorf("the engine has module %q, which no list here names", name)
			}
		}
	})
}

// closedFamily names functions that exist in the engine and are left closed.
func closedFamily(name string) bool {
	switch name {
	case "matchinfo", "offsets", "optimize", "sqlite_drop_column", "sqlite_rename_column", "sqlite_rename_quotefix",
		"sqlite_rename_table", "sqlite_rename_test", "stat_get", "stat_init", "stat_push":
		return true
	}
	return strings.HasPrefix(name, "geopoly_")
}

// A program that asks what a table is like must be told; one that turns off
// fsync for everybody must not.
func TestLists_PragmasOfTheEngine(t *testing.T) {
	open := 0
	for _, name := range engineNames(t, "SELECT name FROM pragma_pragma_list") {
		_, err := Check("PRAGMA " + name + " = 1")
		if use := pragmaUse(name); use == pragmaOfTable || use == pragmaOfAny {
			open++
		} else if err == nil {
			t.Errorf("PRAGMA %s can be set", name)
		}
	}
	if open != 10 {
		t.Errorf("%d PRAGMAs take a value; each one must be known to write nothing", open)
	}
}
