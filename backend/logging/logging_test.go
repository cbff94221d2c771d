package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const canary = "CANARY-9f3b"

// newLog returns a log with a file and the buffer that its console writes to.
func newLog(t *testing.T, s Settings) (*Logging, *bytes.Buffer, string) {
	t.Helper()
	var out bytes.Buffer
	s.File = filepath.Join(t.TempDir(), "logs", "debros.log")
	l, err := New(s, &out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, &out, s.File
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A key or token in a log ends up in bug reports, and whoever reads those can
// use the node.
func TestHandler_BlanksSecrets(t *testing.T) {
	type holder struct {
		Name   string
		hidden core.Secret
		Open   core.Secret
	}
	secret := core.Secret(canary)
	attrs := map[string]any{
		"a secret":                    secret,
		"a pointer to one":            &secret,
		"one in a struct":             holder{"n", secret, secret},
		"one in a pointer to struct":  &holder{"n", secret, secret},
		"some in a slice":             []core.Secret{secret},
		"one in a map":                map[string]core.Secret{"k": secret},
		"a group":                     slog.GroupValue(slog.Any("inner", secret), slog.String("token", canary)),
		"the bytes of a message":      []byte(canary),
		"token":                       canary,
		"access_token":                canary,
		"Password":                    canary,
		"proxy_password":              canary,
		"secret":                      canary,
		"api_key":                     canary,
		"X-API-Key authorization":     canary,
		"authorization":               canary,
		"signature":                   canary,
		"credential":                  canary,
		"refresh_token_of_the_caller": canary,
	}
	for _, format := range []string{"console", "json"} {
		for name, value := range attrs {
			t.Run(format+": "+name, func(t *testing.T) {
				l, out, file := newLog(t, Settings{Format: format, Level: "debug"})
				log := l.Logger("test")
				log.Info("said", name, value)
				log.With(name, value).WithGroup("g").Warn("with", name, value)
				recent := fmt.Sprint(l.Recent().After(0, 0))
				for where, text := range map[string]string{"console": out.String(), "file": read(t, file), "ring": recent} {
					if strings.Contains(text, canary) {
						t.Errorf("%s shows the secret: %s", where, text)
					}
					if !strings.Contains(text, "said") {
						t.Errorf("%s lacks the entry", where)
					}
				}
			})
		}
	}
}

// A peer that calls itself ESC[2J must not clear the operator's screen, nor
// forge a line of the log.
func TestConsole_KeepsControlSequencesOut(t *testing.T) {
	for _, color := range []bool{true, false} {
		l, out, _ := newLog(t, Settings{Color: color})
		before := "\x1b[2J\x07 \x9b31m\nforged"
		l.Logger("p2p").Info("peer "+before, "agent", before, "literal", `\x1b[2J `, "key "+before, 1) //nolint:sloglint // such as a foreign library writes
		text := out.String()
		if strings.Count(text, "\n") != 1 {
			t.Errorf("more than one line: %q", text)
		}
		for _, own := range []string{colorReset, colorFaint, colorGreen, colorCyan} {
			text = strings.ReplaceAll(text, own, "")
		}
		if strings.ContainsAny(text, "\x1b\x07\u009b") {
			t.Errorf("a control character came through: %q", text)
		}
	}
}

// Without levels per part, whoever looks for one fault drowns in the rest.
func TestLogging_SetLevel(t *testing.T) {
	l, out, _ := newLog(t, Settings{Level: "warn", Levels: map[string]string{"p2p": "debug", "mistyped": "debug"}})
	p2p, database := l.Logger("p2p"), l.Logger("database")
	log := func() string {
		out.Reset()
		p2p.Debug("dial")
		database.Info("open")
		return strings.Join(slices.Sorted(slices.Values(slices.DeleteFunc(strings.Fields(out.String()), func(w string) bool { return w != "dial" && w != "open" }))), " ")
	}
	for _, step := range []struct{ part, level, want string }{
		{"p2p", "debug", "dial"},
		{"", "info", "dial open"},
		{"p2p", "error", "open"},
		{"p2p", "", "open"},
		{"", "debug", "dial open"},
		{"database", "warn", "dial"},
	} {
		if err := l.SetLevel(step.part, step.level); err != nil {
			t.Fatal(err)
		}
		if got := log(); got != step.want {
			t.Errorf("after %s=%s: logged %q, want %q", step.part, step.level, got, step.want)
		}
	}
	want := map[string]string{"": "debug", "p2p": "debug", "database": "warn"}
	if got := l.Levels(); !maps.Equal(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
	if got := l.UnknownParts(); !slices.Equal(got, []string{"mistyped"}) {
		t.Errorf("unknown parts %v", got)
	}
	for _, bad := range [][2]string{{"nobody", "info"}, {"p2p", "loud"}, {"", "loud"}, {"", ""}} {
		err := l.SetLevel(bad[0], bad[1])
		if bad == [2]string{"", ""} {
			if err != nil {
				t.Errorf("the default level could not be reset: %v", err)
			}
			continue
		}
		if core.CodeOf(err) != core.Invalid {
			t.Errorf("%v: %v, want invalid", bad, err)
		}
	}
}

// A log that cannot be built must say which word is wrong.
func TestNew_RefusesUnknownWords(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		settings Settings
		want     core.Code
	}{
		"a level":              {Settings{Level: "loud"}, core.Invalid},
		"a part's level":       {Settings{Levels: map[string]string{"p2p": "loud"}}, core.Invalid},
		"a format":             {Settings{Format: "xml"}, core.Invalid},
		"a file in no folder":  {Settings{File: filepath.Join(blocked, "debros.log")}, core.Unavailable},
		"a file that is a dir": {Settings{File: t.TempDir()}, core.Unavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := New(tt.settings, &bytes.Buffer{}); core.CodeOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// Programs read the JSON log; a line that does not parse is a line lost.
func TestJSON_EveryLineParses(t *testing.T) {
	l, out, file := newLog(t, Settings{Format: "json"})
	l.Logger("storage").With("a", 1).WithGroup("g").Warn("two\nlines", "b", "\x00\xff", "took", time.Second, "err", errors.New("x"), "nothing", nil)
	for where, text := range map[string]string{"console": out.String(), "file": read(t, file)} {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%s: %v in %q", where, err, text)
		}
		for key, want := range map[string]any{"level": "WARN", "part": "storage", "msg": "two\nlines", "a": 1.0, "g.took": "1s", "g.err": "x", "g.nothing": "null"} {
			if line[key] != want {
				t.Errorf("%s: %s is %v, want %v", where, key, line[key], want)
			}
		}
	}
}

type bomb struct{}

func (*bomb) String() string { panic("boom") }

// Logging must never end the node, whatever is logged.
func TestHandler_SurvivesAnything(t *testing.T) {
	l, out, _ := newLog(t, Settings{})
	log := l.Logger("test")
	many := make([]any, 0, 4*MaxAttrs)
	for i := range 2 * MaxAttrs {
		many = append(many, fmt.Sprintf("k%d", i), i)
	}
	log.Info("values", "bomb", (*bomb)(nil), "channel", make(chan int), "long", strings.Repeat("ü", MaxTextBytes))
	log.Info("many", many...)
	log.Log(t.Context(), slog.Level(2), "between")
	entries := l.Recent().After(0, 0)
	if len(entries) != 3 || strings.Count(out.String(), "\n") != 3 {
		t.Fatalf("%d entries, console %q", len(entries), out)
	}
	if n := len(entries[0].Attrs["long"]); n > MaxTextBytes+len("…") {
		t.Errorf("a text of %d bytes was kept", n)
	}
	if n := len(entries[1].Attrs); n != MaxAttrs {
		t.Errorf("%d attributes were kept, want %d", n, MaxAttrs)
	}
	if entries[2].Level != "info" {
		t.Errorf("a level between info and warn is called %q", entries[2].Level)
	}
}

// A log file that grows without end fills the disk, and the database stops.
func TestRotating_BoundsFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "debros.log")
	foreign := filepath.Join(dir, "debros-notes.log")
	if err := errors.Join(os.WriteFile(foreign, nil, 0o600), os.WriteFile(path, []byte("from before\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	l, err := New(Settings{File: path, MaxSize: 2000, MaxFiles: 3}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	log := l.Logger("test")
	for i := range 200 {
		log.Info("a line of the log", "i", i)
	}
	if err = errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "debros*"))
	if err != nil || len(files) != 5 { // in use, three finished, the foreign one
		t.Fatalf("%d files: %v %v", len(files), files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil || info.Size() > 2000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: size %d, mode %v, %v", f, info.Size(), info.Mode(), err)
		}
	}
	if text := read(t, path); !strings.Contains(text, `"i":199`) {
		t.Error("the newest line is not in the file in use")
	}
	if c := l.Check(); c.State != core.StateOK {
		t.Errorf("state %v", c)
	}
	log.Info("after the end") // must not panic
}

// A full disk is told in the health of the node, for the log cannot tell it.
func TestCheck_TellsOfLostLines(t *testing.T) {
	full := "/dev/full"
	if _, err := os.Stat(full); err != nil {
		full = filepath.Join(t.TempDir(), "debros.log") // other systems: the file is closed below
	}
	r := &rotating{path: full, maxSize: 1 << 20}
	r.format = newJSON(r)
	r.mu.Lock()
	err := r.openLocked()
	if err == nil && full != "/dev/full" {
		err = r.file.Close()
	}
	r.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	l, _, _ := newLog(t, Settings{})
	first := l.file
	l.file = r
	l.Logger("test").Info("lost")
	c := l.Check()
	l.file = first
	if c.State != core.StateDegraded || !strings.HasPrefix(c.Detail, "1 line") {
		t.Errorf("state %v", c)
	}
	if c := (&Logging{}).Check(); c.State != core.StateOff {
		t.Errorf("without a file: %v", c)
	}
}

// The page and "node logs" show the end of the log; an endless one would eat
// the node's memory.
func TestRecent_IsBounded(t *testing.T) {
	r := newRecent()
	for range MaxRecentEntries + 10 {
		r.add(entry{message: "m", part: "p"})
	}
	all := r.After(0, 0)
	if len(all) != MaxRecentEntries || all[0].Seq != 11 || all[len(all)-1].Seq != MaxRecentEntries+10 {
		t.Errorf("%d entries from %d", len(all), all[0].Seq)
	}
	if got := r.After(all[len(all)-1].Seq-5, 3); len(got) != 3 || got[2].Seq != MaxRecentEntries+10 {
		t.Errorf("the newest three after a number: %v", got)
	}
	long := strings.Repeat("x", MaxTextBytes)
	for range 2 * MaxRecentBytes / MaxTextBytes {
		r.add(entry{message: long})
	}
	if r.bytes > MaxRecentBytes || len(r.After(0, 0)) < MaxRecentBytes/(2*MaxTextBytes) {
		t.Errorf("%d bytes in %d entries", r.bytes, len(r.entries))
	}
}

// Search and level are how somebody finds the one line that matters.
func TestFilter_Match(t *testing.T) {
	e := core.LogEntry{Level: "warn", Part: "p2p", Message: "Cannot dial", Attrs: map[string]string{"peer": "12D3"}}
	tests := map[string]struct {
		filter Filter
		want   bool
	}{
		"everything":            {Filter{}, true},
		"its level":             {Filter{Level: "warn"}, true},
		"a lower level":         {Filter{Level: "debug"}, true},
		"a higher level":        {Filter{Level: "error"}, false},
		"its part":              {Filter{Part: "p2p"}, true},
		"another part":          {Filter{Part: "database"}, false},
		"words of the message":  {Filter{Search: "cannot DIAL"}, true},
		"text of an attribute":  {Filter{Search: "12d3"}, true},
		"key of an attribute":   {Filter{Search: "peer"}, true},
		"text that is not here": {Filter{Search: "disk"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.filter.Match(e); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// A follower that is slow must neither stop the node nor miss lines unseen.
func TestRecent_Subscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecent()
		ctx, cancel := context.WithCancel(t.Context())
		ch, err := r.Subscribe(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for range followQueue + 5 {
			r.add(entry{})
		}
		for i := range uint64(followQueue) {
			if e := <-ch; e.Seq != i+1 {
				t.Fatalf("entry %d came as number %d", i+1, e.Seq)
			}
		}
		r.add(entry{})
		if e := <-ch; e.Seq != followQueue+6 {
			t.Errorf("after the gap came %d, want %d", e.Seq, followQueue+6)
		}
		for range MaxFollowers - 1 {
			if _, err := r.Subscribe(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Subscribe(ctx); core.CodeOf(err) != core.Limited {
			t.Errorf("one follower too many: %v", err)
		}
		cancel()
		synctest.Wait()
		if _, open := <-ch; open {
			t.Error("the channel is open after the end")
		}
		if len(r.followers) != 0 {
			t.Error("a follower is left behind")
		}
		r.add(entry{}) // must not send to a closed channel
	})
}
