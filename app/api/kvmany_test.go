package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeFeed waits until it is told to stop, and has a past of one key.
type fakeFeed struct{ Feed }

func (fakeFeed) Watch(ctx context.Context, _ core.Namespace, o core.WatchOptions) (core.Changes, error) {
	if o.FromNow {
		return core.Changes{Next: 7}, nil
	}
	<-ctx.Done()
	return core.Changes{}, core.Wrap(core.Unavailable, ctx.Err(), "the wait was ended")
}

func (fakeFeed) History(context.Context, core.Namespace, string, int) (core.History, error) {
	return core.History{CompleteSince: 3, CompleteSinceTime: time.Unix(9, 0), Versions: []core.KVChange{
		{Operation: core.OperationDelete, Item: core.Item{Key: "k", Version: 5}},
		{Operation: core.OperationPut, Item: core.Item{Key: "k", Version: 4, Value: []byte("old"), Size: 3}},
	}}, nil
}

// fakeTransfer reads and writes the lines that the backend does.
type fakeTransfer struct{ f *fake }

func (t fakeTransfer) Export(_ context.Context, _ core.Namespace, o core.Transfer, w io.Writer) (core.TransferResult, error) {
	var text bytes.Buffer
	for _, key := range slices.Sorted(func(yield func(string) bool) {
		for key := range t.f.items {
			if strings.HasPrefix(key, o.Prefix) && !yield(key) {
				return
			}
		}
	}) {
		line, err := json.Marshal(lineOf(t.f.items[key]))
		if err != nil {
			return core.TransferResult{}, err
		}
		text.Write(append(line, '\n'))
	}
	for part := range slices.Chunk(text.Bytes(), 7) { // cut anywhere, as a buffer does
		if _, err := w.Write(part); err != nil {
			return core.TransferResult{}, err
		}
	}
	return core.TransferResult{}, nil
}

func (t fakeTransfer) Import(ctx context.Context, ns core.Namespace, o core.Transfer, _ bool, r io.Reader) (out core.TransferResult, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var l kvLine
		if err = json.Unmarshal(lines.Bytes(), &l); err != nil {
			return out, err
		}
		var value []byte
		var ttl time.Duration
		if l.Text != nil {
			value = []byte(*l.Text)
		} else if value, err = base64.StdEncoding.DecodeString(*l.Base64); err != nil {
			return out, err
		}
		if l.ExpiresAt != "" {
			at, err := time.Parse(time.RFC3339Nano, l.ExpiresAt)
			if err != nil {
				return out, err
			}
			ttl = time.Until(at)
		}
		_, err := t.f.Batch(ctx, ns, []core.Op{{Key: l.Key, Value: value, PutOptions: core.PutOptions{TTL: ttl, IfAbsent: o.Existing != core.ExistingReplace}}})
		switch {
		case err == nil:
			out.Keys++
		case o.Existing == core.ExistingSkip:
			out.Skipped++
		default:
			return out, err
		}
	}
	if err := lines.Err(); err != nil {
		return out, core.Wrap(core.Unavailable, err, "the file cannot be read")
	}
	return out, nil
}

func keysPage(t testing.TB, f *fake) *API {
	a := f.page(t)
	b := f.backend()
	b.Feed, b.Transfer = fakeFeed{}, fakeTransfer{f}
	a.Attach(b)
	return a
}

func (f *fake) has(key, value string) {
	f.version++
	f.items[key] = core.Item{Key: key, Value: []byte(value), Size: len(value), Version: f.version}
}

func gzipped(t testing.TB, text []byte) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func zstandard(t testing.TB, text string) string {
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoder.EncodeAll([]byte(text), nil))
}

