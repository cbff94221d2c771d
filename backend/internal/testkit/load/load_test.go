package load

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// history makes a true history of one key under many clients: every operation
// takes effect somewhere between its call and its return.
func history(key string, seed uint64, operations int) []porcupine.Operation {
	random := rand.New(rand.NewPCG(seed, 1))
	var ops []porcupine.Operation
	state, clock := "", int64(0)
	for i := range operations {
		in := input{key: key, kind: kindGet}
		out := output{outcome: acknowledged, value: state}
		switch random.IntN(4) {
		case 0:
			in = input{key: key, kind: kindPut, value: string(rune('a'+i%26)) + time.Duration(i).String()}
			out, state = output{outcome: acknowledged}, in.value
		case 1:
			in = input{key: key, kind: kindCAS, value: "c" + time.Duration(i).String(), expected: state}
			out, state = output{outcome: acknowledged}, in.value
		}
		clock += 10
		ops = append(ops, porcupine.Operation{
			ClientId: i % 8, Input: in, Output: out, Call: clock - random.Int64N(30), Return: clock + random.Int64N(30),
		})
	}
	return ops
}

// A checker that never says no is worth nothing.
func TestCheck_FindsOneStaleRead(t *testing.T) {
	var r Result
	for key := range uint64(20) {
		r.history = append(r.history, history(strconv.FormatUint(key, 10), key, 1_000)...)
	}
	began := time.Now()
	if err := r.Check(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("judging took %v", took)
	}
	for i := len(r.history) - 1; ; i-- {
		if in, ok := r.history[i].Input.(input); ok && in.kind == kindGet {
			r.history[i].Output = output{outcome: acknowledged, value: "long ago"}
			break
		}
	}
	if err := r.Check(t.TempDir()); err == nil {
		t.Error("a read of what was never written passed")
	}
}

// What nobody knows may have happened or not, but not both.
func TestCheck_UnknownStaysOpen(t *testing.T) {
	put := func(value, outcome string, call, back int64) porcupine.Operation {
		return porcupine.Operation{Input: input{kind: kindPut, key: "k", value: value}, Output: output{outcome: outcome}, Call: call, Return: back}
	}
	get := func(value string, call int64) porcupine.Operation {
		return porcupine.Operation{Input: input{kind: kindGet, key: "k"}, Output: output{outcome: acknowledged, value: value}, Call: call, Return: call + 1}
	}
	for name, test := range map[string]struct {
		ops  []porcupine.Operation
		good bool
	}{
		"it did":             {[]porcupine.Operation{put("a", unknown, 0, math.MaxInt64), get("a", 10)}, true},
		"it did not":         {[]porcupine.Operation{put("a", unknown, 0, math.MaxInt64), get("", 10)}, true},
		"it did later":       {[]porcupine.Operation{put("a", unknown, 0, math.MaxInt64), get("", 10), get("a", 20)}, true},
		"it was undone":      {[]porcupine.Operation{put("a", unknown, 0, math.MaxInt64), get("a", 10), get("", 20)}, false},
		"an answer was lost": {[]porcupine.Operation{put("a", acknowledged, 0, 5), get("", 10)}, false},
		"it happened twice":  {[]porcupine.Operation{put("a", acknowledged, 0, 5), put("b", acknowledged, 6, 7), get("b", 8), get("a", 10)}, false},
	} {
		r := Result{history: test.ops}
		if err := r.Check(t.TempDir()); (err == nil) != test.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
