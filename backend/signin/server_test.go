package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// The person signs as one account and is that account; a text that was signed
// wrong is used up, but the page lets them choose again.
func TestServer_SignIn(t *testing.T) {
	var k wallets
	s, o := openFor(t, &k)
	if page := o.send(http.MethodGet, "/", "", nil); !strings.Contains(page.body, `data-mode="loopback" data-callback=""`) {
		t.Errorf("the page: %s", page.body)
	}
	text := o.choose("0xabc")
	if !regexp.MustCompile(`^[0-9]{6}$`).MatchString(s.Code()) || !strings.Contains(text, s.Code()) {
		t.Errorf("code %q, text %q", s.Code(), text)
	}
	if r := o.post("/answer", answerCall{"0xabc", "wrong"}); r.code() != core.Unauthenticated || !strings.Contains(r.body, "not of this wallet") {
		t.Errorf("a wrong signature: %d %s", r.status, r.body)
	}
	if r := o.post("/answer", answerCall{"0xabc", reversed(text)}); r.code() != core.Conflict {
		t.Errorf("the same text again: %d %s", r.status, r.body)
	}
	text = o.choose("0xdef")
	if r := o.post("/answer", answerCall{"0xdef", reversed(text)}); r.body != `{"status":"ok"}` {
		t.Errorf("%d %s", r.status, r.body)
	}
	if e := o.await(); e.err != nil || e.value != (Account{"0xdef", ChainEthereum}) {
		t.Errorf("%+v", e)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close after Run: %v", err)
	}
	if strings.Contains(o.log.String(), "0xdef") || strings.Contains(o.log.String(), reversed(text)) {
		t.Error("the log holds the wallet or the signature")
	}
}

// A text that no wallet shows whole must not be signed, and what went wrong in
// making one is not for the page.
func TestServer_RefusesTexts(t *testing.T) {
	for name, begin := range map[string]func(context.Context, Proposal) (string, error){
		"empty": func(context.Context, Proposal) (string, error) { return "", nil },
		"too long": func(ctx context.Context, p Proposal) (string, error) {
			return p.Code + strings.Repeat("x", MaxTextBytes), ctx.Err()
		},
		"a plain error": func(context.Context, Proposal) (string, error) { return "", errors.New("dial /secret/path") },
		"a panic":       func(context.Context, Proposal) (string, error) { panic("/secret/path") },
	} {
		var k wallets
		_, o := open(t, Settings{Begin: begin, Finish: k.finish})
		if r := o.send(http.MethodPost, "/challenge", goodCall, nil); r.code() != core.Internal || strings.Contains(r.body, "secret") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

// Whoever walks away from the screen leaves no page that works.
func TestServer_TimeOver(t *testing.T) {
	var k wallets
	_, o := open(t, Settings{Begin: k.begin, Finish: k.finish, Life: time.Millisecond})
	if e := o.await(); core.CodeOf(e.err) != core.Unavailable || !strings.Contains(e.err.Error(), "start the sign-in again") {
		t.Errorf("%+v", e)
	}
	if r := o.send(http.MethodGet, "/", "", nil); r.status != 0 {
		t.Errorf("the page still answers: %d", r.status)
	}
}

// Ctrl+C ends a judgement under way, and is not told as "the time is over".
func TestServer_ContextEnds(t *testing.T) {
	var k wallets
	judging := make(chan struct{})
	_, o := open(t, Settings{Begin: k.begin, Finish: func(ctx context.Context, _ Answer) error {
		close(judging)
		<-ctx.Done()
		return ctx.Err()
	}})
	o.choose("0xabc")
	go func() {
		<-judging
		o.stop()
	}()
	o.post("/answer", answerCall{"0xabc", "any"})
	if e := o.await(); !errors.Is(e.err, context.Canceled) {
		t.Errorf("%+v", e)
	}
}

// Half a setting is found when the program asks, not when a person clicks.
func TestListen_Refuses(t *testing.T) {
	var k wallets
	for name, s := range map[string]Settings{
		"no page": {Begin: k.begin, Finish: k.finish}, "no Begin": {Dist: dist(), Finish: k.finish}, "no Finish": {Dist: dist(), Begin: k.begin},
		"a negative life": {Dist: dist(), Begin: k.begin, Finish: k.finish, Life: -1},
	} {
		if _, err := Listen(t.Context(), s, slog.New(slog.DiscardHandler)); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