// A value that hides gigabytes must not take the memory of the node, and a
// damaged one shows what is left of it.
func TestKV_ReadPacked(t *testing.T) {
	f := newFake()
	whole := zstandard(t, `{"a": 1}`)
	f.has("plain", "text")
	f.has("gzip", gzipped(t, []byte("hello")))
	f.has("zstd", whole)
	f.has("bomb", gzipped(t, make([]byte, MaxUnpacked+100)))
	f.has("cut", gzipped(t, bytes.Repeat([]byte("0123456789"), 10_000))[:200])
	f.has("liar", "\x1f\x8b\x08nothing of the kind")
	tests := map[string]struct {
		packing, begins string
		opened, problem bool
		total           int
	}{
		"plain": {begins: "text", total: 4},
		"gzip":  {packing: packedGzip, begins: "hello", opened: true, total: 5},
		"zstd":  {packing: packedZstd, begins: `{"a": 1}`, opened: true, total: 8},
		"bomb":  {packing: packedGzip, opened: true, problem: true, total: MaxUnpacked},
		"liar":  {packing: packedGzip, problem: true, begins: "\x1f\x8b", total: 22},
	}
	kv := bound[KV](f.page(t))
	for key, want := range tests {
		got, err := kv.Read(ReadRequest{Namespace: "default", Key: key, Unpack: true})
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		part, err := base64.StdEncoding.DecodeString(got.PartBase64)
		if err != nil || len(part) > MaxValuePart || !bytes.HasPrefix(part, []byte(want.begins)) {
			t.Errorf("%s: %d bytes, %v", key, len(part), err)
		}
		if got.Packing != want.packing || got.Opened != want.opened || (got.Problem != "") != want.problem || got.Total != want.total {
			t.Errorf("%s: %+v", key, got)
		}
	}
	cut, err := kv.Read(ReadRequest{Namespace: "default", Key: "cut", Unpack: true})
	if err != nil || cut.Problem == "" || !cut.Opened || cut.Total == 0 {
		t.Errorf("%+v, %v", cut, err)
	}
}

// Parts of two versions must never be put together.
func TestKV_ReadInParts(t *testing.T) {
	f := newFake()
	f.has("k", "0123456789")
	kv := bound[KV](f.page(t))
	first, err := kv.Read(ReadRequest{Namespace: "default", Key: "k", Length: 4})
	if err != nil || first.Total != 10 || first.PartBase64 != base64.StdEncoding.EncodeToString([]byte("0123")) {
		t.Fatalf("%+v, %v", first, err)
	}
	last, err := kv.Read(ReadRequest{Namespace: "default", Key: "k", Offset: 8, Length: 4, Version: first.Version})
	if err != nil || last.PartBase64 != base64.StdEncoding.EncodeToString([]byte("89")) {
		t.Errorf("%+v, %v", last, err)
	}
	f.has("k", "abcdefghij")
	if _, err := kv.Read(ReadRequest{Namespace: "default", Key: "k", Offset: 4, Version: first.Version}); codeOf(t, err) != core.Conflict {
		t.Errorf("got %v", err)
	}
}

