package storage

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// If an export cannot be imported as it was, it is no copy.
func TestTransfer_ThereAndBack(t *testing.T) {
	s := open(t, Settings{}).Storage
	want := map[string]string{}
	for i := range 1203 {
		key, value := fmt.Sprintf("k/%04d \"é\"", i), fmt.Sprintf("v\x00\xff%d", i)
		if i%2 == 0 {
			value = fmt.Sprintf("text <&> %d", i)
		}
		want[key] = value
		if _, err := s.Put(t.Context(), "from", key, []byte(value), core.PutOptions{TTL: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	out, err := s.Export(t.Context(), "from", "k/", &file, nil)
	if err != nil || out.Keys != 1203 {
		t.Fatalf("%+v, %v", out, err)
	}
	text := file.String()
	in, err := s.Import(t.Context(), "to", "", strings.NewReader(text), nil)
	if err != nil || in.Keys != 1203 {
		t.Fatalf("%+v, %v", in, err)
	}
	for key, value := range want {
		item, _, err := s.Get(t.Context(), "to", key, core.ReadOptions{})
		if err != nil || string(item.Value) != value || item.ExpiresAt.IsZero() {
			t.Fatalf("%q: %+v, %v", key, item, err)
		}
	}
	if _, err := s.Import(t.Context(), "to", "", strings.NewReader(text), nil); core.CodeOf(err) != core.PreconditionFailed || !strings.Contains(err.Error(), "line ") {
		t.Errorf("keys that are there: %v", err)
	}
	if in, err := s.Import(t.Context(), "to", core.ExistingSkip, strings.NewReader(text), nil); err != nil || in.Skipped != 1203 || in.Keys != 0 {
		t.Errorf("skipping: %+v, %v", in, err)
	}
	if in, err := s.Import(t.Context(), "to", core.ExistingReplace, strings.NewReader(text), nil); err != nil || in.Keys != 1203 {
		t.Errorf("replacing: %+v, %v", in, err)
	}
	for _, bad := range []string{`{"key":"a"}`, `nonsense`, `{"key":"a","text":"x","base64":"eA=="}`, `{"key":"","text":"x"}`} {
		if _, err := s.Import(t.Context(), "to", core.ExistingReplace, strings.NewReader(bad), nil); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
