package gateway

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// What a page says must arrive as it was said, also the numbers that no float holds.
func TestChatFrames_RoundTrip(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123).UTC()
	rows := []ChatRow{{1, 9, at, []byte("one")}, {1<<63 - 1, 1 << 62, at, []byte{}}, {3, 4, time.UnixMilli(0).UTC(), make([]byte, MaxChatRowBytes)}}
	head := http.Header{}
	head.Set(lastHeader, "9223372036854775807")
	head.Set(closedHead, "true")
	p, err := ReadChatPage(head, AppendChatRows(nil, rows))
	if err != nil || !p.Closed || p.Last != 1<<63-1 || !reflect.DeepEqual(p.Rows, rows) {
		t.Errorf("%+v, %v", p, err)
	}
	entries := []ChatBackupEntry{{strings.Repeat("0a", 32), []byte("sealed")}, {strings.Repeat("ff", 32), []byte{}}}
	packed, err := AppendChatEntries(nil, entries)
	if err != nil {
		t.Fatal(err)
	}
	if got, errRead := ReadChatEntries(packed); errRead != nil || !reflect.DeepEqual(got, entries) {
		t.Errorf("%+v, %v", got, errRead)
	}
}

// A stranger wrote the lengths: none may be believed before it is compared.
func TestChatFrames_Bounds(t *testing.T) {
	many := AppendChatFrames(nil, make([][]byte, MaxChatPutRows+1)...)
	tests := map[string]struct {
		body []byte
		want core.Code
	}{
		"nothing":                    {nil, ""},
		"half a length":              {[]byte{0, 0}, core.Invalid},
		"a length without its bytes": {[]byte{0, 0, 0, 9, 1}, core.Invalid},
		"a length of four gigabytes": {[]byte{255, 255, 255, 255}, core.TooLarge},
		"a piece too long":           {AppendChatFrames(nil, make([]byte, MaxChatRowBytes+1)), core.TooLarge},
		"pieces too many":            {many, core.TooLarge},
		"as many as may be":          {many[:len(many)-4], ""},
	}
	for name, tt := range tests {
		if _, err := ReadChatFrames(tt.body, MaxChatPutRows, MaxChatRowBytes); core.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := ReadChatEntries(AppendChatFrames(nil, []byte("short"))); core.CodeOf(err) != core.Invalid {
		t.Errorf("an entry without a name: %v", err)
	}
}

// No answer of a member, and no request of a stranger, may end the process.
func FuzzChatFrames(f *testing.F) {
	f.Add(AppendChatRows(nil, []ChatRow{{1, 2, time.UnixMilli(3), []byte("row")}}))
	f.Add(AppendChatFrames(nil, []byte("row"), []byte{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if rows, err := ReadChatRows(b); err == nil && !bytes.Equal(AppendChatRows(nil, rows), b) {
			t.Error("rows that were read are written otherwise")
		}
		if pieces, err := ReadChatFrames(b, MaxChatPutRows, MaxChatRowBytes); err == nil && !bytes.Equal(AppendChatFrames(nil, pieces...), b) {
			t.Error("pieces that were read are written otherwise")
		}
		if entries, err := ReadChatEntries(b); err == nil {
			if again, errWrite := AppendChatEntries(nil, entries); errWrite != nil || !bytes.Equal(again, b) {
				t.Error("entries that were read are written otherwise")
			}
		}
	})
}
