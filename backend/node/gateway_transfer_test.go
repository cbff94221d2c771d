package node_test

import (
	"bytes"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/node"
)

// A namespace that leaves through the gateway must be able to come back to
// another one, whole.
func TestGatewayTransfer(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	to := node.GatewayTransfer(n.Node)
	script := "CREATE TABLE t (v);\nINSERT INTO t VALUES (9007199254740993);\n"
	if r, err := to.Import(t.Context(), "red", core.Transfer{Kind: core.TransferSQL}, false, strings.NewReader(script)); err != nil || r.Rows != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := to.Import(t.Context(), "red", core.Transfer{Kind: core.TransferKV}, false, strings.NewReader(`{"key":"k","text":"v"}`)); err != nil || r.Keys != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, kind := range []string{core.TransferSQLite, core.TransferSQL, core.TransferBackup, core.TransferKV} {
		var file bytes.Buffer
		if _, err := to.Export(t.Context(), "red", core.Transfer{Kind: kind}, &file); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		ns := core.Namespace("copy-" + kind)
		if _, err := to.Import(t.Context(), ns, core.Transfer{Kind: kind}, false, &file); err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		var again bytes.Buffer
		if _, err := to.Export(t.Context(), ns, core.Transfer{Kind: core.TransferSQL}, &again); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if has := strings.Contains(again.String(), "9007199254740993"); has != (kind != core.TransferKV) {
			t.Errorf("%s came back as %s", kind, &again)
		}
	}
	if _, err := to.Export(t.Context(), "nobody", core.Transfer{Kind: core.TransferSQL}, &bytes.Buffer{}); core.CodeOf(err) != core.NotFound {
		t.Errorf("a namespace that is not there: %v", err)
	}
	if tasks, err := n.Transfers(t.Context()); err != nil || len(tasks) != 0 {
		t.Errorf("left over: %v, %v", tasks, err)
	}
}
