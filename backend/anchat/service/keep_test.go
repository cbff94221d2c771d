package service

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// A file over a link that breaks goes on with what is missing; nothing but the file
// that was named is taken, and only its owner's quota pays for it.
func TestBlobs(t *testing.T) {
	d := newDesk(t, Settings{FilesBytes: 2500})
	alice, bob := d.As(newPerson(t, d.clock.Now).newDevice().caller()), d.As(newPerson(t, d.clock.Now).newDevice().caller())
	chunks := [][]byte{randomBytes(1000), randomBytes(1000), randomBytes(400)}
	hashes := []wire.Hash{sha256.Sum256(chunks[0]), sha256.Sum256(chunks[1]), sha256.Sum256(chunks[2])}
	id := wire.BlobID(hashes)
	ctx := t.Context()
	put := func(who wire.Service, chunk uint32, of int, data []byte) core.Code {
		return core.CodeOf(who.PutChunk(ctx, id, chunk, uint32(of), data))
	}
	if _, err := alice.HaveChunks(ctx, id); core.CodeOf(err) != core.NotFound || put(alice, 0, 3, chunks[0]) != core.NotFound {
		t.Errorf("not begun: %v", err)
	}
	if err := alice.BeginBlob(ctx, id, hashes[:2]); core.CodeOf(err) != core.Invalid {
		t.Errorf("other chunks: %v", err)
	}
	for range 2 {
		if err := alice.BeginBlob(ctx, id, hashes); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct{ got, want core.Code }{
		"damaged":         {put(alice, 0, 3, chunks[1]), core.Invalid},
		"other number":    {put(alice, 0, 2, chunks[0]), core.Invalid},
		"beyond the end":  {put(alice, 3, 3, chunks[0]), core.Invalid},
		"too large":       {put(alice, 0, 3, make([]byte, wire.MaxChunkBytes+1)), core.TooLarge},
		"another account": {put(bob, 0, 3, chunks[0]), core.Denied},
		"nobody":          {put(d.As(wire.Caller{}), 0, 3, chunks[0]), core.Unauthenticated},
		"last first":      {put(alice, 2, 3, chunks[2]), ""},
		"once more":       {put(alice, 2, 3, chunks[2]), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
	if err := alice.ConfirmBlob(ctx, id); core.CodeOf(err) != core.Conflict {
		t.Errorf("confirmed without all chunks: %v", err)
	}
	if put(alice, 0, 3, chunks[0]) != "" {
		t.Error("a chunk was refused")
	}
	if have, err := bob.HaveChunks(ctx, id); err != nil || !slices.Equal(have, []uint32{0, 2}) {
		t.Errorf("%v %v", have, err)
	}
	if put(alice, 1, 3, chunks[1]) != "" {
		t.Error("a chunk was refused")
	}
	for i, want := range chunks {
		if got, err := bob.Chunk(ctx, id, uint32(i)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("chunk %d: %v", i, err)
		}
	}
	if _, err := bob.Chunk(ctx, id, 3); core.CodeOf(err) != core.NotFound {
		t.Errorf("%v", err)
	}
	if err := bob.ConfirmBlob(ctx, id); core.CodeOf(err) != core.Denied {
		t.Errorf("confirmed by another account: %v", err)
	}
	if err := alice.ConfirmBlob(ctx, id); err != nil {
		t.Error(err)
	}
	// A second file, for which there is no room, and which no message names.
	more := randomBytes(101)
	loose := wire.BlobID([]wire.Hash{sha256.Sum256(more)})
	if err := alice.BeginBlob(ctx, loose, []wire.Hash{sha256.Sum256(more)}); err != nil {
		t.Fatal(err)
	}
	if err := alice.PutChunk(ctx, loose, 0, 1, more); core.CodeOf(err) != core.Limited {
		t.Errorf("over the quota: %v", err)
	}
	d.clock.Pass(BlobLife + time.Second)
	if err := d.sweep(ctx); err != nil {
		t.Error(err)
	}
	if _, err := alice.HaveChunks(ctx, loose); core.CodeOf(err) != core.NotFound {
		t.Errorf("kept: %v", err)
	}
	if have, err := alice.HaveChunks(ctx, id); err != nil || len(have) != 3 {
		t.Errorf("a confirmed file: %v %v", have, err)
	}
	if err := bob.DropBlob(ctx, id); core.CodeOf(err) != core.Denied {
		t.Errorf("dropped by another account: %v", err)
	}
	for range 2 {
		if err := alice.DropBlob(ctx, id); err != nil {
			t.Error(err)
		}
	}
	rows, err := d.query(ctx, core.QueryOptions{}, stmt(`SELECT count(*) FROM chunks`))
	if err != nil || number(rows.Values[0][0]) != 0 {
		t.Errorf("chunks are left: %v %v", rows, err)
	}
	if err := alice.BeginBlob(ctx, loose, []wire.Hash{sha256.Sum256(more)}); err != nil {
		t.Fatal(err)
	}
	if err := alice.PutChunk(ctx, loose, 0, 1, more); err != nil {
		t.Errorf("after the other file was dropped: %v", err)
	}
	for i := range MaxLooseBlobs {
		named := []wire.Hash{{byte(i), 1}}
		want := core.Code("")
		if i == MaxLooseBlobs-1 { // one was begun before
			want = core.Limited
		}
		if got := core.CodeOf(alice.BeginBlob(ctx, wire.BlobID(named), named)); got != want {
			t.Errorf("file %d: %q, want %q", i+2, got, want)
		}
	}
}

// A backup that is replaced silently, or mixed up with another's, is none.
func TestBackups(t *testing.T) {
	d := newDesk(t, Settings{})
	alice, bob := d.As(newPerson(t, d.clock.Now).newDevice().caller()), d.As(newPerson(t, d.clock.Now).newDevice().caller())
	ctx := t.Context()
	entry := func(n byte, text string) wire.BackupEntry {
		return wire.BackupEntry{ID: wire.Hash{n}, Sealed: []byte(text)}
	}
	code := func(err error) core.Code { return core.CodeOf(err) }
	if info, err := alice.Backup(ctx); err != nil || info.Version != 0 {
		t.Errorf("%+v %v", info, err)
	}
	for name, test := range map[string]struct{ got, want core.Code }{
		"entries without a key": {code(alice.PutBackup(ctx, 1, []wire.BackupEntry{entry(1, "a")})), core.NotFound},
		"not the next version":  {code(alice.PutBackupKey(ctx, 2, []byte("key"))), core.Conflict},
		"no key":                {code(alice.PutBackupKey(ctx, 1, nil)), core.TooLarge},
		"nobody's":              {code(d.As(wire.Caller{}).PutBackupKey(ctx, 1, []byte("key"))), core.Unauthenticated},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
	for range 2 {
		if err := alice.PutBackupKey(ctx, 1, []byte("key 1")); err != nil {
			t.Fatal(err)
		}
	}
	if got := code(alice.PutBackupKey(ctx, 1, []byte("another"))); got != core.Conflict {
		t.Errorf("replaced: %q", got)
	}
	if err := alice.PutBackup(ctx, 1, []wire.BackupEntry{entry(3, "c"), entry(1, "a"), entry(2, "b")}); err != nil {
		t.Fatal(err)
	}
	if err := alice.PutBackup(ctx, 1, []wire.BackupEntry{entry(2, "B"), entry(4, "d")}); err != nil {
		t.Fatal(err)
	}
	if got := code(alice.PutBackup(ctx, 1, []wire.BackupEntry{entry(5, "e"), entry(5, "e")})); got != core.Invalid {
		t.Errorf("an entry twice: %q", got)
	}
	info, err := alice.Backup(ctx)
	if err != nil || info.Version != 1 || info.Entries != 4 || string(info.Key) != "key 1" || !info.At.Equal(d.clock.Now()) {
		t.Errorf("%+v %v", info, err)
	}
	many := make([]wire.BackupEntry, wire.MaxBackupEntries)
	for i := range many {
		many[i] = wire.BackupEntry{ID: sha256.Sum256([]byte{byte(i), byte(i >> 8)}), Sealed: make([]byte, wire.MaxBackupEntryBytes)}
	}
	if err = bob.PutBackupKey(ctx, 1, []byte("key")); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the same again takes no more room
		if err = bob.PutBackup(ctx, 1, many); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := d.query(ctx, core.QueryOptions{}, stmt(`SELECT bytes FROM backups ORDER BY bytes DESC`))
	if err != nil || number(rows.Values[0][0]) != int64(len(many)*wire.MaxBackupEntryBytes) || number(rows.Values[1][0]) != 4 {
		t.Errorf("%v %v", rows, err)
	}
	if got := code(bob.PutBackup(ctx, 1, append(many, entry(1, "a")))); got != core.TooLarge {
		t.Errorf("too many at once: %q", got)
	}
	page, err := alice.BackupEntries(ctx, 1, wire.Hash{1}, 2)
	if err != nil || len(page) != 2 || page[0].ID != (wire.Hash{2}) || string(page[0].Sealed) != "B" || page[1].ID != (wire.Hash{3}) {
		t.Errorf("%+v %v", page, err)
	}
	if page, err = bob.BackupEntries(ctx, 1, wire.Hash{0xff, 0xff, 0xff}, 0); err != nil || len(page) != 0 {
		t.Errorf("another's backup: %v %v", page, err)
	}
	for version := uint64(2); version <= MaxBackups; version++ {
		if err = alice.PutBackupKey(ctx, version, []byte("key")); err != nil {
			t.Fatal(err)
		}
	}
	if got := code(alice.PutBackupKey(ctx, MaxBackups+1, []byte("key"))); got != core.Limited {
		t.Errorf("too many: %q", got)
	}
	if err = alice.DropBackups(ctx, MaxBackups+1); err != nil { // not there: nothing is dropped
		t.Error(err)
	}
	if page, err = alice.BackupEntries(ctx, 1, wire.Hash{}, 0); err != nil || len(page) != 4 {
		t.Errorf("%d entries, %v", len(page), err)
	}
	if err = alice.DropBackups(ctx, MaxBackups); err != nil {
		t.Error(err)
	}
	if page, err = alice.BackupEntries(ctx, 1, wire.Hash{}, 0); err != nil || len(page) != 0 {
		t.Errorf("%d entries are left, %v", len(page), err)
	}
	if err = alice.PutBackupKey(ctx, MaxBackups+1, []byte("key")); err != nil {
		t.Error(err)
	}
}
