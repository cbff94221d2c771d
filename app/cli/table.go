package cli

// This file draws tables for people.

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// Terminal colours (ECMA-48).
const (
	colorReset = "\x1b[0m"
	colorBold  = "\x1b[1m"
	colorFaint = "\x1b[2m"
	colorRed   = "\x1b[31m"
	colorGreen = "\x1b[32m"
	colorAmber = "\x1b[33m"
)

// maxCell is the widest cell of a list on a terminal; -o json has everything.
const maxCell = 60

// paint colours text for standard error.
func (a *app) paint(color, text string) string {
	if !a.colors(a.env.Terminal.Stderr) {
		return text
	}
	return color + text + colorReset
}

// paintOut colours text for standard output.
func (a *app) paintOut(color, text string) string {
	if color == "" || !a.colors(a.env.Terminal.Stdout) {
		return text
	}
	return color + text + colorReset
}

// objectTable writes one field on each line.
func (a *app) objectTable(b *bytes.Buffer, r record) {
	width := 0
	for _, f := range r {
		width = max(width, utf8.RuneCountInString(f.name))
	}
	for _, f := range r {
		label := f.name + strings.Repeat(" ", width-utf8.RuneCountInString(f.name)+2)
		indent := "\n" + strings.Repeat(" ", width+2)
		var value string
		if lines, ok := f.value.([]string); ok {
			value = strings.Join(lines, "\n")
		} else {
			value = text(f.value)
		}
		b.WriteString(a.paintOut(colorFaint, label))
		b.WriteString(a.paintOut(stateColor(f.name, value), strings.ReplaceAll(printable(value), "\n", indent)))
		b.WriteByte('\n')
	}
}

// listTable writes a head and one line for each row, cells below each other.
func (a *app) listTable(b *bytes.Buffer, d document) {
	columns := d.columnNames(d.rows)
	cells := make([][]string, 0, len(d.rows)+1)
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = strings.ToUpper(strings.ReplaceAll(c, "_", " "))
	}
	cells = append(cells, head)
	for _, r := range d.rows {
		line := make([]string, len(columns))
		for i, c := range columns {
			line[i] = oneLine(r.get(c))
			if i < len(columns)-1 { // the last may be as long as it is
				line[i] = a.cut(line[i])
			}
		}
		cells = append(cells, line)
	}
	widths := make([]int, len(columns))
	for _, line := range cells {
		for i, c := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, line := range cells {
		var row strings.Builder
		for i, c := range line {
			painted := c
			if n == 0 {
				painted = a.paintOut(colorBold, c)
			} else {
				painted = a.paintOut(stateColor(columns[i], c), painted)
			}
			row.WriteString(painted)
			if i < len(line)-1 {
				row.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
			}
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
}

// oneLine is a value as text without line ends.
func oneLine(v any) string {
	return strings.NewReplacer("\n", "⏎", "\t", " ").Replace(printable(text(v)))
}

// cut shortens a cell for a terminal.
func (a *app) cut(cell string) string {
	if runes := []rune(cell); a.env.Terminal.Stdout && len(runes) > maxCell {
		return string(runes[:maxCell-1]) + "…"
	}
	return cell
}

// stateColor is the colour of a state's word.
func stateColor(name, value string) string {
	if name != "state" && name != "result" {
		return ""
	}
	switch value {
	case "ok", "leader", "follower":
		return colorGreen
	case "degraded", "candidate", core.FindingWarn:
		return colorAmber
	case "down", core.FindingBad:
		return colorRed
	}
	return ""
}
