package node_test

import (
	"net/http"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// A person who asks for a backup now must get the file that the schedule would
// have written, and see it; and not a second one when nothing was written since.
func TestNode_BackupNow(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	if files, err := n.BackupFiles(t.Context()); err != nil || len(files) != 0 {
		t.Fatalf("before: %+v, %v", files, err)
	}
	if _, err := n.Storage().Put(t.Context(), "red", "k", []byte("v"), core.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	var told int
	made, err := n.BackupNow(t.Context(), func(p core.Progress) { told += int(p.Total) })
	if err != nil || made != 1 || told == 0 {
		t.Fatalf("%d made, %d told, %v", made, told, err)
	}
	files, err := n.BackupFiles(t.Context())
	if err != nil || len(files) != 1 || files[0].Size == 0 {
		t.Fatalf("%+v, %v", files, err)
	}
	plan, err := n.BackupPlan(t.Context())
	if err != nil || plan.Files != 1 || plan.LastAt.IsZero() || !plan.NextAt.IsZero() {
		t.Errorf("without a schedule the plan is %+v, %v", plan, err)
	}
	if made, err = n.BackupNow(t.Context(), func(core.Progress) {}); err != nil || made != 0 {
		t.Errorf("again: %d, %v", made, err)
	}
}

// The page's curves come from these numbers; one that stands still would hide a load.
func TestNode_Measures(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	before := n.Measures()
	if _, err := n.Storage().Put(t.Context(), "red", "k", []byte("v"), core.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	s, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Gateway+"/v1/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
	for n.Measures().Requests == before.Requests { // it is counted after it was answered
		if t.Context().Err() != nil {
			t.Fatal("the request was never counted")
		}
	}
	if after := n.Measures(); after.Entries <= before.Entries || after.RequestTime <= before.RequestTime {
		t.Errorf("from %+v to %+v", before, after)
	}
	if got := n.GatewayRequests(0); len(got) != 1 || got[0].Route != "/v1/version" {
		t.Errorf("%+v", got)
	}
	if s.GatewayOpen || s.GatewayTLS || !s.GatewayAuth {
		t.Errorf("the gateway says of itself %+v", s)
	}
}
