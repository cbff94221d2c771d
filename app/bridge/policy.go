// This file says what the page may do: one policy for window and browser.

package bridge

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
)

// displayContentsHash is the hash of "display: contents;", the one static style
// attribute in the built page; a test of the page fails on a second one.
const displayContentsHash = "'sha256-iaOezIDcQIoxCULa6FBKKuLUu09R7kg+Mlu+JVfU3Rw='"

// Policy is the Content-Security-Policy of the page. Styles that scripts make
// carry the nonce; nothing inline runs, nothing foreign is loaded, nobody frames it.
func Policy(nonce string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce + "'; " +
		"style-src-attr 'unsafe-hashes' " + displayContentsHash + "; " +
		"img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types svelte-trusted-html dompurify"
}

// plainPolicy is for pages and answers of our own that need nothing at all.
const plainPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// newNonce is fresh for each page that is sent.
func newNonce() string { return randomText(16) }

// randomText returns n random bytes as text that fits a URL, a cookie and a header.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) //nolint:errcheck // crypto/rand.Read never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}

// guardHeaders are on every answer, also on refusals.
func guardHeaders(h http.Header) {
	h.Set("Content-Security-Policy", plainPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for what predates frame-ancestors
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
}
