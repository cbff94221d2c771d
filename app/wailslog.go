//go:build production || dev || bindings

// This file takes what Wails has to say.

package main

import (
	"context"
	"log/slog"
	"strings"
)

// wailsLog takes Wails' own log. A call that Wails cannot decode is logged there
// with its arguments, which may hold a secret; they are cut.
type wailsLog struct{ log *slog.Logger }

// maxWailsLine bounds one line of Wails' log.
const maxWailsLine = 300

func (l *wailsLog) write(level slog.Level, message string) {
	l.log.Log(context.Background(), level, "the window says", "text", cutArguments(message))
}

// cutArguments keeps what stands before the first brace, where every message's
// data begins, and the error at the end.
func cutArguments(message string) string {
	if from := strings.IndexByte(message, '{'); from >= 0 {
		tail := ""
		if end := strings.LastIndex(message, " -> "); end > from {
			tail = message[end:]
		}
		message = message[:from] + "{…}" + tail
	}
	return message[:min(len(message), maxWailsLine)]
}

func (l *wailsLog) Print(message string)   { l.write(slog.LevelDebug, message) }
func (l *wailsLog) Trace(message string)   { l.write(slog.LevelDebug, message) }
func (l *wailsLog) Debug(message string)   { l.write(slog.LevelDebug, message) }
func (l *wailsLog) Info(message string)    { l.write(slog.LevelInfo, message) }
func (l *wailsLog) Warning(message string) { l.write(slog.LevelWarn, message) }
func (l *wailsLog) Error(message string)   { l.write(slog.LevelError, message) }
func (l *wailsLog) Fatal(message string)   { l.write(slog.LevelError, message) }
