// From core's types to the messages of rpc.proto and back. Whatever comes from
// the wire is judged here: counts before anything is made of them, names by
// core's own rules.

package rpc

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// protoc comes with the system (package protobuf-compiler); the generator is
// go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12, the version
// in go.mod.
//
//go:generate protoc --go_out=. --go_opt=paths=source_relative -I. rpc.proto

const (
	// MaxStatements bounds one write: what it gathers is committed at once.
	MaxStatements = 10_000

	plainEntries  = 64                 // of a request that repeats nothing
	answerEntries = MaxStatements + 64 // of any answer: results, items and prefixes, columns
)

// unmarshal reads body into m, which may have this many fields and entries of
// fields: an empty entry takes two bytes here and a hundred in memory.
func unmarshal(body []byte, m proto.Message, entries int) error {
	if countFields(body) > entries {
		return core.Errorf(core.TooLarge, "one call takes at most %d entries; send it in parts", entries)
	}
	if err := proto.Unmarshal(body, m); err != nil {
		return core.Wrap(core.Invalid, err, "the body of a frame cannot be read")
	}
	return nil
}

// join makes a body of its parts; one part is the body.
func join(parts [][]byte) []byte {
	if len(parts) == 1 {
		return parts[0]
	}
	return slices.Concat(parts...)
}

// countFields counts the fields at the top of a message. It stops at the first
// fault, which Unmarshal then reports.
func countFields(body []byte) int {
	n := 0
	for len(body) > 0 {
		_, _, size := protowire.ConsumeField(body)
		if size < 0 {
			return n
		}
		n++
		body = body[size:]
	}
	return n
}

func toTime(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

func fromTime(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// toInt refuses what this machine's int cannot hold or what nobody counts.
func toInt(n int64) (int, error) {
	if n < 0 || n > math.MaxInt32 {
		return 0, core.Errorf(core.Invalid, "a count must be 0 to %d", math.MaxInt32)
	}
	return int(n), nil
}

func toDuration(ns int64) (time.Duration, error) {
	if ns < 0 {
		return 0, core.Errorf(core.Invalid, "a duration must not be negative")
	}
	return time.Duration(ns), nil
}

func fromProvenance(p core.Provenance) *WireProvenance {
	return &WireProvenance{
		Level: string(p.Level), ServedBy: p.ServedBy, Leader: p.Leader, Group: p.Group,
		Index: p.Index, LeaderIndex: p.LeaderIndex, AgeMs: p.AgeMS,
		How: p.How, Path: p.Path, ElapsedMs: p.ElapsedMS,
	}
}

func toProvenance(p *WireProvenance) core.Provenance {
	return core.Provenance{
		Level: core.Level(p.GetLevel()), ServedBy: p.GetServedBy(), Leader: p.GetLeader(), Group: p.GetGroup(),
		Index: p.GetIndex(), LeaderIndex: p.GetLeaderIndex(), AgeMS: p.GetAgeMs(),
		How: p.GetHow(), Path: p.GetPath(), ElapsedMS: p.GetElapsedMs(),
	}
}

func fromRead(o core.ReadOptions) *WireReadOptions {
	return &WireReadOptions{Level: string(o.Level), FreshnessNs: int64(o.Freshness)}
}

// toRead keeps "" apart from "linearizable": what the default is belongs to
// the service.
func toRead(o *WireReadOptions) (core.ReadOptions, error) {
	level := core.Level(o.GetLevel())
	if level != "" {
		var err error
		if level, err = core.ParseLevel(o.GetLevel()); err != nil {
			return core.ReadOptions{}, err
		}
	}
	freshness, err := toDuration(o.GetFreshnessNs())
	return core.ReadOptions{Level: level, Freshness: freshness}, err
}

// document packs an answer that is asked for seldom as its JSON.
func document(v any) (*WireDocument, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the answer cannot be written as JSON")
	}
	return &WireDocument{Json: text}, nil
}

func readDocument(d *WireDocument, v any) error {
	if err := json.Unmarshal(d.GetJson(), v); err != nil {
		return core.Wrap(core.Internal, err, "the node's answer cannot be read; is it of another version?")
	}
	return nil
}
