package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A window that opens outside of every screen cannot be used by anybody.
func TestWindowState_Fit(t *testing.T) {
	one := []screen{{1920, 1080}}
	tests := map[string]struct {
		was     windowState
		screens []screen
		want    windowState
	}{
		"stays":                        {windowState{Width: 1000, Height: 700, X: 10, Y: 20, Placed: true}, one, windowState{Width: 1000, Height: 700, X: 10, Y: 20, Placed: true}},
		"larger than the screen":       {windowState{Width: 4000, Height: 2000, Placed: true}, one, windowState{Width: 1920, Height: 1080, Placed: true}},
		"on a screen that is gone":     {windowState{Width: 1000, Height: 700, X: 2500, Placed: true}, one, windowState{Width: 1000, Height: 700, X: 2500}},
		"on the second screen":         {windowState{Width: 1000, Height: 700, X: 2500, Placed: true}, []screen{{1920, 1080}, {1920, 1080}}, windowState{Width: 1000, Height: 700, X: 2500, Placed: true}},
		"left of everything":           {windowState{Width: 1000, Height: 700, X: -990, Placed: true}, one, windowState{Width: 1000, Height: 700, X: -990}},
		"title above the screen":       {windowState{Width: 1000, Height: 700, Y: -30, Placed: true}, one, windowState{Width: 1000, Height: 700, Y: -30}},
		"a screen that does not tell":  {windowState{Width: 1000, Height: 700, X: 9000, Placed: true}, nil, windowState{Width: 1000, Height: 700, X: 9000, Placed: true}},
		"a screen smaller than we are": {windowState{Width: 1000, Height: 700}, []screen{{640, 400}}, windowState{Width: minWidth, Height: minHeight}},
	}
	for name, tt := range tests {
		if got := tt.was.fit(tt.screens); got != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The window comes back as it was left; a damaged file only costs its size.
func TestWindowState_Kept(t *testing.T) {
	dir := t.TempDir()
	want := windowState{Width: 900, Height: 600, X: 3, Y: 4, Placed: true, Maximised: true, Unpainted: 1, ToldBackground: true}
	if err := want.save(dir); err != nil {
		t.Fatal(err)
	}
	if got := loadWindowState(dir); got != want {
		t.Errorf("got %+v", got)
	}
	fresh := windowState{Width: defaultWidth, Height: defaultHeight}
	for _, text := range []string{"", "{", `{"width":"x"}`, `{"width":1,"height":1}`, `{"width":99999999,"height":600}`} {
		if err := os.WriteFile(filepath.Join(dir, windowStateName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := loadWindowState(dir); got != fresh {
			t.Errorf("%s: %+v", text, got)
		}
	}
	if got := loadWindowState(""); got != fresh {
		t.Errorf("no folder: %+v", got)
	}
}
