package api

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A browser's file arrives as it was sent, part by part, and nothing of it stays.
func TestFiles_Upload(t *testing.T) {
	a := newAPI(t)
	f := bound[Files](a)
	file, err := f.Begin(`..\..\etc/list: of "keys".jsonl`)
	if err != nil || file.Name != "list_ of _keys_.jsonl" {
		t.Fatalf("%+v, %v", file, err)
	}
	if err = f.Append(file.ID, 0, base64.StdEncoding.EncodeToString([]byte("one "))); err != nil {
		t.Fatal(err)
	}
	if err = f.Append(file.ID, 0, "b25l"); codeOf(t, err) != core.Conflict {
		t.Errorf("a part twice: %v", err)
	}
	if err = f.Append(file.ID, 4, "%"); codeOf(t, err) != core.Invalid {
		t.Errorf("no base64: %v", err)
	}
	if err = f.Append(file.ID, 4, base64.StdEncoding.EncodeToString(make([]byte, MaxFilePart+3))); codeOf(t, err) != core.TooLarge {
		t.Errorf("a huge part: %v", err)
	}
	if err = f.Append(file.ID, 4, base64.StdEncoding.EncodeToString([]byte("two"))); err != nil {
		t.Fatal(err)
	}
	r, _, size, err := a.desk.files.read(file.ID)
	if err != nil || size != 7 {
		t.Fatalf("size %d, %v", size, err)
	}
	text, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || string(text) != "one two" {
		t.Errorf("%q, %v", text, err)
	}
	if err = f.Drop(file.ID); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(a.desk.program.DataDir, filesDir))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A result that fails half-way never takes the place of what was there.
func TestFiles_Target(t *testing.T) {
	a := newAPI(t)
	place := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(place, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	target, err := a.desk.files.addTarget(place, "export.csv")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the line was cut")
	err = a.desk.files.write(target.ID, func(w io.Writer) error {
		_, failed := io.WriteString(w, "half")
		return errors.Join(failed, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(place); err != nil || string(text) != "before" {
		t.Errorf("%q, %v", text, err)
	}
	if err := a.desk.files.write(target.ID, func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(place); err != nil || string(text) != "whole" {
		t.Errorf("%q, %v", text, err)
	}
	if _, _, err := a.OpenFile(target.ID); core.CodeOf(err) != core.NotFound {
		t.Errorf("a browser fetched a file outside of the data folder: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(place)); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Forgotten files leave after an hour, so that they do not fill the disk or the list.
func TestFiles_Forgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t)
		f := bound[Files](a)
		for range MaxFiles {
			if _, err := f.Begin(strings.Repeat("long", 100)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Begin("one more"); codeOf(t, err) != core.Limited {
			t.Errorf("got %v", err)
		}
		time.Sleep(MaxFileAge + time.Second)
		if _, err := f.Begin("later"); err != nil {
			t.Errorf("got %v", err)
		}
	})
}
