package anchat

import (
	"bytes"
	"context"
	"os"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

func (d *device) attach(id wire.Room, name string, data []byte) core.ChatAttachment {
	d.t.Helper()
	f, err := d.chat.Attach(d.t.Context(), id.String(), name, int64(len(data)), bytes.NewReader(data))
	must(d.t, err)
	return f
}

// newest is the last message of a room.
func (d *device) newest(id wire.Room) core.ChatMessage {
	d.t.Helper()
	page, err := d.session().vault.Messages(d.t.Context(), core.ChatQuery{Room: id.String(), Limit: 1})
	must(d.t, err)
	if len(page.Messages) != 1 {
		d.t.Fatal("the room is empty")
	}
	return page.Messages[0]
}

func noise(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	return data
}

// A file reaches the others byte for byte, also when the nodes fail in the middle.
func TestAttach_AFileReachesTheOthers(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		bob := newDevice(t, nodes, 2, wallet.SOL).enrol()
		plans := ann.make("plans", bob)
		data := noise(3*wire.ChunkBytes + 77)
		f := ann.attach(plans, "minutes.bin", data)
		if !f.Ready || f.Size != int64(len(data)) {
			t.Errorf("it was taken in as %+v", f)
		}
		mend := nodes.cut(ann)
		_, err := ann.chat.Send(t.Context(), core.ChatDraft{Room: plans.String(), Text: "the minutes", Files: []string{f.ID}})
		must(t, err)
		later(wire.MaxFollowWait)
		want(t, plans, nil, bob)
		mend()
		later(2 * lastPause)
		m := bob.newest(plans)
		if m.Text != "the minutes" || len(m.Files) != 1 || m.Files[0].Name != "minutes.bin" || m.Files[0].Size != int64(len(data)) {
			t.Fatalf("bob sees %+v; refused: %v", m, bob.refusals())
		}
		for _, d := range []*device{ann, bob, bob} { // the second time from the disk
			var got bytes.Buffer
			var last core.ChatProgress
			err = d.chat.Fetch(t.Context(), plans.String(), m.ID, f.ID, &got, func(p core.ChatProgress) { last = p })
			if err != nil || !bytes.Equal(got.Bytes(), data) || last.Done != last.Total {
				t.Errorf("%d bytes came, progress %+v, %v", got.Len(), last, err)
			}
		}
		if files, err := os.ReadDir(bob.session().filesDir()); err != nil || len(files) != 1 {
			t.Errorf("bob keeps %d files, %v", len(files), err)
		}
	})
}

// What a hostile node gives instead of a chunk is refused and not kept.
func TestFetch_RefusesAnotherChunk(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		bob := newDevice(t, nodes, 2, wallet.SOL).enrol()
		plans := ann.make("plans", bob)
		data := noise(2 * wire.ChunkBytes)
		f := ann.attach(plans, "a.bin", data)
		_, err := ann.chat.Send(t.Context(), core.ChatDraft{Room: plans.String(), Files: []string{f.ID}})
		must(t, err)
		settle()
		blob, err := parseBlob(f.ID)
		must(t, err)
		nodes.mu.Lock()
		kept := nodes.blobs[blob][1]
		nodes.blobs[blob][1] = nodes.blobs[blob][0]
		nodes.mu.Unlock()
		m := bob.newest(plans)
		fetch := func() ([]byte, error) {
			var got bytes.Buffer
			errFetch := bob.chat.Fetch(t.Context(), plans.String(), m.ID, f.ID, &got, nil)
			return got.Bytes(), errFetch
		}
		if _, err = fetch(); core.CodeOf(err) != core.Invalid {
			t.Errorf("a swapped chunk: %v", err)
		}
		nodes.mu.Lock()
		nodes.blobs[blob][1] = kept
		nodes.mu.Unlock()
		if got, err := fetch(); err != nil || !bytes.Equal(got, data) {
			t.Errorf("afterwards: %d bytes, %v", len(got), err)
		}
	})
}

// A file that nobody has sent is taken away after a day, one of a message that was
// deleted at once.
func TestAttach_NothingIsLeftBehind(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		plans := ann.make("plans")
		unsent, taken := ann.attach(plans, "a.txt", []byte("unsent")), ann.attach(plans, "b.txt", []byte("taken back"))
		must(t, ann.chat.Unattach(t.Context(), plans.String(), taken.ID))
		sent := ann.attach(plans, "c.txt", []byte("sent"))
		_, err := ann.chat.Send(t.Context(), core.ChatDraft{Room: plans.String(), Files: []string{sent.ID}})
		must(t, err)
		later(2 * BackupEvery)
		if !nodes.has(sent.ID) {
			t.Error("the sent file is not at the nodes")
		}
		must(t, ann.chat.Delete(t.Context(), plans.String(), ann.newest(plans).ID))
		later(2 * BackupEvery)
		if nodes.has(sent.ID) {
			t.Error("the file of a deleted message is still at the nodes")
		}
		if _, err = ann.chat.Send(t.Context(), core.ChatDraft{Room: plans.String(), Files: []string{taken.ID}}); core.CodeOf(err) != core.NotFound {
			t.Errorf("a file that was taken back: %v", err)
		}
		later(AttachLife)
		ann.restart()
		later(2 * BackupEvery)
		if _, err = ann.chat.Send(t.Context(), core.ChatDraft{Room: plans.String(), Files: []string{unsent.ID}}); core.CodeOf(err) != core.NotFound {
			t.Errorf("a file that waited for a day: %v", err)
		}
	})
}

func TestAttach_RefusesWhatCannotBeSent(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		plans := ann.make("plans")
		for name, try := range map[string]struct {
			file string
			size int64
			want core.Code
		}{
			"shorter than it says": {"a", 9, core.Invalid},
			"longer":               {"a", 3, core.Invalid},
			"too large":            {"a", wire.MaxFileBytes + 1, core.TooLarge},
			"a path for a name":    {"../a", 4, core.Invalid},
		} {
			if _, err := ann.chat.Attach(context.Background(), plans.String(), try.file, try.size, bytes.NewReader([]byte("four"))); core.CodeOf(err) != try.want {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func (m *memory) has(file string) bool {
	blob, err := parseBlob(file)
	m.mu.Lock()
	defer m.mu.Unlock()
	return err == nil && len(m.blobs[blob]) > 0
}
