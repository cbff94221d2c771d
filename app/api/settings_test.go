package api

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// The person's choices survive a restart, in a file that others cannot read.
func TestSettings_Kept(t *testing.T) {
	a := newAPI(t)
	app := bound[App](a)
	if s, err := app.Settings(); err != nil || !reflect.DeepEqual(s, defaultSettings()) {
		t.Fatalf("first start: %+v, %v", s, err)
	}
	want := Settings{Theme: "contrast", Density: "compact", Namespace: "red", ReadOnly: []string{"blue"}, HidePlaces: true, Closing: CloseQuit}
	if err := app.SaveSettings(want); err != nil {
		t.Fatal(err)
	}
	if s, err := app.Settings(); err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, %v", s, err)
	}
	info, err := os.Stat(filepath.Join(a.desk.program.DataDir, settingsName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for name, bad := range map[string]Settings{
		"theme":     {Theme: "pink", Density: "compact", Namespace: "red"},
		"density":   {Theme: "dark", Density: "", Namespace: "red"},
		"namespace": {Theme: "dark", Density: "compact", Namespace: "system"},
	} {
		if err := app.SaveSettings(bad); codeOf(t, err) != core.Invalid {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
}

// A damaged file is somebody's choices: it is kept and named, never overwritten.
func TestSettings_DamagedIsSetAside(t *testing.T) {
	tests := map[string]string{
		"half written":        `{"theme": "da`,
		"a choice unknown":    `{"theme": "sepia"}`,
		"larger than allowed": strings.Repeat(" ", maxSettingsBytes+1),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t)
			dir := a.desk.program.DataDir
			if err := os.WriteFile(filepath.Join(dir, settingsName), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := bound[App](a).Settings()
			if err != nil || s.Theme != "system" || !strings.Contains(s.Notice, "damaged") {
				t.Fatalf("got %+v, %v", s, err)
			}
			kept, err := filepath.Glob(filepath.Join(dir, settingsName+".damaged-*"))
			if err != nil || len(kept) != 1 {
				t.Fatalf("kept %v, %v", kept, err)
			}
			if got, err := os.ReadFile(kept[0]); err != nil || string(got) != text {
				t.Errorf("the kept file is %.20q, %v", got, err)
			}
			if err := bound[App](a).SaveSettings(defaultSettings()); err != nil {
				t.Error(err)
			}
			if s, err := bound[App](a).Settings(); err != nil || s.Notice != "" {
				t.Errorf("the notice stays: %+v, %v", s, err)
			}
		})
	}
}

// Saving without having looked first must not replace a damaged file either.
func TestSettings_SaveSetsAside(t *testing.T) {
	a := newAPI(t)
	dir := a.desk.program.DataDir
	if err := os.WriteFile(filepath.Join(dir, settingsName), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bound[App](a).SaveSettings(defaultSettings()); err != nil {
		t.Fatal(err)
	}
	if kept, err := filepath.Glob(filepath.Join(dir, "settings.json.*")); err != nil || len(kept) != 1 {
		t.Errorf("kept %v, %v", kept, err)
	}
}

// Without a readable configuration there is no data folder; the window that says
// so still needs its defaults, and must not write into the present folder.
func TestSettings_NoFolder(t *testing.T) {
	a, err := New(Program{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	app := bound[App](a)
	if s, err := app.Settings(); err != nil || !reflect.DeepEqual(s, defaultSettings()) {
		t.Errorf("%+v, %v", s, err)
	}
	if err := app.SaveSettings(defaultSettings()); codeOf(t, err) != core.Unavailable {
		t.Errorf("saved somewhere: %v", err)
	}
}
