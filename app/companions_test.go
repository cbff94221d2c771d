package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

func testWindow(t *testing.T, node func(context.Context, face) error) window {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	page, err := api.New(api.Program{DataDir: t.TempDir()}, log)
	if err != nil {
		t.Fatal(err)
	}
	return window{API: page, Node: node, Log: log}
}

func state(t *testing.T, w window) api.Info {
	t.Helper()
	app, ok := w.API.Bound(api.ModeWindow, nil)[0].(*api.App)
	if !ok {
		t.Fatal("App is not the first bound struct")
	}
	info, err := app.Info()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// A node that cannot start must leave the window open with the reason in it.
func TestCompanions_NodeFails(t *testing.T) {
	for name, node := range map[string]func(context.Context, face) error{
		"port taken": func(context.Context, face) error { return errors.New("port taken") },
		"broken":     func(context.Context, face) error { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			failed := make(chan struct{})
			var c *companions
			w := testWindow(t, func(ctx context.Context, in face) error {
				defer close(failed)
				return node(ctx, in)
			})
			remove := w.API.Subscribe(api.ModeWindow, deaf{})
			defer remove()
			c = startCompanions(context.Background(), w, nil)
			<-failed
			select {
			case <-c.ended:
				t.Error("the window would close")
			case <-c.done:
				t.Error("the page would be dead")
			default:
			}
			err := c.stop()
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("the exit status would hide it: %v", err)
			}
		})
	}
}

// deaf takes events and is never interested.
type deaf struct{}

func (deaf) Emit(string, any) {}
func (deaf) Listening() bool  { return false }

// Closing the window ends the node, and waits for it.
func TestCompanions_Stop(t *testing.T) {
	ended := false
	var w window
	up := make(chan struct{})
	w = testWindow(t, func(ctx context.Context, _ face) error {
		w.API.Ready()
		close(up)
		<-ctx.Done()
		ended = true
		return nil
	})
	c := startCompanions(context.Background(), w, nil)
	<-up
	if got := state(t, w); got.State != api.StateReady {
		t.Errorf("the page sees %q", got.State)
	}
	if err := c.stop(); err != nil || !ended {
		t.Errorf("ended %v: %v", ended, err)
	}
}

// "debros node stop" closes the window too.
func TestCompanions_NodeStopped(t *testing.T) {
	c := startCompanions(context.Background(), testWindow(t, func(context.Context, face) error { return nil }), nil)
	<-c.ended
	if err := c.stop(); err != nil {
		t.Error(err)
	}
}

// Without a display the program must say so and not die inside GTK.
func TestDisplayProblem(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want core.Code
	}{
		"X11":     {env: map[string]string{"DISPLAY": ":0"}},
		"Wayland": {env: map[string]string{"WAYLAND_DISPLAY": "wayland-0"}},
		"neither": {want: core.Unavailable},
		"empty":   {env: map[string]string{"DISPLAY": "", "WAYLAND_DISPLAY": ""}, want: core.Unavailable},
	}
	for name, tt := range tests {
		err := displayProblem(func(key string) (string, bool) { value, ok := tt.env[key]; return value, ok })
		if got := core.CodeOf(err); got != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
