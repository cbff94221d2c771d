package gateway

// This file makes JSON schemas (2020-12, as OpenAPI 3.1 uses them) out of the Go
// types of requests and answers, so that what is told and what is done cannot
// differ.

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// schema is the part of JSON Schema that the types here need.
type schema struct {
	Ref                  string             `json:"$ref,omitempty"`
	Type                 string             `json:"type,omitempty"`
	Format               string             `json:"format,omitempty"`
	ContentEncoding      string             `json:"contentEncoding,omitempty"`
	Items                *schema            `json:"items,omitempty"`
	Properties           map[string]*schema `json:"properties,omitempty"`
	Required             []string           `json:"required,omitempty"`
	AdditionalProperties *schema            `json:"additionalProperties,omitempty"`
	Enum                 []string           `json:"enum,omitempty"`

	order []string // of the properties, as in the type
}

const schemaPrefix = "#/components/schemas/"

// schemas are the named types that have been met.
type schemas struct {
	byName map[string]*schema
	names  map[reflect.Type]string
}

func newSchemas() *schemas {
	return &schemas{byName: map[string]*schema{}, names: map[reflect.Type]string{}}
}

// of returns the schema of a type; a named struct is kept once and referred to.
func (s *schemas) of(t reflect.Type) *schema {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if special := specialSchema(t); special != nil {
		return special
	}
	switch t.Kind() { //nolint:exhaustive // what has no word in JSON may be anything
	case reflect.Struct:
		return s.named(t)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return &schema{Type: "string", ContentEncoding: "base64"}
		}
		return &schema{Type: "array", Items: s.of(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", AdditionalProperties: s.of(t.Elem())}
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &schema{Type: "integer"}
	case reflect.Float32, reflect.Float64:
		return &schema{Type: "number"}
	}
	return &schema{}
}

// specialSchema is that of types which write themselves.
func specialSchema(t reflect.Type) *schema {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema{Type: "string", Format: "date-time"}
	case t == reflect.TypeFor[json.Number]():
		return &schema{Type: "number"}
	case writes[json.Marshaler](t), writes[json.Unmarshaler](t):
		return &schema{}
	case writes[encoding.TextMarshaler](t):
		return &schema{Type: "string"}
	}
	return nil
}

func writes[I any](t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[I]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}

// named refers to a struct's schema, and makes it at the first sight.
func (s *schemas) named(t reflect.Type) *schema {
	if t.Name() == "" {
		return s.object(t)
	}
	name, known := s.names[t]
	if !known {
		name = exported(t.Name())
		for n := 2; s.byName[name] != nil; n++ { // another package's type of the same name
			name = fmt.Sprintf("%s%d", exported(t.Name()), n)
		}
		s.names[t] = name
		s.byName[name] = &schema{} // a type may hold itself
		*s.byName[name] = *s.object(t)
	}
	return &schema{Ref: schemaPrefix + name}
}

// exported is a type's name with a large first letter and without anything that
// a reference could not hold.
func exported(name string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, name)
	return strings.ToUpper(clean[:1]) + clean[1:]
}

func (s *schemas) object(t reflect.Type) *schema {
	o := &schema{Type: "object", Properties: map[string]*schema{}}
	s.addFields(o, t)
	return o
}

// addFields adds what encoding/json would write. A field that is always written
// is required.
func (s *schemas) addFields(o *schema, t reflect.Type) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || (!f.IsExported() && !f.Anonymous) {
			continue
		}
		if f.Anonymous && name == "" {
			inner := f.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				s.addFields(o, inner)
				continue
			}
		}
		if name == "" {
			name = f.Name
		}
		if o.Properties[name] == nil {
			o.order = append(o.order, name)
		}
		o.Properties[name] = s.of(f.Type)
		optional := strings.Contains(options, "omit")
		if !optional && !slices.Contains(o.Required, name) {
			o.Required = append(o.Required, name)
		}
	}
}

// find follows a reference.
func (s *schemas) find(x *schema) *schema {
	if name, ok := strings.CutPrefix(x.Ref, schemaPrefix); ok {
		return s.byName[name]
	}
	return x
}
