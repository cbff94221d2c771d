package config

// This file reads the YAML file through its nodes, because only they know the
// line of each key and keep a key that was written twice.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxFileBytes bounds the configuration file. A thousand bootstrap peers need
// 100 KB; what is larger is another file.
const MaxFileBytes = 1 << 20

// readYAML applies the file's values. Faults are gathered; nothing stops it but
// text that is not YAML at all.
func (l *loader) readYAML(data []byte) {
	file := filepath.Base(l.Path)
	root, err := parseYAML(data)
	if err != nil {
		l.faults.add("", file, "the file is not valid YAML: "+err.Error(), "mend that line; 'debros config init --print' shows the form")
		return
	}
	if root == nil {
		return
	}
	if root.Kind != yaml.MappingNode {
		l.faults.add("", file, "the file has no sections", "it begins with a section such as 'node:'")
		return
	}
	for section, body := range l.pairs(root, "") {
		name := section.Value
		switch {
		case !l.isSection(name):
			l.unknown(name, section.Line, l.sections())
		case isNull(body):
		case body.Kind != yaml.MappingNode:
			l.faults.add(name, l.at(section.Line).String(), "this is a section", "write its keys below it, indented by two spaces")
		default:
			for key, value := range l.pairs(body, name+".") {
				l.readYAMLKey(name+"."+key.Value, key.Line, value)
			}
		}
	}
}

// parseYAML returns the top of the only document, nil when the file is empty.
func parseYAML(data []byte) (root *yaml.Node, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, fmt.Errorf("line %d: a second document begins", second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 || isNull(document.Content[0]) {
		return nil, nil
	}
	return document.Content[0], nil
}

// pairs yields the keys and values of a mapping, each key once. A key that
// comes a second time is a fault.
func (l *loader) pairs(mapping *yaml.Node, prefix string) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		seen := map[string]int{}
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			key, value := mapping.Content[i], deref(mapping.Content[i+1])
			if key.Kind != yaml.ScalarNode {
				l.faults.add("", l.at(key.Line).String(), "a key is a word", "write 'section:' and below it 'key: value'")
				continue
			}
			if first, again := seen[key.Value]; again {
				l.faults.add(prefix+shorten(key.Value), l.at(key.Line).String(), fmt.Sprintf("the key was already set in line %d", first), "keep one of the two")
				continue
			}
			seen[key.Value] = key.Line
			if !yield(key, value) {
				return
			}
		}
	}
}

func (l *loader) readYAMLKey(name string, line int, value *yaml.Node) {
	at := slices.IndexFunc(l.keys, func(k Key) bool { return k.Name == name || slices.Contains(k.Aliases, name) })
	if at < 0 {
		l.unknown(name, line, l.names())
		return
	}
	k := l.keys[at]
	if from := l.Origins[k.Name]; from.Source == "file" {
		l.faults.add(name, l.at(line).String(), fmt.Sprintf("it means the same as the key in line %d", from.Line), "keep one of the two")
		return
	}
	if isNull(value) {
		return // "key:" with nothing behind it is a key that is not set
	}
	l.apply(k, l.at(line), func(field any) error { return setYAML(k, field, value) })
}

// setYAML stores a YAML value, after a look at its type: text that YAML takes
// for a number is still text, but a list is never one value.
func setYAML(k Key, field any, value *yaml.Node) error {
	switch value.Kind {
	case yaml.ScalarNode:
		return setText(field, value.Value)
	case yaml.SequenceNode:
		if k.Kind == KindLevels {
			return errors.New("levels are a mapping; write 'p2p: debug' below it")
		}
		items := make([]string, 0, len(value.Content))
		for _, item := range value.Content {
			item = deref(item)
			if item.Kind != yaml.ScalarNode || isNull(item) || item.Value == "" {
				return fmt.Errorf("the item in line %d is not one value; write '- value'", item.Line)
			}
			items = append(items, item.Value)
		}
		return setItems(field, items)
	case yaml.MappingNode:
		if k.Kind != KindLevels {
			return fmt.Errorf("a %s is wanted here, not a mapping", k.Kind)
		}
		items := make([]string, 0, len(value.Content)/2)
		for i := 0; i+1 < len(value.Content); i += 2 {
			items = append(items, value.Content[i].Value+"="+deref(value.Content[i+1]).Value)
		}
		return setText(field, strings.Join(items, ","))
	default:
		return errors.New("this value cannot be read; write it out")
	}
}

// at is the origin of a line in the file.
func (l *loader) at(line int) Origin {
	return Origin{Source: "file", Name: l.Path, Line: line}
}

// unknown reports a key or section that does not exist, with the new way of an
// old one or the nearest that does exist.
func (l *loader) unknown(name string, line int, known []string) {
	fix := moved(name)
	if fix == "" {
		fix = "'debros config init --print' lists all keys"
		if near := Nearest(name, known); near != "" {
			fix = "did you mean " + near + "?"
		}
	}
	l.faults.add(shorten(name), l.at(line).String(), "there is no such key", fix)
}

// moved tells where a key of the original system's other files went.
func moved(name string) string {
	switch name {
	case "bootstrap_peers", "gateway.bootstrap_peers", "bootstrap", "node.bootstrap_peers":
		return "write discovery.bootstrap_peers"
	case "listen_addr":
		return "write gateway.addr"
	case "client_namespace":
		return "write gateway.namespace"
	case "rqlite_dsn", "gateway.rqlite_dsn", "rqlite_nodes", "database.rqlite_nodes":
		return "remove it: SQL travels over libp2p, from the nodes in discovery.bootstrap_peers"
	case "node.is_bootstrap", "is_bootstrap":
		return "remove it: a node is a bootstrap node when others name it in discovery.bootstrap_peers"
	}
	return ""
}

func (l *loader) names() []string {
	names := make([]string, 0, len(l.keys))
	for _, k := range l.keys {
		names = append(names, k.Name)
	}
	return names
}

func (l *loader) sections() []string {
	var sections []string
	for _, k := range l.keys {
		if s := k.Section(); !slices.Contains(sections, s) {
			sections = append(sections, s)
		}
	}
	return sections
}

func (l *loader) isSection(name string) bool { return slices.Contains(l.sections(), name) }

// deref follows a YAML alias, once: an anchor is never an alias itself.
func deref(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// shorten keeps a foreign name from filling the screen.
func shorten(name string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}