// Each filter finds what it says, and nothing else.
func TestKV_Scan(t *testing.T) {
	f := newFake()
	day := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for i, key := range []string{"a:1:name", "a:2:name", "a:22:mail", "b.c", "bxc"} {
		f.items[key] = core.Item{Key: key, Size: i * 10, Value: []byte(strings.ToUpper(key)), UpdatedAt: day.AddDate(0, 0, i)}
	}
	ends := f.items["b.c"]
	ends.ExpiresAt = day.AddDate(0, 1, 0)
	f.items["b.c"] = ends
	at := func(days int) string { return day.AddDate(0, 0, days).Format(time.RFC3339) }
	tests := map[string]struct {
		r    ScanRequest
		want string
	}{
		"everything":                      {want: "a:1:name a:22:mail a:2:name b.c bxc"},
		"a star is any text":              {r: ScanRequest{Pattern: "a:*:name"}, want: "a:1:name a:2:name"},
		"a question mark is one sign":     {r: ScanRequest{Pattern: "a:?:*"}, want: "a:1:name a:2:name"},
		"a dot is a dot":                  {r: ScanRequest{Pattern: "b.c"}, want: "b.c"},
		"pattern and prefix":              {r: ScanRequest{Pattern: "*c", Prefix: "bx"}, want: "bxc"},
		"content, whatever the case":      {r: ScanRequest{Content: "mAil"}, want: "a:22:mail"},
		"size from and to":                {r: ScanRequest{MinBytes: 10, MaxBytes: 20}, want: "a:22:mail a:2:name"},
		"changed between":                 {r: ScanRequest{ChangedAfter: at(0), ChangedBefore: at(2)}, want: "a:2:name"},
		"ends at some time":               {r: ScanRequest{Expiry: "some"}, want: "b.c"},
		"never ends":                      {r: ScanRequest{Expiry: "never", Prefix: "b"}, want: "bxc"},
		"ends soon":                       {r: ScanRequest{ExpiresBefore: at(40)}, want: "b.c"},
		"ends before, and changed before": {r: ScanRequest{ExpiresBefore: at(40), ChangedBefore: at(40)}, want: "b.c"},
	}
	kv := bound[KV](f.page(t))
	for name, test := range tests {
		test.r.Namespace = "default"
		found, err := kv.Scan(test.r)
		var keys []string
		for _, i := range found.Items {
			keys = append(keys, i.Key)
		}
		if got := strings.Join(keys, " "); err != nil || got != test.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, r := range map[string]ScanRequest{
		"time": {ChangedAfter: "yesterday"}, "size": {MinBytes: 5, MaxBytes: 4}, "expiry": {Expiry: "soon"},
	} {
		r.Namespace = "default"
		if _, err := kv.Scan(r); codeOf(t, err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A search for nothing that is there stops after a bounded step and can go on.
func TestKV_ScanInSteps(t *testing.T) {
	f := newFake()
	fill(f, "a/", MaxScanKeys+1500)
	kv := bound[KV](f.page(t))
	first, err := kv.Scan(ScanRequest{Namespace: "default", Pattern: "*x"})
	if err != nil || first.Next == "" || first.Looked > MaxScanKeys || first.Looked == 0 {
		t.Fatalf("looked %d, next %q, %v", first.Looked, first.Next, err)
	}
	looked, r := first.Looked, ScanRequest{Namespace: "default", Pattern: "*x", Cursor: first.Next}
	for r.Cursor != "" {
		step, err := kv.Scan(r)
		if err != nil || step.Looked == 0 {
			t.Fatalf("%+v, %v", step, err)
		}
		looked, r.Cursor = looked+step.Looked, step.Next
	}
	if looked != MaxScanKeys+1500 {
		t.Errorf("looked at %d keys", looked)
	}
}

// Sizes add up, and a million branches do not become a million lines.
func TestKV_Sizes(t *testing.T) {
	f := newFake()
	f.has("a:1", "12")
	f.has("a:b:2", "1234")
	f.has("c", "1")
	for i := range MaxSizeChildren {
		f.has(fmt.Sprintf("d%04d:x", i), "")
	}
	got, err := bound[KV](f.page(t)).Sizes(SizeRequest{Namespace: "default", Separator: ":"})
	if err != nil || got.Next != "" || len(got.Children) != MaxSizeChildren+1 {
		t.Fatalf("%d children, %v", len(got.Children), err)
	}
	keys, size := int64(0), int64(0)
	for _, c := range got.Children {
		keys, size = keys+c.Keys, size+c.Bytes
	}
	if keys != MaxSizeChildren+3 || size != 5+9+2+7*MaxSizeChildren {
		t.Errorf("%d keys, %d bytes", keys, size)
	}
	if a := got.Children[0]; a != (KVSize{Prefix: "a:", Keys: 2, Bytes: 14}) {
		t.Errorf("%+v", a)
	}
	if c := got.Children[1]; c != (KVSize{Keys: 1, Bytes: 2}) {
		t.Errorf("%+v", c)
	}
	if last := got.Children[MaxSizeChildren]; !last.Other || last.Keys != 2 {
		t.Errorf("%+v", last)
	}
}

// A page that is left must not keep a question open, and a new question ends the old.
func TestKV_Watch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kv := bound[KV](keysPage(t, newFake()))
		now, err := kv.Watch(WatchRequest{ID: "p", Namespace: "default"})
		if err != nil || now.Next != "7" {
			t.Fatalf("%+v, %v", now, err)
		}
		answers := make(chan error, 2)
		ask := func() {
			got, err := kv.Watch(WatchRequest{ID: "p", Namespace: "default", Since: "7", WaitMS: 25_000})
			if err == nil && got.Next != "7" {
				err = fmt.Errorf("next %q", got.Next)
			}
			answers <- err
		}
		go ask()
		synctest.Wait()
		go ask() // takes the first one's place
		if err := <-answers; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if err := kv.StopWatch("p"); err != nil {
			t.Fatal(err)
		}
		if err := <-answers; err != nil {
			t.Error(err)
		}
		if n := len(kv.d.watches.open); n != 0 {
			t.Errorf("%d questions are still open", n)
		}
	})
}

// Who restores a version must get that one, and know since when the past is whole.
func TestKV_History(t *testing.T) {
	kv := bound[KV](keysPage(t, newFake()))
	h, err := kv.History("default", "k", 2)
	if err != nil || len(h.Versions) != 2 || h.Versions[0].Operation != "delete" || h.CompleteSince != "3" || !h.More {
		t.Errorf("%+v, %v", h, err)
	}
	if v, err := kv.Version("default", "k", "4"); err != nil || v != base64.StdEncoding.EncodeToString([]byte("old")) {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := kv.Version("default", "k", "5"); codeOf(t, err) != core.NotFound {
		t.Errorf("a delete has a value: %v", err)
	}
}

func bulkDone(t *testing.T, a *API, r BulkRequest) Task {
	t.Helper()
	r.Chosen.Namespace = "default"
	id, err := bound[KV](a).Bulk(r)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return taskOf(t, a, id)
}

// Many keys at once: each is moved whole or left alone, and what somebody holds
// already is not lost.
func TestKV_Bulk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		fill(f, "old:", 1200)
		f.has("new:000001", "mine")
		a := keysPage(t, f)
		task := bulkDone(t, a, BulkRequest{Chosen: Chosen{Prefixes: []string{"old:"}}, Do: bulkRename, From: "old:", To: "new:", Existing: core.ExistingSkip})
		if task.State != taskDone || task.Result != "1199 keys renamed, 1 left as they were" || task.Done != 1200 || task.Total != 1200 {
			t.Errorf("%+v", task)
		}
		if string(f.items["new:000001"].Value) != "mine" || len(f.items) != 1201 {
			t.Errorf("%d keys, %q", len(f.items), f.items["new:000001"].Value)
		}
		task = bulkDone(t, a, BulkRequest{Chosen: Chosen{Keys: []string{"old:000001"}}, Do: bulkCopy, From: "old:", To: "new:", Existing: core.ExistingFail})
		if task.Code != string(core.PreconditionFailed) {
			t.Errorf("%+v", task)
		}
		task = bulkDone(t, a, BulkRequest{Chosen: Chosen{Keys: []string{"new:000001", "gone"}}, Do: bulkTTL, TTLSeconds: 60})
		if task.Result != "1 key changed" || f.items["new:000001"].ExpiresAt.IsZero() || string(f.items["new:000001"].Value) != "mine" {
			t.Errorf("%+v, %+v", task, f.items["new:000001"])
		}
		task = bulkDone(t, a, BulkRequest{Chosen: Chosen{Keys: []string{"old:000001"}, Prefixes: []string{"new:0001"}}, Do: bulkDelete})
		if task.Result != "101 keys deleted" || len(f.items) != 1100 {
			t.Errorf("%+v, %d left", task, len(f.items))
		}
	})
}

