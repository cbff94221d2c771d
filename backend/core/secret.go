package core

import "log/slog"

const blanked = "[secret]"

// Secret is text that must not be seen: it prints as "[secret]" with fmt, slog,
// JSON and YAML. Reveal gives the text to the one place that needs it.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String returns "[secret]", or "" when there is none.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return blanked
}

// GoString keeps %#v from showing the text.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue keeps slog from showing the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps JSON and YAML from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
