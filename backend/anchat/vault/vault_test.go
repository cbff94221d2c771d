package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Whoever gets at the disk would read what was written, who wrote it, and with
// which keys.
func TestVault_NothingReadableOnTheDisk(t *testing.T) {
	b := open(t, alice)
	canaries := []string{
		"canary-text", "canary-edit", "canary-draft", "canary-contact", "canary-notice", "canary-file.png", "canary-record", "canary-queued", "canary-refusal", "canary-state",
		bob.String()[2:], strings.ToLower(bob.String()[2:]), wire.AccountID(alice), b.room.String(), string(b.room[:]), hex.EncodeToString([]byte("canary-text")),
	}
	w := b.writer(bob, 2)
	session := wire.Session(bytes.Repeat([]byte("canary-session!!"), 2))
	w.session = session
	key := [32]byte(bytes.Repeat([]byte("canary-file-key!"), 2))
	canaries = append(canaries, string(session[:]), string(key[:]), string(b.settings.Key[:]))
	first := w.write(inner.Text{Text: "canary-text", Files: []inner.File{{ID: wire.Hash{1}, Key: key, Name: "canary-file.png", Type: "image/png", Size: 1, Chunks: 1}}})
	b.receive(first.store(b), w.write(inner.Edit{Target: first.ref, Text: "canary-edit"}).store(b), w.write(inner.React{Target: first.ref, Sign: "👍", On: true}).heard())
	b.do(func(tx *Tx) error {
		return errors.Join(
			tx.SetLocal(b.room, func(l *Local) { l.Draft = "canary-draft" }),
			tx.PutRoom(Room{ID: b.room, State: []byte("canary-state"), Mailboxes: b.boxes}),
			tx.Put("contact", bob.String(), []byte("canary-contact")),
			tx.PutRecords(map[string][]byte{"canary-record": []byte("canary-record")}),
			tx.SetCursor("canary-record", 7),
			tx.AddNotice(b.room, Notice{What: "canary-notice", From: bob, Text: "canary-notice"}),
			tx.Refuse(core.ChatRefusal{Reason: "canary-refusal"}),
		)
	})
	b.queue("canary-queued")
	if err := b.Fill(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Search(t.Context(), core.ChatSearch{Words: "canary"}); err != nil {
		t.Fatal(err)
	}
	look := func(when string) {
		t.Helper()
		bytesRead := 0
		files, err := os.ReadDir(filepath.Dir(b.settings.Path))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(filepath.Dir(b.settings.Path), f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			bytesRead += len(data)
			for _, c := range canaries {
				if bytes.Contains(data, []byte(c)) {
					t.Errorf("%s: %q stands in %s", when, c, f.Name())
				}
			}
		}
		if bytesRead < 50_000 {
			t.Fatalf("%s: only %d bytes were there to look at", when, bytesRead)
		}
	}
	look("while it is open")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	look("when it is closed")
	b.start()
	if _, found, err := b.Get(t.Context(), "contact", bob.String()); err != nil || !found {
		t.Errorf("what was kept is gone: %v", err)
	}
}

func (b *bench) queue(text string) Item {
	b.t.Helper()
	body, err := inner.Marshal(inner.Text{Text: text})
	if err != nil {
		b.t.Fatal(err)
	}
	var item Item
	b.do(func(tx *Tx) (err error) {
		item, err = tx.Queue(Draft{Room: b.room, Message: inner.Message{Kind: inner.KindText, At: b.clock, Body: body}})
		return err
	})
	return item
}

// A message would be on the screen and not on the disk, or half of a change would be.
func TestVault_UpdateIsAllOrNothing(t *testing.T) {
	b := open(t, alice)
	m := b.writer(bob, 2).text("half").store(b)
	fault := errors.New("fault")
	err := b.Update(t.Context(), func(tx *Tx) error {
		_, err := take(tx, m)
		return errors.Join(err, tx.Put("a", "b", []byte("c")), tx.PutRecords(map[string][]byte{"x": {1}}), fault)
	})
	if !errors.Is(err, fault) {
		t.Fatalf("the fault came back as %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		swallowed := b.Update(t.Context(), func(tx *Tx) error {
			if _, fault := take(tx, m); fault != nil {
				t.Error(fault)
			}
			panic("in the middle")
		})
		t.Errorf("the panic came back as %v", swallowed)
	}()
	b.want()
	records, err := b.Records(t.Context())
	if err != nil || len(records) > 0 {
		t.Errorf("records of a change that was taken back: %v, %v", records, err)
	}
	b.receive(m)
	b.want("half")
	if err = b.Fill(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if hits := b.found(core.ChatSearch{Words: "half"}); len(hits) != 1 {
		t.Errorf("found %q", hits)
	}
}

// A program that is killed would lose what it had confirmed, or keep half of what
// it had not.
func TestVault_KilledBetweenAnyTwoSteps(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	var log []*sealed
	for range 6 {
		log = append(log, w.text("m").store(b))
	}
	killed := func(confirmed int) {
		t.Helper()
		folder := t.TempDir() // what a power cut leaves: the files as they are now
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(b.settings.Path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err = os.WriteFile(filepath.Join(folder, "alice.db"+suffix), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := b.settings
		s.Path, s.Create = filepath.Join(folder, "alice.db"), false
		v, err := Open(t.Context(), s)
		if err != nil {
			t.Fatal("open what was left:", err)
		}
		defer func() { must(t, v.Close()) }()
		page, err := v.Messages(t.Context(), core.ChatQuery{Room: b.room.String()})
		if err != nil || len(page.Messages) != confirmed {
			t.Errorf("of %d confirmed messages %d are there (%v)", confirmed, len(page.Messages), err)
		}
		cursor, err := v.Cursor(t.Context(), "mailbox")
		if err != nil || int(cursor) != confirmed {
			t.Errorf("of %d confirmed messages the cursor knows %d (%v)", confirmed, cursor, err)
		}
	}
	for i, m := range log {
		killed(i)
		b.do(func(tx *Tx) error {
			ref, _, err := tx.Merge(Arrival{Row: m.row, Mailbox: m.box, Seq: m.seq, At: m.at})
			killed(i)
			if err != nil {
				return err
			}
			_, err = tx.Apply(Opened{Ref: ref, Message: m.inside, Author: m.author})
			killed(i)
			return errors.Join(err, tx.SetCursor("mailbox", m.seq))
		})
		killed(i + 1)
	}
}

// A file that something else has changed would be read as if nothing were, or a
// wrong key would begin a new one over it.
func TestVault_DamagedFiles(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	for range 200 {
		b.receive(w.text(strings.Repeat("long ", 200)).store(b))
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(b.settings.Path)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]struct {
		change func(s *Settings) []byte
		want   error
	}{
		"another key":       {func(s *Settings) []byte { s.Key[0]++; return whole }, ErrDamaged},
		"another wallet":    {func(s *Settings) []byte { s.Account = bob; return whole }, ErrDamaged},
		"no file":           {func(s *Settings) []byte { s.Create = false; return nil }, ErrMissing},
		"something else":    {func(*Settings) []byte { return []byte(strings.Repeat("not a database ", 1000)) }, ErrDamaged},
		"its head is wrong": {func(*Settings) []byte { return append(make([]byte, 100), whole[100:]...) }, ErrDamaged},
		"an end is missing": {func(*Settings) []byte { return whole[:len(whole)/2] }, ErrDamaged},
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			s := b.settings
			s.Path = filepath.Join(t.TempDir(), "alice.db")
			if data := rule.change(&s); data != nil {
				if err := os.WriteFile(s.Path, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			v, err := Open(t.Context(), s)
			if err == nil {
				err = errors.Join(v.Fill(t.Context(), nil), v.Close())
			}
			if !errors.Is(err, rule.want) || len(core.Sentence(err)) < 80 {
				t.Errorf("got %v, want %v with a remedy", err, rule.want)
			}
		})
	}
	b.start()
}

// A cell that was moved to another row would put words into somebody's mouth.
func TestVault_SwappedAndDamagedCells(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	m := []*sealed{w.text("zero").store(b), w.text("one").store(b), w.text("two").store(b), w.text("three").store(b)}
	b.receive(m...)
	raw := func(query string, args ...any) {
		t.Helper()
		b.do(func(tx *Tx) error { return tx.exec(query, args...) })
	}
	raw("UPDATE line SET cell = (SELECT cell FROM line WHERE idx = 1) WHERE idx = 0")
	raw("UPDATE line SET idx = 17 WHERE idx = 3")
	b.want("<hole>", "one", "two", "<hole>")
	for i, got := range b.read(core.ChatQuery{}).Messages {
		if damaged := slices.Contains(got.Flags, "damaged"); damaged != (i == 0 || i == 3) {
			t.Errorf("line %d: damaged is %v", i, damaged)
		}
	}
	b.receive(m[0]) // the store has it still
	b.want("zero", "one", "two", "<hole>")

	b.do(func(tx *Tx) error { return errors.Join(tx.Put("k", "a", []byte("A")), tx.Put("k", "b", []byte("B"))) })
	raw("UPDATE entry SET cell = (SELECT cell FROM entry WHERE name = ?) WHERE name = ?", []byte(b.entry("k", "a")), []byte(b.entry("k", "b")))
	if value, _, err := b.Get(t.Context(), "k", "b"); !errors.Is(err, ErrDamaged) {
		t.Errorf("a cell of another row was read as %q (%v)", value, err)
	}
}

// A full outbox or list of refusals would grow without end.
func TestVault_Bounds(t *testing.T) {
	b := open(t, alice)
	b.do(func(tx *Tx) error {
		for i := range core.MaxChatDiagnostic + 10 {
			if err := tx.Refuse(core.ChatRefusal{Reason: "r", At: began.Add(time.Duration(i))}); err != nil {
				return err
			}
		}
		return nil
	})
	refusals, err := b.Refusals(t.Context())
	if err != nil || len(refusals) != core.MaxChatDiagnostic || !refusals[0].At.Equal(began.Add(core.MaxChatDiagnostic+9)) {
		t.Errorf("%d refusals are kept (%v)", len(refusals), err)
	}
	w := b.writer(bob, 2)
	b.do(func(tx *Tx) error {
		for i := range MaxHeard + 1 {
			_, err := take(tx, w.text("noise"))
			if want := i == MaxHeard; (core.CodeOf(err) == core.Limited) != want {
				t.Fatalf("line %d that was heard: %v", i, err)
			}
		}
		n, err := tx.ForgetHeard(b.room, b.clock.Add(-time.Second))
		if n != MaxHeard-1 {
			t.Errorf("%d old lines were forgotten", n)
		}
		return err
	})
	if err := b.Update(t.Context(), func(tx *Tx) error { return tx.Put("k", "x", make([]byte, MaxEntryBytes+1)) }); core.CodeOf(err) != core.TooLarge {
		t.Errorf("an entry above the limit gave %v", err)
	}
}

// A caller who is gone, or who comes after the chat was locked, would hang or panic.
func TestVault_ClosedAndCancelled(t *testing.T) {
	b := open(t, alice)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Update(gone, func(*Tx) error { return nil }); core.CodeOf(err) != core.Unavailable {
		t.Errorf("an update of a caller who is gone: %v", err)
	}
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Error("closed twice:", err)
	}
	if err := b.Update(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("an update after closing: %v", err)
	}
	if _, err := b.Messages(t.Context(), core.ChatQuery{Room: b.room.String()}); !errors.Is(err, ErrClosed) {
		t.Errorf("reading after closing: %v", err)
	}
	if _, err := b.Search(t.Context(), core.ChatSearch{Words: "word"}); !errors.Is(err, ErrClosed) {
		t.Errorf("searching after closing: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
