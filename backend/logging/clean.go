package logging

// This file keeps out of the log what must not be in it: secrets, endless
// text, and control characters that would play with a terminal.

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

const blanked = "[secret]"

// isSecretKey says whether an attribute's key announces a secret. It is the
// last net: a secret should have the type core.Secret.
func isSecretKey(key string) bool {
	key = strings.ToLower(key)
	switch key {
	case "token_type", "token_count": // say nothing about a token itself
		return false
	}
	for _, word := range []string{"credential", "token", "password", "passphrase", "secret", "api_key", "apikey", "authorization", "signature", "private_key", "mnemonic", "cookie"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// plain turns a resolved value into nil, bool, int64, uint64, float64 or string.
func plain(v slog.Value) any {
	switch v.Kind() {
	case slog.KindBool:
		return v.Bool()
	case slog.KindInt64:
		return v.Int64()
	case slog.KindUint64:
		return v.Uint64()
	case slog.KindFloat64:
		return v.Float64()
	case slog.KindString:
		return clean(v.String())
	case slog.KindDuration:
		return v.Duration().String()
	case slog.KindTime:
		return v.Time().UTC().Format(time.RFC3339Nano)
	case slog.KindAny, slog.KindGroup, slog.KindLogValuer:
	}
	return clean(plainAny(v.Any()))
}

// plainAny writes anything as text. Structs go through JSON and never through
// %v, which would print the text of a core.Secret in an unexported field.
func plainAny(value any) (text string) {
	defer func() {
		if r := recover(); r != nil {
			// A String method of a nil pointer must not end the node because
			// somebody logged it.
			text = fmt.Sprintf("[%T panicked while it was logged]", value)
		}
	}()
	switch x := value.(type) {
	case nil:
		return "null"
	case core.Secret:
		return x.String()
	case error:
		return x.Error()
	case fmt.Stringer:
		return x.String()
	case []string:
		return strings.Join(x, ", ")
	case []byte:
		return fmt.Sprintf("[%d bytes]", len(x)) // the text of a message is nobody's business
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("[%T]", value)
	}
	return string(encoded)
}

// clean cuts text at MaxTextBytes and replaces control characters and broken
// UTF-8 by U+FFFD; new lines and tabs stay.
func clean(text string) string {
	if len(text) > MaxTextBytes {
		cut := MaxTextBytes
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\ufffd'
		}
		return r
	}, text)
}
