// Bytes of strangers against every decoder.

package rpc

import (
	"bytes"
	"log/slog"
	"math"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// A decoder that a stranger's bytes can crash, or that takes what it would not
// write itself, is a door into every node.
func FuzzFrame(f *testing.F) {
	f.Add(appendFrame(nil, frame{kind: kindHello, body: []byte("hello")}))
	f.Add(appendFrame(nil, frame{kind: kindRequest, method: methodGet, id: 7, timeout: 5000000, body: []byte{1}}))
	f.Add(appendFrame(nil, frame{kind: kindResponse, id: 1 << 40, continues: true, body: []byte("the end")}))
	f.Add(appendFrame(nil, frame{kind: kindCancel, id: 3}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &frameReader{in: bytes.NewReader(data)}
		for rest := data; ; {
			got, err := in.next(MaxFrameBytes)
			if err != nil {
				return
			}
			if len(got.body) > MaxFrameBytes {
				t.Fatalf("a body of %d bytes", len(got.body))
			}
			again := appendFrame(nil, got)
			if !bytes.HasPrefix(rest, again) {
				t.Fatalf("%x was read as %+v, which is written %x", rest, got, again)
			}
			rest = rest[len(again):]
		}
	})
}

// Packed cells come from tenants on one side and from nodes on the other.
func FuzzCells(f *testing.F) {
	packed, err := packArgs([]any{nil, true, int64(-5), 1.5, "text", []byte{0}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, uint64(3), uint8(2))
	f.Add([]byte{tagBytes, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, uint64(1), uint8(1))
	f.Add([]byte{}, uint64(1<<63), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, count uint64, width uint8) {
		if args, err := unpackArgs(data); err == nil {
			again, err := packArgs(args)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := unpackArgs(again); err != nil || len(back) != len(args) {
				t.Fatalf("%x: %v", again, err)
			}
		}
		if named, err := unpackNamed(data); err == nil {
			if _, err := packNamed(named); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := unpackRows(data, count, int(width))
		if err == nil && uint64(len(rows)) != count {
			t.Fatalf("%d rows, promised %d", len(rows), count)
		}
	})
}

// Any method with any body must end in an answer or a coded error.
func FuzzDispatch(f *testing.F) {
	statement, err := fromQuery(core.Statement{SQL: "SELECT ?", Args: []any{int64(1)}, Named: map[string]any{"a": "b"}}, core.QueryOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(methodQuery), pack(f, statement))
	f.Add(uint16(methodExec), pack(f, &WireExecRequest{Statements: []*WireStatement{{Sql: []byte("x")}}}))
	f.Add(uint16(methodPut), pack(f, fromOp(core.Op{Key: "k", Value: []byte("v")})))
	f.Add(uint16(methodBatch), bytes.Repeat([]byte{10, 0}, 2000))
	f.Add(uint16(methodList), pack(f, fromList(core.ListOptions{Prefix: "p", Limit: 3})))
	f.Add(uint16(methodConnect), pack(f, &WireNodeRequest{Target: "/ip4/1.2.3.4", After: 1, Limit: -1}))
	f.Fuzz(func(t *testing.T, m uint16, body []byte) {
		d := dispatcher{services: newFakeNode().services(), caller: Caller{Operator: true}, ns: "red"}
		_, err := d.call(t.Context(), method(m), body)
		if code := core.CodeOf(err); code == core.Internal {
			t.Errorf("method %d: %v", m, err)
		}
	})
}

// A node may be hostile too: what it answers must not crash a client.
func FuzzAnswers(f *testing.F) {
	rows, err := fromRows(&core.Rows{Columns: []string{"a"}, Values: [][]any{{int64(1)}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pack(f, rows))
	f.Add(pack(f, &WireExecAnswer{Results: []*WireExecResult{{Rows: rows}}}))
	f.Add(pack(f, fromPage(core.Page{Items: []core.Item{{Key: "k", Value: []byte{}}}})))
	f.Add(pack(f, &WireError{Code: "nonsense", Sentence: "\x01", RequestId: "r"}))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, m := range []proto.Message{&WireRows{}, &WireExecAnswer{}, &WirePage{}, &WireItemAnswer{}, &WireWriteAnswer{}, &WireDocument{}} {
			if unmarshal(body, m, answerEntries) != nil {
				continue
			}
			switch m := m.(type) {
			case *WireRows:
				if got, err := toRows(m); err == nil {
					again, err := fromRows(got)
					if err != nil {
						t.Fatal(err)
					}
					if back, err := toRows(again); err != nil || len(back.Values) != len(got.Values) {
						t.Fatal(err)
					}
				}
			case *WireExecAnswer:
				_, err := toExecAnswer(m)
				ignore(err)
			case *WirePage:
				toPage(m)
			case *WireItemAnswer:
				toItem(m.GetItem())
			case *WireWriteAnswer:
				toWriteAnswer(m)
			case *WireDocument:
				var status core.Status
				ignore(readDocument(m, &status))
			}
		}
		if e := unpackError(body); e.Code == "" || e.Msg == "" {
			t.Errorf("an error without code or sentence: %+v", e)
		}
	})
}

// Numbers that compare equal and are not: SQLite keeps them apart, so must we.
func TestCells_Bits(t *testing.T) {
	for _, want := range []float64{math.Copysign(0, -1), math.NaN(), math.Float64frombits(0x7ff8000000000123), math.SmallestNonzeroFloat64} {
		packed, err := appendValue(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		v, rest, err := takeValue(packed)
		if got, ok := v.(float64); err != nil || !ok || len(rest) > 0 || math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%x came back as %v, %v", math.Float64bits(want), v, err)
		}
	}
}

// ignore is for errors that any input may cause: only a crash counts.
func ignore(error) {}

// Methods' numbers and messages must not be swapped when a call is added.
func TestDispatch_UnknownMethod(t *testing.T) {
	d := dispatcher{services: newFakeNode().services(), ns: "red"}
	if _, err := d.call(t.Context(), 9999, nil); core.CodeOf(err) != core.Invalid {
		t.Errorf("got %v, want invalid", err)
	}
}

// A new service must say that it is not complete when it is made, not when it is asked.
func TestNewServer_Incomplete(t *testing.T) {
	whole := newFakeNode().services()
	h := newHost(t)
	log := slog.New(slog.DiscardHandler)
	without := map[string]Services{
		"authorize": {Database: whole.Database, Storage: whole.Storage, Node: whole.Node},
		"database":  {Authorize: whole.Authorize, Storage: whole.Storage, Node: whole.Node},
		"node":      {Authorize: whole.Authorize, Database: whole.Database, Storage: whole.Storage},
	}
	for name, services := range without {
		if _, err := NewServer(services, h, log); err == nil {
			t.Errorf("without %s: accepted", name)
		}
	}
	if _, err := NewServer(whole, nil, log); err == nil {
		t.Error("without a host: accepted")
	}
}

// A statement with the same text must be the same bytes, and come back the same.
func TestStatement_RoundTrip(t *testing.T) {
	want := core.Statement{SQL: "x", Named: map[string]any{"b": int64(2), "a": nil, "": []byte{}}}
	wire, err := fromStatement(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := toStatement(wire)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := unpackNamed(append(wire.GetNamed(), wire.GetNamed()...)); core.CodeOf(err) != core.Invalid {
		t.Errorf("a name given twice: %v, want invalid", err)
	}
}
