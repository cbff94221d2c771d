package gateway

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A list of requests that grows without end, or shows them twice or in disorder,
// is of no use to whoever looks for a fault.
func TestRequests_Ring(t *testing.T) {
	var q requests
	if got := q.after(0); len(got) != 0 {
		t.Fatalf("an empty ring gives %v", got)
	}
	for range MaxRequestsKept + 7 {
		q.add(core.GatewayRequest{})
	}
	tests := map[string]struct {
		after       uint64
		count       int
		first, last uint64
	}{
		"all that are kept": {0, MaxRequestsKept, 8, MaxRequestsKept + 7},
		"the newest two":    {MaxRequestsKept + 5, 2, MaxRequestsKept + 6, MaxRequestsKept + 7},
		"nothing new":       {MaxRequestsKept + 7, 0, 0, 0},
		"from the future":   {1 << 60, 0, 0, 0},
	}
	for name, tt := range tests {
		got := q.after(tt.after)
		if len(got) != tt.count {
			t.Errorf("%s: %d", name, len(got))
			continue
		}
		if tt.count > 0 && (got[0].Seq != tt.first || got[len(got)-1].Seq != tt.last) {
			t.Errorf("%s: %d to %d", name, got[0].Seq, got[len(got)-1].Seq)
		}
	}
}

// What a caller writes may hold a credential: none of it is in the list that a
// page shows.
func TestGateway_RequestsHoldNothingOfTheCaller(t *testing.T) {
	g, err := New(t.Context(), Settings{Address: "127.0.0.1:0", Now: time.Now}, Services{Node: fakeNode{state: core.StateOK}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}()
	handler, base := g.Handler(), "http://"+g.Address()
	for _, target := range []string{"/v1/version?api_key=canary", "/canary", "/v1/storage/get?key=canary"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, base+target, nil)
		r.Header.Set("X-API-Key", "canary")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	r := httptest.NewRequestWithContext(t.Context(), "CANARY", base+"/", nil)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	got := g.Requests(0)
	if len(got) != 4 || got[0].Route != "/v1/version" || got[0].Status != http.StatusOK || got[1].Route != noRoute || got[3].Method != "other" {
		t.Fatalf("%+v", got)
	}
	if text, err := json.Marshal(got); err != nil || strings.Contains(strings.ToLower(string(text)), "canary") {
		t.Errorf("%s, %v", text, err)
	}
	if count, _ := g.Totals(); count != 4 {
		t.Errorf("%d were counted", count)
	}
	if busy, _ := g.Busy(); busy != 0 {
		t.Errorf("%d are still being answered", busy)
	}
}