// A request that would never end, or would hit more than was meant, is refused.
func TestKV_BulkRefused(t *testing.T) {
	kv := bound[KV](newFake().page(t))
	tests := map[string]BulkRequest{
		"nothing chosen":         {Do: bulkDelete},
		"everything":             {Do: bulkDelete, Chosen: Chosen{Prefixes: []string{""}}},
		"a branch in a branch":   {Do: bulkDelete, Chosen: Chosen{Prefixes: []string{"a", "ab"}}},
		"into itself":            {Do: bulkCopy, From: "a", To: "ab", Existing: core.ExistingSkip, Chosen: Chosen{Prefixes: []string{"a"}}},
		"not at the beginning":   {Do: bulkCopy, From: "x", To: "y", Existing: core.ExistingSkip, Chosen: Chosen{Keys: []string{"a"}}},
		"no rule for taken ones": {Do: bulkRename, From: "a", To: "b", Chosen: Chosen{Keys: []string{"a"}}},
		"unknown":                {Do: "burn", Chosen: Chosen{Keys: []string{"a"}}},
	}
	for name, r := range tests {
		r.Chosen.Namespace = "default"
		if _, err := kv.Bulk(r); codeOf(t, err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func kvSource(t *testing.T, a *API, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := a.desk.files.addSource(path)
	if err != nil {
		t.Fatal(err)
	}
	return file.ID
}

// What leaves as a file comes back as it was, in either form, bytes and ends too.
func TestKV_ExportImport(t *testing.T) {
	for _, format := range []string{formatLines, formatCSV} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.has("a:text", "line\n\"quoted\", ключ")
			f.has("a:bytes", "\x00\xff")
			f.has("a:empty", "")
			f.has("b", "alone")
			f.has("c", "not chosen")
			brief := f.items["a:text"]
			brief.ExpiresAt = time.Now().Add(time.Hour)
			f.items["a:text"] = brief
			a := keysPage(t, f)
			path := filepath.Join(t.TempDir(), "keys."+format)
			target, err := a.desk.files.addTarget(path, "keys")
			if err != nil {
				t.Fatal(err)
			}
			kv := bound[KV](a)
			id, err := kv.Export(KeyExport{Chosen: Chosen{Namespace: "default", Keys: []string{"b"}, Prefixes: []string{"a:"}}, Format: format, File: target})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if task := taskOf(t, a, id); task.Result != "4 keys written" || task.Total != 2+2 {
				t.Fatalf("%+v", task)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			before := f.items
			f.items = map[string]core.Item{"b": {Key: "b", Value: []byte("newer")}}
			file := kvSource(t, a, "keys."+format, string(text))
			seen, err := kv.Preview(file)
			if err != nil || seen.Format != format || seen.Problem != "" || len(seen.Rows) != 4 || seen.KeyColumn != 0 || seen.ValueColumn != 1 || seen.ExpiresColumn != 3 {
				t.Fatalf("%+v, %v", seen, err)
			}
			id, err = kv.Import(KeyImport{
				Namespace: "default", FileID: file, Format: format, Existing: core.ExistingSkip, Separator: seen.Separator, Header: seen.Header,
				KeyColumn: seen.KeyColumn, ValueColumn: seen.ValueColumn, EncodingColumn: seen.EncodingColumn, ExpiresColumn: seen.ExpiresColumn,
			})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			task := taskOf(t, a, id)
			if task.Result != "3 keys stored, 1 were there and stayed as they were" || task.Done != int64(len(text)) || task.Total != task.Done {
				t.Fatalf("%+v", task)
			}
			for _, key := range []string{"a:text", "a:bytes", "a:empty"} {
				if got, want := f.items[key], before[key]; !bytes.Equal(got.Value, want.Value) || !got.ExpiresAt.Equal(want.ExpiresAt) {
					t.Errorf("%s: %+v, want %+v", key, got, want)
				}
			}
			if string(f.items["b"].Value) != "newer" {
				t.Error("a key that was there was overwritten")
			}
		})
	}
}

// A file from elsewhere: the columns are guessed, and a bad row is named.
func TestKV_ImportForeignCSV(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		a := keysPage(t, f)
		kv := bound[KV](a)
		file := kvSource(t, a, "list.csv", "\ufeff\"Data\";Name;TTL\r\naGk=;greeting;60\r\n!;broken;\r\n")
		seen, err := kv.Preview(file)
		if err != nil || seen.Separator != ";" || !seen.Header || seen.KeyColumn != 1 || seen.ValueColumn != 0 || seen.ExpiresColumn != 2 || seen.EncodingColumn != -1 {
			t.Fatalf("%+v, %v", seen, err)
		}
		id, err := kv.Import(KeyImport{
			Namespace: "default", FileID: file, Format: formatCSV, Existing: core.ExistingFail, Separator: ";", Header: true,
			KeyColumn: 1, ValueColumn: 0, EncodingColumn: -1, ExpiresColumn: 2, Base64: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		task := taskOf(t, a, id)
		if task.Code != string(core.Invalid) || task.Error != "Row 3: the value is not base64. 1 keys were stored before." {
			t.Errorf("%+v", task)
		}
		if i := f.items["greeting"]; string(i.Value) != "hi" || time.Until(i.ExpiresAt) != time.Minute {
			t.Errorf("%+v", i)
		}
		a.desk.tasks.close()
	})
}

// A quote that is never closed must not take a file of gigabytes into memory.
func TestKV_OpenQuote(t *testing.T) {
	rows, err := newKeyRows(io.MultiReader(strings.NewReader(`key,"`), zeros{}), ",")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.next(); core.CodeOf(err) != core.TooLarge {
		t.Errorf("got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("0"), len(p))), nil }

// The separator belongs to the namespace and outlives the program.
func TestKV_Separator(t *testing.T) {
	dir := t.TempDir()
	first := &separators{dir: dir}
	for ns, separator := range map[core.Namespace]string{"red": "/", "flat": ""} {
		if err := first.set(ns, separator); err != nil {
			t.Fatal(err)
		}
	}
	again := &separators{dir: dir}
	for ns, want := range map[core.Namespace]string{"red": "/", "flat": "", "other": DefaultSeparator} {
		if got, err := again.get(ns); err != nil || got != want {
			t.Errorf("%s: %q, %v", ns, got, err)
		}
	}
}
