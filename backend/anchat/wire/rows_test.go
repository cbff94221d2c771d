package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	flags "flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

var update = flags.Bool("update", false, "write the known answers anew")

// Rows are kept for years and are compared byte by byte. A row that this version
// writes otherwise than the last one is a second row to everybody.
func TestRows_knownAnswers(t *testing.T) {
	var out strings.Builder
	for _, s := range samples(t) {
		fmt.Fprintf(&out, "%s\n%s\n", s.name, hex.EncodeToString(s.row.Encode()))
	}
	phone := statement(purse(t).Accounts()[0], "phone")
	fmt.Fprintf(&out, "fingerprint\n%s\n", phone.Fingerprint())
	fmt.Fprintf(&out, "mailbox of a tag\n%s\n", Tag{9}.Name())
	fmt.Fprintf(&out, "hash of an event\n%s\n", Event{Mailbox: Name{1}, Seq: 1, At: noon, Sealed: []byte("x")}.Hash())
	fmt.Fprintf(&out, "proof of a knock\n%x\n", KnockProof([32]byte{5}, Name{1}, Fingerprint{2}))
	for _, label := range Labels() {
		fmt.Fprintf(&out, "sum under %s\n%s\n", label, Sum(label, []byte("a"), nil, []byte("bc")))
	}
	file := filepath.Join("testdata", "rows.txt")
	if *update {
		must(t, os.WriteFile(file, []byte(out.String()), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	got, known := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
	if len(got) != len(known) {
		t.Fatalf("%d answers, %d are known", len(got)/2, len(known)/2)
	}
	for i := range got {
		if got[i] != known[i] {
			t.Errorf("%s\nis  %s\nwas %s", got[i-1], got[i], known[i])
		}
	}
}

// The bytes that are stored are the bytes that were signed and gossiped.
func TestRows_comeBack(t *testing.T) {
	for _, s := range samples(t) {
		b := s.row.Encode()
		back, err := Decode(b)
		if err != nil || !reflect.DeepEqual(normal(back), normal(s.row)) {
			t.Errorf("%s came back as %+v, %v", s.name, back, err)
			continue
		}
		if !bytes.Equal(back.Encode(), b) {
			t.Errorf("%s is written otherwise the second time", s.name)
		}
		for cut := range b { // no beginning of it is a row, but of a message, whose form is its own
			if row, cutErr := Decode(b[:cut]); cutErr == nil && row.Kind() != KindMessage {
				t.Fatalf("%d of %d bytes of %s are read", cut, len(b), s.name)
			}
		}
		if s.row.Kind() != KindMessage {
			if _, err = Decode(append(b, 0)); !refused(err, core.Invalid) {
				t.Errorf("%s with a byte more: %v", s.name, err)
			}
		}
	}
}

// normal makes no difference between no bytes and none.
func normal(r Row) Row {
	if l, ok := r.(List); ok && len(l.Signature) == 0 {
		l.Signature = nil
		return l
	}
	return r
}

// Every field is under the signature: what is changed on the way is noticed.
func TestRows_signatures(t *testing.T) {
	type verifier interface{ Verify(key [32]byte) error }
	for _, s := range samples(t) {
		v, ok := s.row.(verifier)
		if !ok || s.name == "first list" {
			continue // certificates and messages have checks of their own
		}
		key := publicKey("phone")
		if s.row.Kind() == KindAck || s.name == "third list" {
			key = publicKey("laptop")
		}
		if err := v.Verify(key); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if err := v.Verify(publicKey("stranger")); !refused(err, core.Denied) {
			t.Errorf("%s under a stranger's key: %v", s.name, err)
		}
		fields := reflect.TypeOf(s.row)
		for i := range fields.NumField() {
			name := fields.Field(i).Name
			if s.row.Kind() == KindList && name == "Signer" {
				continue // names the key; whoever looks it up takes another one then
			}
			changed := reflect.New(fields).Elem()
			changed.Set(reflect.ValueOf(s.row))
			alter(t, changed.Field(i))
			if err := changed.Interface().(verifier).Verify(key); !refused(err, core.Denied) { //nolint:errcheck // it is one, as above
				t.Errorf("%s with another %s: %v", s.name, name, err)
			}
		}
	}
}

// alter makes a field another one.
func alter(t *testing.T, v reflect.Value) {
	t.Helper()
	switch x := v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(x.Add(time.Millisecond)))
	case []byte:
		v.Set(reflect.ValueOf(append(bytes.Clone(x), 1)))
	case bool:
		v.SetBool(!x)
	case []Fingerprint:
		v.Set(reflect.ValueOf(append(slices.Clone(x), Fingerprint{0xff})))
	case []EnvelopeID:
		v.Set(reflect.ValueOf(slices.Clone(x)[1:]))
	case []Revoked:
		v.Set(reflect.ValueOf(append(slices.Clone(x), Revoked{At: noon})))
	default:
		switch v.Kind() {
		case reflect.Array:
			v.Index(0).SetUint(v.Index(0).Uint() ^ 1)
		case reflect.Uint8, reflect.Uint32, reflect.Uint64:
			v.SetUint(v.Uint() ^ 1)
		case reflect.Struct: // an account
			v.Set(reflect.ValueOf(purse(t).Accounts()[1]))
		default:
			t.Fatalf("no way to change a %s", v.Type())
		}
	}
}

// A signature that was made for one purpose is worth nothing for another.
func TestLabels(t *testing.T) {
	labels := Labels()
	if got := slices.Compact(slices.Sorted(slices.Values(labels))); len(got) != len(labels) {
		t.Fatal("two purposes have one label")
	}
	for _, one := range labels {
		signature := ed25519.Sign(deviceKey("phone"), Signed(one, []byte("field")))
		for _, other := range labels {
			if err := Verify(publicKey("phone"), signature, other, []byte("field")); (err == nil) != (one == other) {
				t.Errorf("signed as %s, read as %s: %v", one, other, err)
			}
		}
	}
	// Nor is one whose fields are cut at other places.
	signature := ed25519.Sign(deviceKey("phone"), Signed(LabelDoor, []byte("ab"), []byte("c")))
	for _, fields := range [][][]byte{{[]byte("a"), []byte("bc")}, {[]byte("abc")}, {[]byte("ab"), []byte("c"), nil}} {
		if Verify(publicKey("phone"), signature, LabelDoor, fields...) == nil {
			t.Errorf("%q passes for another row of fields", fields)
		}
	}
	// The rows use the labels that are meant for them.
	for label, verify := range map[string]func([]byte) error{
		LabelEvent:    func(s []byte) error { return Event{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelKnock:    func(s []byte) error { return Knock{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelPrekey:   func(s []byte) error { return Prekey{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelSession:  func(s []byte) error { return Announce{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelErase:    func(s []byte) error { return Erase{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelAck:      func(s []byte) error { return Ack{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelEnvelope: func(s []byte) error { return Envelope{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelFleeting: func(s []byte) error { return Fleeting{Signature: s, At: noon}.Verify(publicKey("phone")) },
		LabelList:     func(s []byte) error { return List{Signature: s, At: noon}.Verify(publicKey("phone")) },
	} {
		for _, used := range labels {
			signature = ed25519.Sign(deviceKey("phone"), Signed(used, zeroFields(label)...))
			if err := verify(signature); (err == nil) != (used == label) {
				t.Errorf("a row of %s signed as %s: %v", label, used, err)
			}
		}
	}
}

// zeroFields are the fields of an empty row at noon.
func zeroFields(label string) [][]byte {
	switch label {
	case LabelEvent:
		return Event{At: noon}.fields()
	case LabelKnock:
		return Knock{At: noon}.fields()
	case LabelPrekey:
		return Prekey{At: noon}.fields()
	case LabelSession:
		return Announce{At: noon}.fields()
	case LabelErase:
		return Erase{At: noon}.fields()
	case LabelAck:
		return Ack{At: noon}.fields()
	case LabelEnvelope:
		return Envelope{At: noon}.fields()
	case LabelFleeting:
		return Fleeting{At: noon}.fields()
	default:
		return List{At: noon}.fields()
	}
}

// Rows of a stranger cost no more memory than they have bytes.
func TestDecode_bounds(t *testing.T) {
	tests := map[string]struct {
		b    []byte
		want core.Code
	}{
		"nothing":                     {nil, core.Invalid},
		"more than a row may have":    {make([]byte, MaxRowBytes+1), core.TooLarge},
		"a kind of the future":        {[]byte{99, 0, 0, 0, 0}, core.Invalid},
		"a length of four gigabytes":  {[]byte{byte(KindCertificate), 255, 255, 255, 255, 1}, core.Invalid},
		"too many devices in a list":  {List{Account: purse(t).Accounts()[0], Version: 1, Live: make([]Fingerprint, MaxLiveDevices+1)}.Encode(), core.Invalid},
		"too many revoked in a list":  {List{Account: purse(t).Accounts()[0], Version: 1, Revoked: make([]Revoked, MaxRevokedDevices+1)}.Encode(), core.Invalid},
		"too many envelopes taken in": {Ack{Envelopes: make([]EnvelopeID, MaxAcked+1)}.Encode(), core.Invalid},
		"a large event":               {Event{Sealed: make([]byte, MaxEventBytes+1)}.Encode(), core.Invalid},
		"a large envelope":            {Envelope{Body: make([]byte, MaxEnvelopeBytes+1)}.Encode(), core.Invalid},
		"a large signal":              {Fleeting{Sealed: make([]byte, MaxFleetingBytes+1)}.Encode(), core.Invalid},
		"a large message":             {Message{Body: make([]byte, MaxMessageBytes+1)}.Encode(), core.Invalid},
		"half a signature":            {Event{Signature: make([]byte, 63)}.Encode(), core.Invalid},
		"a time after 9999":           {Event{At: time.Date(10000, 1, 2, 0, 0, 0, 0, time.UTC)}.Encode(), core.Invalid},
		"a time before 1970":          {Event{At: time.Date(1969, 1, 2, 0, 0, 0, 0, time.UTC)}.Encode(), core.Invalid},
		"an account of nobody":        {List{Version: 1}.Encode(), core.Invalid},
	}
	for name, test := range tests {
		if row, err := Decode(test.b); core.CodeOf(err) != test.want {
			t.Errorf("%s: %v, %v", name, row, err)
		}
	}
}

// A tag that is printed by mistake would open the mailbox.
func TestTag_hides(t *testing.T) {
	tag := NewTag()
	for _, form := range []string{"%v", "%s"} {
		if text := fmt.Sprintf(form, tag); text != "[secret]" {
			t.Errorf("%s prints %s", form, text)
		}
	}
	back, err := ParseTag(tag.Reveal())
	if err != nil || back != tag {
		t.Errorf("the tag came back as another: %v", err)
	}
}

// Whatever comes, it is one row with one spelling, or none.
func FuzzDecode(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.row.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		row, err := Decode(b)
		if err != nil {
			return
		}
		if !bytes.Equal(row.Encode(), b) {
			t.Fatalf("a %s is read from one spelling and written in another", row.Kind())
		}
		switch r := row.(type) {
		case Certificate:
			_, err = r.Check()
		case List:
			err = r.Check()
		case Message:
			_, err = r.Check()
		}
		if err != nil && !refused(err, core.Invalid, core.Denied) {
			t.Errorf("%v", err)
		}
	})
}
