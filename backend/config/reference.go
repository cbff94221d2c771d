package config

// This file prints the table of keys: for people, for the manual and as a file
// to start from.

import (
	"fmt"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// Values lists every key with its value and where that came from, as "config
// show" and the page print it. Secrets are blanked.
func (l Loaded) Values() []core.ConfigValue {
	keys := Keys()
	values := make([]core.ConfigValue, 0, len(keys))
	for _, k := range keys {
		values = append(values, core.ConfigValue{
			Name: k.Name, Value: k.Text(l.Config), Origin: l.Origins[k.Name].String(), Help: k.meaning(),
		})
	}
	return values
}

// Reference is the manual of all keys in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\nFlags of `debros node start` come before the environment, the environment before the YAML file, the file before the defaults.\n" +
		"Every key can be set in all of these places; a secret has no flag.\n")
	section := ""
	for _, k := range Keys() {
		if k.Section() != section {
			section = k.Section()
			fmt.Fprintf(&b, "\n## %s\n\n| key | kind | default | environment | flag | meaning |\n|---|---|---|---|---|---|\n", section)
		}
		flag := "–"
		if k.Flag != "" {
			flag = "`--" + k.Flag + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %s | %s |\n",
			k.Name, k.kindText(), code(k.Default), strings.Join(k.Env, "`, `"), flag, k.meaning())
	}
	return b.String()
}

// InitYAML is a configuration file to start from: every key with its meaning
// and default, all commented out, so that it changes nothing.
func InitYAML() string {
	var b strings.Builder
	b.WriteString("# Configuration of a DeBros node. Take the '#' away before what you want to set.\n" +
		"# Flags and environment variables come before this file: 'debros config show'\n# says which value holds and why.\n")
	section := ""
	for _, k := range Keys() {
		if k.Old != "" {
			continue
		}
		if k.Section() != section {
			section = k.Section()
			fmt.Fprintf(&b, "\n%s:\n", section)
		}
		_, name, _ := strings.Cut(k.Name, ".")
		fmt.Fprintf(&b, "  # %s (%s).\n  # %s\n", k.Help, k.kindText(), k.yamlLine(name, k.Default))
	}
	return b.String()
}

func (k Key) kindText() string {
	if len(k.Choices) > 0 {
		return orList(k.Choices)
	}
	return string(k.Kind)
}

func (k Key) meaning() string {
	if k.Old != "" {
		return k.Help + ". Decides nothing: " + k.Old
	}
	return k.Help
}

// yamlLine writes "name: value" as the file wants it.
func (k Key) yamlLine(name, value string) string {
	switch k.Kind {
	case KindList:
		items := splitList(value)
		for i := range items {
			items[i] = fmt.Sprintf("%q", items[i])
		}
		return name + ": [" + strings.Join(items, ", ") + "]"
	case KindLevels:
		return name + ": {" + strings.ReplaceAll(strings.ReplaceAll(value, "=", ": "), ",", ", ") + "}"
	case KindBool, KindInteger:
		return name + ": " + value
	case KindText, KindDuration, KindSize, KindSecret:
	}
	return fmt.Sprintf("%s: %q", name, value)
}

// code sets text in Markdown's code type; nothing stays a dash.
func code(text string) string {
	if text == "" {
		return "–"
	}
	return "`" + text + "`"
}
