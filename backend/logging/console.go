package logging

// This file writes entries for people (console) and for programs (JSON).

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"git.debros.io/DeBros/network/backend/core"
)

// Terminal colours (ECMA-48).
const (
	colorReset  = "\x1b[0m"
	colorFaint  = "\x1b[2m"
	colorRed    = "\x1b[31m"
	colorGreen  = "\x1b[32m"
	colorYellow = "\x1b[33m"
	colorCyan   = "\x1b[36m"
)

// console writes one line for each entry:
//
//	12:00:01.234 INFO  p2p        listening  address=/ip4/127.0.0.1/tcp/4001
type console struct {
	out   io.Writer
	color bool

	mu sync.Mutex // one line at a time
}

func (c *console) write(_ context.Context, e entry) error {
	var b bytes.Buffer
	c.paint(&b, colorFaint, e.time.Local().Format("15:04:05.000"))
	b.WriteByte(' ')
	c.paint(&b, levelColor(e.level), fmt.Sprintf("%-5s", strings.ToUpper(levelName(e.level))))
	b.WriteByte(' ')
	c.paint(&b, colorCyan, fmt.Sprintf("%-10s", e.part))
	b.WriteByte(' ')
	b.WriteString(strings.ReplaceAll(e.message, "\n", " "))
	for i, a := range e.attrs {
		if i == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(' ')
		c.paint(&b, colorFaint, quoted(a.key)+"=")
		text := quoted(fmt.Sprint(a.value))
		if a.key == core.KeyError {
			c.paint(&b, colorRed, text)
		} else {
			b.WriteString(text)
		}
	}
	b.WriteByte('\n')
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}

func (c *console) paint(b *bytes.Buffer, color, text string) {
	if !c.color || color == "" {
		b.WriteString(text)
		return
	}
	b.WriteString(color + text + colorReset)
}

func levelColor(level slog.Level) string {
	switch levelName(level) {
	case "error":
		return colorRed
	case "warn":
		return colorYellow
	case "info":
		return colorGreen
	}
	return ""
}

// quoted puts text in quotes when it would not read as one word.
func quoted(text string) string {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r == '"' || r == '=' || unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// jsonOutput writes one JSON object for each entry: time, level, part, msg,
// then the attributes.
type jsonOutput struct {
	handler slog.Handler
}

func newJSON(out io.Writer) *jsonOutput {
	return &jsonOutput{handler: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug - 8})}
}

func (j *jsonOutput) write(ctx context.Context, e entry) error {
	r := slog.NewRecord(e.time.UTC(), e.level, e.message, 0)
	r.AddAttrs(slog.String(core.KeyPart, e.part))
	for _, a := range e.attrs {
		r.AddAttrs(slog.Any(a.key, a.value))
	}
	if err := j.handler.Handle(ctx, r); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}
