package anchat

// This file writes an export as a page for people: one file without scripts that
// loads nothing.

import (
	"html/template"
	"io"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// page writes the parts of the page as the lines come. Whatever people wrote is
// escaped by the templates.
type page struct {
	w     io.Writer
	parts *template.Template
	open  bool // a room is
}

func newPage(w io.Writer) *page {
	funcs := template.FuncMap{
		"time":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") },
		"stamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"join":   func(list []string) string { return strings.Join(list, ", ") },
		"notice": noticeSentence,
	}
	return &page{w: w, parts: template.Must(template.New("").Funcs(funcs).Parse(pageParts))}
}

func (p *page) line(l exportLine) error {
	switch l.Type {
	case lineExport:
		return p.part("head", l)
	case lineRoom:
		if err := p.close(); err != nil {
			return err
		}
		p.open = true
		return p.part("room", l.Room)
	case lineMessage:
		return p.part(l.Message.Kind, l.Message)
	}
	return nil
}

func (p *page) close() error {
	if !p.open {
		return nil
	}
	p.open = false
	return p.part("roomend", nil)
}

func (p *page) end() error {
	if err := p.close(); err != nil {
		return err
	}
	return p.part("end", nil)
}

func (p *page) part(name string, data any) error {
	return p.parts.ExecuteTemplate(p.w, name, data) //nolint:wrapcheck // Export explains it
}

// noticeSentence says what a notice is about.
func noticeSentence(m *core.ChatMessage) string {
	words := []string{strings.ReplaceAll(m.Notice, "_", " ")}
	words = append(words, m.Targets...)
	if m.Text != "" {
		words = append(words, "“"+m.Text+"”")
	}
	return strings.Join(words, " ")
}

const pageParts = `
{{- define "head"}}<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chats of {{.Address}}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.25rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
article { margin: 0.75rem 0; } header, footer, .notice { font-size: 0.875rem; opacity: 0.8; }
.text { white-space: pre-wrap; margin: 0; } blockquote { margin: 0 0 0.25rem; padding-left: 0.75rem; border-left: 3px solid; opacity: 0.8; }
</style>
</head>
<body>
<h1>Chats of {{.Address}}</h1>
<p class="notice">Written out on {{time .At}}. Network {{.Network}}.</p>
{{end}}
{{- define "room"}}<section>
<h2>{{.Name}}</h2>
{{with .Topic}}<p>{{.}}</p>
{{end}}<p class="notice">{{range $i, $m := .Members}}{{if $i}}, {{end}}{{$m.Name}} ({{$m.Role}}){{end}}</p>
{{end}}
{{- define "text"}}<article>
<header><strong>{{.FromName}}</strong> <time datetime="{{stamp .SentAt}}">{{time .SentAt}}</time>{{if .Edited}} (edited){{end}}</header>
{{with .ReplyTo}}<blockquote>{{.FromName}}: {{.Text}}</blockquote>
{{end}}{{if .Deleted}}<p class="notice">deleted by {{.DeletedBy}}</p>
{{else if .Waiting}}<p class="notice">its key is not here</p>
{{else}}<p class="text">{{.Text}}</p>
{{end}}{{range .Files}}<p class="notice">file: {{.Name}}, {{.Size}} bytes</p>
{{end}}{{if .Reactions}}<footer>{{range .Reactions}}{{.Sign}} {{join .By}} {{end}}</footer>
{{end}}</article>
{{end}}
{{- define "notice"}}<p class="notice">{{.FromName}}: {{notice .}} ({{time .SentAt}})</p>
{{end}}
{{- define "hole"}}<p class="notice">{{.Missing}} missing here</p>
{{end}}
{{- define "roomend"}}</section>
{{end}}
{{- define "end"}}</body>
</html>
{{end}}`
