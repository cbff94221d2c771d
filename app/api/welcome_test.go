package api

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// alone is a node's place in a network of its own.
type alone struct{ fakeNetwork }

func (a alone) Network(ctx context.Context) (core.NetworkStatus, error) {
	return core.NetworkStatus{Network: core.Network{ID: "red", Role: core.RoleMember, Current: true}, Members: 1}, a.enter(ctx)
}

func (a alone) Networks(ctx context.Context) ([]core.Network, error) {
	return []core.Network{{ID: "red", Current: true}}, a.enter(ctx)
}

// noTables is a database that nobody has used.
type noTables struct{ *fake }

func (n noTables) Schema(ctx context.Context, _ core.Namespace) (core.Schema, error) {
	return core.Schema{}, n.enter(ctx)
}

// The first steps are for whoever is new here. Who has worked with the node
// before must not meet them after an update.
func TestWelcome_IsForNewPeople(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(b *Backend, f *fake)
		want    bool
	}{
		"nothing was done yet":        {prepare: func(*Backend, *fake) {}, want: true},
		"there is a key":              {prepare: func(_ *Backend, f *fake) { f.items["k"] = core.Item{Key: "k"} }},
		"there is a table":            {prepare: func(b *Backend, f *fake) { b.Database = f }},
		"it was in another network":   {prepare: func(b *Backend, f *fake) { b.Network = fakeNetwork{f} }},
		"the steps were gone through": {prepare: func(*Backend, *fake) {}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			a := newAPI(t)
			b := f.backend()
			b.Database, b.Network = noTables{f}, alone{fakeNetwork{f}}
			test.prepare(&b, f)
			a.Attach(b)
			a.Ready()
			app := bound[App](a)
			s, err := app.Settings()
			if err != nil {
				t.Fatal(err)
			}
			if s.Welcomed = name == "the steps were gone through"; s.Welcomed {
				if err = app.SaveSettings(s); err != nil {
					t.Fatal(err)
				}
			}
			got, err := bound[Welcome](a).Needed()
			if err != nil || got != test.want {
				t.Fatalf("needed %v, %v", got, err)
			}
			if s, err = app.Settings(); err != nil || s.Welcomed == test.want {
				t.Errorf("it is written down as %v, %v", s.Welcomed, err)
			}
		})
	}
}

// In a new folder the first page must not wait for the node; in another one it
// must not guess.
func TestWelcome_BeforeTheNodeIsReady(t *testing.T) {
	for _, fresh := range []bool{true, false} {
		a, err := New(Program{DataDir: t.TempDir(), Fresh: fresh}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		needed, err := bound[Welcome](a).Needed()
		if needed != fresh || (codeOf(t, err) == core.Unavailable) == fresh {
			t.Errorf("fresh %v: needed %v, %v", fresh, needed, err)
		}
	}
}

// backups takes what is restored.
type backups struct{ got strings.Builder }

func (b *backups) Export(context.Context, core.Namespace, core.Transfer, io.Writer) (core.TransferResult, error) {
	return core.TransferResult{}, core.Errorf(core.Invalid, "nothing is exported here")
}

func (b *backups) Import(_ context.Context, ns core.Namespace, o core.Transfer, replace bool, r io.Reader) (core.TransferResult, error) {
	if replace || o.Kind != core.TransferBackup {
		return core.TransferResult{}, core.Errorf(core.Invalid, "%v with replace %v", o, replace)
	}
	b.got.WriteString(string(ns) + ":")
	_, err := io.Copy(&b.got, r)
	return core.TransferResult{}, err
}

// A backup is read whole, tells how far it is, and never takes the place of data.
func TestWelcome_RestoresABackup(t *testing.T) {
	f, into := newFake(), &backups{}
	a := newAPI(t)
	b := f.backend()
	b.Transfer = into
	a.Attach(b)
	a.Ready()
	path := filepath.Join(t.TempDir(), "red.backup")
	if err := os.WriteFile(path, []byte("the backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := a.desk.files.addSource(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = bound[Welcome](a).Restore("red", file.ID); err != nil {
		t.Fatal(err)
	}
	done := lastTask(t, a)
	if into.got.String() != "red:the backup" || done.State != taskDone || done.Done != 10 || done.Total != 10 {
		t.Errorf("%q by %+v", into.got.String(), done)
	}
}

// lastTask waits for the only task.
func lastTask(t *testing.T, a *API) Task {
	t.Helper()
	a.desk.tasks.wg.Wait()
	all := a.desk.tasks.list()
	if len(all) != 1 {
		t.Fatalf("%d tasks", len(all))
	}
	if err := a.desk.tasks.dismiss(all[0].ID); err != nil {
		t.Fatal(err)
	}
	return all[0]
}
