package api

import (
	"context"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"git.debros.io/DeBros/network/backend/core"
)

// A person who has switched a namespace to read-only relies on it at every screen,
// not only where the switch is.
func TestReadOnly_RefusesEveryWayToWrite(t *testing.T) {
	f := newFake()
	a := newAPI(t)
	b := f.backend()
	b.Transfer = transferFake{}
	a.Attach(b)
	a.Ready()
	app, kv, sql, data := bound[App](a), bound[KV](a), bound[SQL](a), bound[Data](a)
	if _, err := kv.Put(PutRequest{Namespace: "red", Key: "k", ValueBase64: ""}); err != nil {
		t.Fatal(err)
	}
	s := defaultSettings()
	s.ReadOnly = []string{"red"}
	if err := app.SaveSettings(s); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func() error{
		"put":    func() error { _, err := kv.Put(PutRequest{Namespace: "red", Key: "k"}); return err },
		"delete": func() error { _, err := kv.Delete("red", "k"); return err },
		"import": func() error {
			_, err := data.Import(DataImport{Namespace: "red", Kind: "backup", Existing: "fail"})
			return err
		},
	}
	for name, write := range tests {
		if err := write(); codeOf(t, err) != core.Denied || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, atomic := range []bool{false, true} {
		answer, err := sql.Run(RunRequest{RunID: "1", Namespace: "red", Script: "insert", Atomic: atomic})
		if err != nil || answer.Results[0].Code != string(core.Denied) || len(f.writes) != 0 {
			t.Errorf("sql, atomic %t: %+v, %v, wrote %v", atomic, answer, err, f.writes)
		}
	}
	if _, err := kv.Get("red", "k", ""); err != nil {
		t.Errorf("reading: %v", err)
	}
	if _, err := kv.Put(PutRequest{Namespace: "blue", Key: "k"}); err != nil {
		t.Errorf("another namespace: %v", err)
	}
	s.ReadOnly = []string{"not a name"}
	if err := app.SaveSettings(s); codeOf(t, err) != core.Invalid {
		t.Errorf("a name that is none: %v", err)
	}
}

// transferFake writes and takes the word "data".
type transferFake struct{}

func (transferFake) Export(_ context.Context, _ core.Namespace, _ core.Transfer, w io.Writer) (core.TransferResult, error) {
	_, err := io.WriteString(w, "data")
	return core.TransferResult{Tables: 2, Rows: 5}, err
}

func (transferFake) Import(_ context.Context, _ core.Namespace, _ core.Transfer, replace bool, r io.Reader) (core.TransferResult, error) {
	text, err := io.ReadAll(r)
	switch {
	case err != nil:
		return core.TransferResult{}, err
	case string(text) != "data":
		return core.TransferResult{}, core.Errorf(core.Invalid, "the backup is damaged")
	case !replace:
		return core.TransferResult{}, core.Errorf(core.Conflict, "there is data")
	}
	return core.TransferResult{Backup: &core.BackupInfo{Index: 7}}, nil
}

// counting is a fake that counts twelve rows in every table.
type counting struct{ *fake }

func (counting) Query(context.Context, core.Namespace, core.Statement, core.QueryOptions) (*core.Rows, error) {
	return &core.Rows{Columns: []string{"n"}, Values: [][]any{{int64(12)}}}, nil
}

// A backup that cannot be put back is none.
func TestData_OutAndInAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newReplicas()
		a := newAPI(t)
		b := f.backend()
		b.Transfer, b.Replicas, b.Database = transferFake{}, f, counting{f.fake}
		a.Attach(b)
		a.Ready()
		data, files := bound[Data](a), bound[Files](a)
		target, err := files.Save("", "copy.backup")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = data.Export("default", "backup", target); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if done := a.desk.tasks.list()[0]; done.State != taskDone || done.Done != 4 || done.FileID != target.ID || done.Result != "2 tables with 5 rows written." {
			t.Fatalf("export: %+v", done)
		}
		bring := func(text string, replace bool) Task {
			file, err := files.Begin("copy.backup")
			if err != nil {
				t.Fatal(err)
			}
			if err = files.Append(file.ID, 0, base64.StdEncoding.EncodeToString([]byte(text))); err != nil {
				t.Fatal(err)
			}
			id, err := data.Import(DataImport{Namespace: "default", Kind: "backup", Existing: "fail", FileID: file.ID, Replace: replace})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			for _, task := range a.desk.tasks.list() {
				if task.ID == id {
					return task
				}
			}
			return Task{}
		}
		if got := bring("data", true); got.State != taskDone || got.Result != "Everything up to entry 7 stored." || got.Done != 4 || got.Total != 4 {
			t.Errorf("restore: %+v", got)
		}
		if got := bring("data", false); got.Code != string(core.Conflict) {
			t.Errorf("restore over data: %+v", got)
		}
		if got := bring("dust", true); got.Code != string(core.Invalid) {
			t.Errorf("a damaged file: %+v", got)
		}
		if _, err := data.Export("default", "kv", target); codeOf(t, err) != core.Invalid {
			t.Errorf("a kind that is none: %v", err)
		}
		if err := bound[Files](a).Fill(target.ID, base64.StdEncoding.EncodeToString([]byte("report"))); err != nil {
			t.Errorf("fill: %v", err)
		}
		if h, err := data.Holding("default"); err != nil || h.Nodes != 3 || len(h.Tables) != 1 || h.Tables[0] != (HeldTable{Name: "t", Rows: "12"}) {
			t.Errorf("holding: %+v, %v", h, err)
		}
	})
}
