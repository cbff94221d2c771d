package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Clients repeat or give up by these numbers; a change would break scripts.
func TestCode_Table(t *testing.T) {
	want := map[Code][3]int{
		Invalid: {400, 2, 1008}, Unauthenticated: {401, 4, 1008}, Denied: {403, 4, 1008}, NotFound: {404, 3, 1008},
		Conflict: {409, 7, 1008}, PreconditionFailed: {412, 7, 1008}, TooLarge: {413, 2, 1009}, Limited: {429, 5, 1013},
		OutcomeUnknown: {503, 6, 1013}, Unavailable: {503, 5, 1013}, Internal: {500, 1, 1011},
	}
	if len(Codes()) != len(want) {
		t.Fatalf("%d codes listed, %d expected", len(Codes()), len(want))
	}
	for _, c := range Codes() {
		if got := [3]int{c.HTTPStatus(), c.ExitStatus(), c.CloseCode()}; got != want[c] {
			t.Errorf("%s: %v, want %v", c, got, want[c])
		}
		if c.Sentence() == "" {
			t.Errorf("%s has no sentence", c)
		}
	}
}

// A cause that reached the caller could show paths, keys or addresses.
func TestSentence_HidesTheCause(t *testing.T) {
	cause := errors.New("open /home/ann/secret: denied")
	tests := map[string]struct {
		err      error
		code     Code
		sentence string
	}{
		"none":          {nil, "", ""},
		"uncoded":       {cause, Internal, Internal.Sentence()},
		"coded":         {fmt.Errorf("put: %w", Wrap(Unavailable, cause, "the disk is full")), Unavailable, "the disk is full"},
		"coded, silent": {&Error{Code: Conflict, Err: cause}, Conflict, Conflict.Sentence()},
		"deadline":      {fmt.Errorf("get: %w", context.DeadlineExceeded), Unavailable, "The request ran out of time."},
		"cancelled":     {context.Canceled, Unavailable, "The request was cancelled."},
	}
	for name, test := range tests {
		if got := CodeOf(test.err); got != test.code {
			t.Errorf("%s: code %q, want %q", name, got, test.code)
		}
		if got := Sentence(test.err); got != test.sentence {
			t.Errorf("%s: sentence %q, want %q", name, got, test.sentence)
		}
	}
	if e := Wrap(Unavailable, cause, "the disk is full"); !errors.Is(e, cause) || !strings.Contains(e.Error(), "/home/ann") {
		t.Error("the log must see the cause")
	}
}

// A name outside the rule could leave its folder or another tenant's topics.
func TestParseNamespace(t *testing.T) {
	good := []string{"a", "default", "my-app_2", "0", strings.Repeat("x", MaxNamespaceBytes)}
	for _, s := range good {
		if n, err := ParseNamespace(s); err != nil || string(n) != s {
			t.Errorf("%q: %v", s, err)
		}
	}
	bad := []string{"", "system", "anchat", "A", "-a", "_a", "a.b", "..", "a/b", "a:b", "ä", "a\x00", " a", strings.Repeat("x", MaxNamespaceBytes+1)}
	for _, s := range bad {
		if _, err := ParseNamespace(s); CodeOf(err) != Invalid {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// Topics of two namespaces must never be the same text on the wire.
func TestNamespace_Qualify(t *testing.T) {
	full := Namespace("demo").Qualify("chat::room")
	if full != "ns::demo::chat::room" {
		t.Error(full)
	}
	if name, ok := Namespace("demo").Unqualify(full); !ok || name != "chat::room" {
		t.Error(name, ok)
	}
	if _, ok := Namespace("dem").Unqualify(full); ok {
		t.Error("another namespace's topic was accepted")
	}
}

// A control character in a topic would let one topic pass for another on screen.
func TestCheckTopic(t *testing.T) {
	for topic, want := range map[string]Code{
		"room/1": "", "Grüße": "", "": Invalid, "a\nb": Invalid, "a\x00": Invalid, "\xff": Invalid,
		strings.Repeat("x", MaxTopicBytes): "", strings.Repeat("x", MaxTopicBytes+1): TooLarge,
	} {
		if got := CodeOf(CheckTopic(topic)); got != want {
			t.Errorf("%q: %q, want %q", topic, got, want)
		}
	}
}

// A misspelt level must not read staler data than was meant.
func TestParseLevel(t *testing.T) {
	for text, want := range map[string]Level{"": LevelLinearizable, "none": LevelNone, "weak": LevelWeak, "linearizable": LevelLinearizable} {
		if got, err := ParseLevel(text); err != nil || got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	if _, err := ParseLevel("strong"); CodeOf(err) != Invalid {
		t.Error(err)
	}
}

// A secret in a log, an answer or a panic is a secret no more.
func TestSecret_NeverPrints(t *testing.T) {
	const canary = "canary-7f3a"
	s := Secret(canary)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", s)
	body, err := json.Marshal(map[string]any{"key": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, seen := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), fmt.Sprintf("%+v", struct{ K Secret }{s}), log.String(), string(body),
	} {
		if strings.Contains(seen, canary) {
			t.Errorf("shown in %s", seen)
		}
	}
	if s.Reveal() != canary {
		t.Error("Reveal must give the text")
	}
}
