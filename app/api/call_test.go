package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// callAll calls every bound method with zero arguments.
func callAll(a *API, see func(name string, result any, err error)) {
	for _, b := range a.Bound(ModeBrowser, nil) {
		v := reflect.ValueOf(b)
		for i := range v.NumMethod() {
			m := v.Method(i)
			var args []reflect.Value
			for in := range m.Type().Ins() {
				arg := reflect.New(in).Elem()
				if in.Kind() == reflect.String { // a namespace, key, level or id that passes the checks
					arg.SetString("debug")
				}
				if f := arg.Kind() == reflect.Struct && arg.FieldByName("Namespace").IsValid(); f {
					arg.FieldByName("Namespace").SetString("default")
				}
				args = append(args, arg)
			}
			out := m.Call(args)
			err, _ := out[len(out)-1].Interface().(error) //nolint:errcheck // nil is no error
			see(v.Type().Elem().Name()+"."+v.Type().Method(i).Name, out[0].Interface(), err)
		}
	}
}

// A panic that escapes a bound method leaves the page's promise pending for
// ever: the screen hangs without a word.
func TestBound_PanicInTheNodeIsAnError(t *testing.T) {
	f := newFake()
	a := f.page(t)
	f.first(func() error { panic("the fake is broken") })
	panics := 0
	callAll(a, func(name string, _ any, err error) {
		if code := codeOf(t, err); code == core.Internal {
			panics++
		} else if code == core.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "broken") {
			t.Errorf("%s tells the page the cause: %v", name, err)
		}
	})
	if panics < 15 {
		t.Errorf("only %d methods met the panic; the test does not reach them", panics)
	}
}

// The page opens before the node is there: each call must say so at once.
func TestBound_WithoutNode(t *testing.T) {
	for name, fail := range map[string]error{"still starting": nil, "failed": errors.New("port taken")} {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t)
			if fail != nil {
				a.Failed(fail)
			}
			unavailable := 0
			callAll(a, func(name string, _ any, err error) {
				if codeOf(t, err) == core.Unavailable {
					unavailable++
				}
				if name == "App.Info" && err != nil {
					t.Errorf("Info must always answer: %v", err)
				}
			})
			if unavailable < 15 {
				t.Errorf("only %d methods answered unavailable", unavailable)
			}
		})
	}
}

// "null" where the page expects a list breaks its first loop over it.
func TestBound_NoNullLists(t *testing.T) {
	a := newFake().page(t)
	callAll(a, func(name string, result any, err error) {
		if err != nil || name == "SQL.Close" {
			return
		}
		text, err := json.Marshal(result)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(text, []byte("null")) && !strings.HasPrefix(string(text), "null") {
			t.Errorf("%s answers %s", name, text)
		}
	})
	if answer, err := bound[SQL](a).Run(RunRequest{RunID: "r", Namespace: "default", Script: "insert"}); err != nil || answer.Results[0].Rows == nil {
		t.Errorf("a write's result has null rows: %+v, %v", answer, err)
	}
}

// What the page shows of a failure is a sentence and a request id, with which
// the cause is found in the log; the cause itself stays there.
func TestFailure_CauseGoesToTheLogOnce(t *testing.T) {
	var text bytes.Buffer
	f := newFake()
	a, err := New(Program{DataDir: t.TempDir()}, slog.New(slog.NewTextHandler(&text, nil)))
	if err != nil {
		t.Fatal(err)
	}
	a.Attach(f.backend())
	f.first(func() error { return errors.New("disk /secret/path is on fire") })
	_, err = bound[KV](a).Get("default", "k", "")
	var shown struct {
		Error     string `json:"error"`
		Code      string `json:"code"`
		RequestID string `json:"request_id"`
	}
	if jsonErr := json.Unmarshal([]byte(err.Error()), &shown); jsonErr != nil {
		t.Fatalf("%v: %q", jsonErr, err.Error())
	}
	if shown.Code != "internal" || strings.Contains(err.Error(), "secret") || shown.RequestID == "" {
		t.Errorf("the page sees %s", err.Error())
	}
	if log := text.String(); strings.Count(log, shown.RequestID) != 1 || !strings.Contains(log, "/secret/path") {
		t.Errorf("the log says %q", log)
	}
}

// The end of the program must not wait for a slow answer, nor leave a call
// running against a closed database.
func TestRun_EndCancelsCalls(t *testing.T) {
	f := newFake()
	a := f.page(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() {}) }()
	called := make(chan RunAnswer, 1)
	go func() {
		answer, err := bound[SQL](a).Run(RunRequest{RunID: "r", Namespace: "default", Script: "wait"})
		if err != nil {
			t.Error(err)
		}
		called <- answer
	}()
	<-f.started
	cancel()
	if answer := <-called; answer.Results[0].Code != string(core.Unavailable) {
		t.Errorf("the call ended with %+v", answer.Results[0])
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := bound[App](a).Info(); codeOf(t, err) != core.Unavailable {
		t.Errorf("a call after the end: %v", err)
	}
}

// A page that runs wild is refused, not queued until memory is gone.
func TestCalls_Bound(t *testing.T) {
	a := newAPI(t)
	for range MaxCalls {
		if _, _, err := a.desk.calls.begin(MaxCallTime); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bound[App](a).Info(); codeOf(t, err) != core.Limited {
		t.Errorf("one call too many: %v", err)
	}
}

// The page opens what others wrote: an address must not start a program.
func TestApp_OpenURL(t *testing.T) {
	tests := map[string]struct {
		address string
		want    core.Code
	}{
		"a web page":                  {address: "https://example.org/a?b=c#d"},
		"a script":                    {address: "javascript:alert(1)", want: core.Invalid},
		"a file":                      {address: "file:///etc/passwd", want: core.Invalid},
		"another program":             {address: "ssh://host", want: core.Invalid},
		"an option":                   {address: "--help", want: core.Invalid},
		"a password in it":            {address: "https://user:pass@example.org/", want: core.Invalid},
		"no host":                     {address: "https:///x", want: core.Invalid},
		"longer than a desktop takes": {address: "https://example.org/" + strings.Repeat("a", 3000), want: core.TooLarge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			shell := &fakeShell{}
			app := &App{d: newAPI(t).desk, mode: ModeWindow, shell: shell}
			err := app.OpenURL(tt.address)
			if got := codeOf(t, err); got != tt.want {
				t.Errorf("got %q, want %q: %v", got, tt.want, err)
			}
			if opened := shell.opened == tt.address; opened != (tt.want == "") {
				t.Errorf("opened: %v", opened)
			}
		})
	}
	app := bound[App](newAPI(t))
	if codeOf(t, app.OpenURL("https://example.org")) != core.Denied || codeOf(t, app.CopyText("x")) != core.Denied {
		t.Error("a page in a browser may use the desktop")
	}
}

// fakeShell is a desktop where the person always chooses the file at path.
type fakeShell struct{ opened, copied, path string }

func (s *fakeShell) OpenURL(address string) error            { s.opened = address; return nil }
func (s *fakeShell) CopyText(text string) error              { s.copied = text; return nil }
func (s *fakeShell) OpenFile(string) (string, error)         { return s.path, nil }
func (s *fakeShell) SaveFile(string, string) (string, error) { return s.path, nil }
func (s *fakeShell) Desktop() DesktopState                   { return DesktopState{Window: true} }
func (s *fakeShell) StartAtLogin(bool) error                 { return nil }
func (s *fakeShell) Close(how string)                        { s.copied = how }
func (s *fakeShell) Painted()                                {}
