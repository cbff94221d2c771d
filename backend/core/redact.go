package core

import (
	"regexp"
	"strings"
)

// Redact blanks whatever in a text looks like a secret: keys, tokens, tickets,
// links that sign in, passwords, seed words, private keys, and the addresses of
// wallets. It errs on the side of blanking: what stays may be read by strangers.
func Redact(text string) string {
	for _, r := range redactions() {
		text = r.find.ReplaceAllString(text, r.with)
	}
	return long().ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "12D3Koo") || strings.HasPrefix(found, "Qm") { // a peer id is public
			return found
		}
		return blanked
	})
}

type redaction struct {
	find *regexp.Regexp
	with string
}

// redactions are compiled for each text: a bundle has a handful of them.
func redactions() []redaction {
	of := func(pattern, with string) redaction { return redaction{regexp.MustCompile(pattern), with} }
	return []redaction{
		of(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`, blanked),
		of(`\b(ak|art|op|app)_[A-Za-z0-9_-]{6,}`, blanked),
		of(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`, blanked),
		of(`debros://(join/|room)\S+|\bdebros1[A-Za-z0-9_-]{20,}`, blanked),
		of(`\bonce=[^\s"&]+`, "once="+blanked),
		of(`(?i)\b(api_?key|access_?token|refresh_?token|token|password|passphrase|secret|mnemonic|signature|credential|authorization|cookie)((\\*["'])?\s*[=:]\s*)(bearer\s+)?(\\*"[^"]*"|[^\s,"&}]+)`, "$1$2"+blanked),
		of(`(?i)\bbearer\s+[^\s,"]+`, "Bearer "+blanked),
		of(`://[^/\s:@]+:[^/\s@]+@`, "://"+blanked+"@"),
		of(`\b0x[0-9a-fA-F]{40}\b`, "[wallet]"),
		of(`\b[a-z]{3,8}( [a-z]{3,8}){11,23}\b`, "[words]"),
	}
}

// long finds runs in which a key of 32 bytes would fit, in hex, base58 or base64.
func long() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9+_-]{43,}={0,2}`) }
