package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A route that the document leaves out, or a reference into nothing, breaks the
// client that somebody generates from it.
func TestOpenAPI_HasEveryRoute(t *testing.T) {
	b := newBench(t, nil)
	a := b.ask(t, "GET", "/openapi.json", "")
	if a.Code != 200 || a.body["openapi"] != "3.1.0" {
		t.Fatalf("%d %v", a.Code, a.body["openapi"])
	}
	var d openAPI
	if err := json.Unmarshal(a.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	ids, count := map[string]bool{}, 0
	for _, rt := range b.routes() {
		for method := range strings.FieldsSeq(rt.methods) {
			count++
			o := d.Paths[strings.ReplaceAll(rt.path, "...}", "}")][strings.ToLower(method)]
			if o == nil {
				t.Errorf("%s %s is missing", method, rt.path)
				continue
			}
			if o.Summary == "" || !strings.HasSuffix(o.Summary, ".") || ids[o.ID] || o.Access != rt.access {
				t.Errorf("%s %s: %+v", method, rt.path, o)
			}
			ids[o.ID] = true
			if (len(o.Security) == 0) != (rt.access == public) {
				t.Errorf("%s %s: credentials %v", method, rt.path, o.Security)
			}
			for _, name := range regexp.MustCompile(`\{(\w+)`).FindAllStringSubmatch(rt.path, -1) {
				if !strings.Contains(fmt.Sprint(o.Parameters), "{"+name[1]+" path ") {
					t.Errorf("%s %s: %s is not explained", method, rt.path, name[1])
				}
			}
			if rt.body == jsonBody && rt.request == nil {
				t.Errorf("%s %s: its body is not described", method, rt.path)
			}
			if success := o.Responses[strconv.Itoa(rt.success())]; success.Description == "" || (!rt.upgrade && len(success.Content) == 0) {
				t.Errorf("%s %s: its answer is not described", method, rt.path)
			}
		}
	}
	paths := 0
	for _, operations := range d.Paths {
		paths += len(operations)
	}
	if paths != count {
		t.Errorf("%d operations for %d routes", paths, count)
	}
	checkReferences(t, a.body, a.body)
}

// checkReferences follows each $ref below node.
func checkReferences(t *testing.T, root, node any) {
	t.Helper()
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			checkReferences(t, root, item)
		}
	case map[string]any:
		if ref, ok := node["$ref"].(string); ok {
			at := root
			for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
				if inner, is := at.(map[string]any); is {
					at = inner[part]
				} else {
					at = nil
				}
			}
			if _, ok = at.(map[string]any); !ok {
				t.Errorf("%s leads nowhere", ref)
			}
		}
		for _, item := range node {
			checkReferences(t, root, item)
		}
	}
}

// What the document says of a type is what encoding/json writes.
func TestOpenAPI_SchemasAreTheTypes(t *testing.T) {
	_, known := describe(newBench(t, nil).routes(), Build{})
	verify := known.byName["VerifyAnswer"]
	if got := fmt.Sprint(verify.order, verify.Required); got != "[access_token token_type expires_in namespace refresh_token subject nonce signature_verified] [access_token token_type expires_in namespace refresh_token subject nonce signature_verified]" {
		t.Error(got)
	}
	challenge := known.byName["ChallengeRequest"]
	if got := fmt.Sprint(challenge.Required, challenge.Properties["wallet"].Type); got != "[wallet]string" {
		t.Error(got)
	}
	sessions := known.byName["SessionsAnswer"]
	if got := sessions.Properties["sessions"]; got.Type != "array" || got.Items.Ref != "#/components/schemas/Session" || known.byName["Session"].Properties["created_at"].Format != "date-time" {
		t.Errorf("%+v", got)
	}
	if got := known.byName["ErrorAnswer"].Properties["code"].Enum; len(got) != 11 || got[0] != "invalid" {
		t.Error(got)
	}
}

// The page must be readable without scripts and run none.
func TestDocs_ShowEveryRoute(t *testing.T) {
	b := newBench(t, nil)
	a := b.ask(t, "GET", docsPath, "")
	page := a.Body.String()
	if a.Code != 200 || a.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", a.Code, a.Header())
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page)
	sum := sha256.Sum256([]byte(style[1]))
	if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(a.Header().Get("Content-Security-Policy"), want) {
		t.Errorf("the policy %q does not name the style %s", a.Header().Get("Content-Security-Policy"), want)
	}
	if active := regexp.MustCompile(`<script|<[^>]* (style|on\w+)=|javascript:`).FindString(page); active != "" {
		t.Errorf("the page holds %q", active)
	}
	text := html.UnescapeString(page)
	for _, rt := range b.routes() {
		for method := range strings.FieldsSeq(rt.methods) {
			if !strings.Contains(text, "<code>"+method+" "+strings.ReplaceAll(rt.path, "...}", "}")+"</code>") {
				t.Errorf("%s %s is not shown", method, rt.path)
			}
		}
	}
	for _, want := range []string{
		`curl -X POST -H 'Content-Type: application/json' -d '{"wallet":"…"}' "$GATEWAY/v1/auth/challenge"`,
		`curl -H "Authorization: Bearer $KEY" "$GATEWAY/v1/auth/whoami"`,
		`<a href="#type-Session">Session</a>`, `id="type-Session"`, `<html lang="en">`, "<main>", `<th scope="col">field</th>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	seen := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if seen[id[1]] {
			t.Errorf("the id %s stands there twice", id[1])
		}
		seen[id[1]] = true
	}
	for _, link := range regexp.MustCompile(` href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !seen[link[1]] {
			t.Errorf("the link #%s leads nowhere", link[1])
		}
	}
}
