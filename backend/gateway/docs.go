package gateway

// This file shows the OpenAPI document to people: one page without scripts, whose
// only style sheet is named in its policy by a hash.

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const docsPath = "/docs"

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS string

// docsPolicy lets the page show itself and do nothing else.
func docsPolicy() string {
	sum := sha256.Sum256([]byte(docsCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// What the page's template reads.
type (
	docsView struct {
		Title, Description, Version string
		CSS                         template.CSS
		Groups                      []docsGroup
		Types                       []docsType
	}
	docsGroup struct {
		Name       string
		Operations []docsOperation
	}
	docsOperation struct {
		ID, Method, Path, Summary, Access, Curl string
		Parameters                              []parameter
		Request, Response                       []docsField
		Status                                  []string
	}
	docsType struct {
		Name   string
		Fields []docsField
	}
	docsField struct {
		Name, Type string
		Link       string // name of the type, when it has a place of its own
		Required   bool
	}
)

func docsPage(d *openAPI, known *schemas) ([]byte, error) {
	page, err := template.New("docs").Parse(docsHTML)
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	v := docsView{Title: d.Info.Title, Description: d.Info.Description, Version: d.Info.Version, CSS: template.CSS(docsCSS)} //nolint:gosec // G203: our own text
	groups := map[string][]docsOperation{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			o := d.Paths[path][method]
			groups[o.Tags[0]] = append(groups[o.Tags[0]], known.show(strings.ToUpper(method), path, o))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		v.Groups = append(v.Groups, docsGroup{name, groups[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(known.byName)) {
		v.Types = append(v.Types, docsType{name, known.fields(known.byName[name])})
	}
	var b bytes.Buffer
	if err = page.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("write page: %w", err)
	}
	return b.Bytes(), nil
}

func (s *schemas) show(method, path string, o *operation) docsOperation {
	out := docsOperation{ID: o.ID, Method: method, Path: path, Summary: o.Summary, Access: accessWords(o.Access), Parameters: o.Parameters}
	var body *schema
	if o.RequestBody != nil {
		body = o.RequestBody.Content[string(jsonBody)].Schema
	}
	if body != nil {
		out.Request = s.fields(s.find(body))
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status == "default" {
			continue
		}
		out.Status = append(out.Status, status)
		if answer := o.Responses[status].Content[string(jsonBody)].Schema; answer != nil {
			out.Response = s.fields(s.find(answer))
		}
	}
	out.Curl = s.curl(method, path, o, body)
	return out
}

func accessWords(a access) string {
	switch a {
	case public:
		return "No credential."
	case anyone:
		return "Any credential."
	case operator:
		return "Whoever runs the node."
	case local:
		return "Programs on the node's own computer, and whoever runs the node."
	}
	return "A credential with the right \"" + string(a) + "\" in its namespace."
}

func (s *schemas) fields(x *schema) []docsField {
	list := make([]docsField, 0, len(x.order))
	for _, name := range x.order {
		text, link := typeWords(x.Properties[name])
		list = append(list, docsField{Name: name, Type: text, Link: link, Required: slices.Contains(x.Required, name)})
	}
	return list
}

// typeWords says in words what a schema is, and which named type it leads to.
func typeWords(x *schema) (text, link string) {
	switch {
	case x.Ref != "":
		link = strings.TrimPrefix(x.Ref, schemaPrefix)
		return "", link
	case x.Type == "array":
		text, link = typeWords(x.Items)
		return strings.TrimSpace("list of " + text), link
	case x.AdditionalProperties != nil:
		text, link = typeWords(x.AdditionalProperties)
		return strings.TrimSpace("names with " + text), link
	case x.Format == "date-time":
		return "time (RFC 3339)", ""
	case x.ContentEncoding != "":
		return "base64 text", ""
	case x.Type == "":
		return "any value", ""
	case len(x.Enum) > 0:
		return "one of " + strings.Join(x.Enum, ", "), ""
	}
	return x.Type, ""
}

// curl is a line to try the route with. GATEWAY and KEY are the reader's own.
func (s *schemas) curl(method, path string, o *operation, body *schema) string {
	line := []string{"curl"}
	if method != http.MethodGet {
		line = append(line, "-X "+method)
	}
	if len(o.Security) > 0 {
		line = append(line, `-H "Authorization: Bearer $KEY"`)
	}
	switch {
	case body != nil:
		example, err := json.Marshal(s.example(s.find(body), 3))
		if err == nil {
			line = append(line, "-H 'Content-Type: application/json'", "-d '"+string(example)+"'")
		}
	case o.RequestBody != nil:
		line = append(line, "-H 'Content-Type: application/octet-stream'", "--data-binary @file")
	}
	var query []string
	for _, p := range o.Parameters {
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", strings.ToUpper(p.Name))
		case p.Required:
			query = append(query, p.Name+"="+strings.ToUpper(p.Name))
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return strings.Join(append(line, `"$GATEWAY`+path+`"`), " ")
}

// example is the least body that has every field that must be there.
func (s *schemas) example(x *schema, depth int) any {
	x = s.find(x)
	switch {
	case x == nil || depth == 0:
		return nil
	case x.Type == "object":
		out := map[string]any{}
		for _, name := range x.Required {
			out[name] = s.example(x.Properties[name], depth-1)
		}
		return out
	case x.Type == "array":
		return []any{s.example(x.Items, depth-1)}
	case x.Type == "string":
		return "…"
	case x.Type == "boolean":
		return true
	case x.Type == "integer", x.Type == "number":
		return 1
	}
	return nil
}
