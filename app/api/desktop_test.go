package api

import (
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// In a browser there is no desktop: nothing is offered, and nothing can be done to it.
func TestDesktop_Browser(t *testing.T) {
	d := bound[Desktop](newAPI(t))
	if s, err := d.State(); err != nil || s != (DesktopState{}) {
		t.Errorf("%+v, %v", s, err)
	}
	for name, do := range map[string]func() error{
		"login": func() error { return d.StartAtLogin(true) }, "close": func() error { return d.Close(CloseQuit) }, "painted": d.Painted,
	} {
		if err := do(); codeOf(t, err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Closing is one of three things; an answer that is none of them changes nothing.
func TestDesktop_Close(t *testing.T) {
	shell := &fakeShell{}
	d := &Desktop{d: newAPI(t).desk, shell: shell}
	if err := d.Close("crash"); codeOf(t, err) != core.Invalid || shell.copied != "" {
		t.Errorf("%v, %q", err, shell.copied)
	}
	if err := d.Close(CloseBackground); err != nil || shell.copied != CloseBackground {
		t.Errorf("%v, %q", err, shell.copied)
	}
}
