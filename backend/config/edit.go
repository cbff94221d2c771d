package config

// This file changes the configuration file. What the person wrote stays as it
// is, comments included: only the lines of the keys that change are touched.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// MaxChanges bounds the keys that are changed together.
const MaxChanges = 50

// File is the configuration file of a node that runs, or would run, with what
// was loaded.
type File struct {
	running Loaded
	mu      sync.Mutex // held during file work on purpose: two writers would mix
}

// NewFile is the file from which a configuration was loaded, or in which it
// would be looked for.
func NewFile(running Loaded) *File { return &File{running: running} }

// Path is where the file is or will be.
func (f *File) Path() string {
	if f.running.Path != "" {
		return f.running.Path
	}
	return filepath.Join(f.running.Config.Node.DataDir, FileName)
}

// Keys lists every key that decides something: what runs, and what the file says.
func (f *File) Keys() ([]core.ConfigKey, error) {
	text, err := f.read()
	if err != nil {
		return nil, err
	}
	stored, _ := f.judge(text) // what can be read of it is what a person needs to see
	var out []core.ConfigKey
	for i, v := range f.running.Values() {
		k := Keys()[i]
		if k.Old != "" {
			continue
		}
		next := k.Text(stored.Config)
		origin := f.running.Origins[k.Name].Source
		key := core.ConfigKey{
			ConfigValue: v, Default: k.Default, Kind: string(k.Kind), Choices: slices.Clone(k.Choices), Environment: k.Env[0], Secret: k.Secret,
			InFile: stored.Origins[k.Name].Source == "file", Next: next, Overruled: origin == "flag" || origin == "environment",
		}
		if k.Flag != "" {
			key.Flag = "--" + k.Flag
		}
		if key.Overruled || k.Name == "node.data_dir" { // the file is in it: it cannot be elsewhere at the next start
			key.Next = v.Value
		}
		key.Restart = key.Next != v.Value || (k.Secret && !key.Overruled && !reflect.DeepEqual(k.field(&f.running.Config), k.field(&stored.Config)))
		out = append(out, key)
	}
	return out, nil
}

// Save makes the changes all together, after a look at the file that would come
// of it. It returns Invalid, with what is wrong, and changes nothing, when a key
// does not exist, a value cannot be or contradicts another.
func (f *File) Save(changes []core.ConfigChange) error {
	if len(changes) == 0 || len(changes) > MaxChanges {
		return core.Errorf(core.Invalid, "Change between 1 and %d settings at once.", MaxChanges)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	old, err := f.read()
	if err != nil {
		return err
	}
	text := string(old)
	for _, c := range changes {
		if text, err = change(text, c); err != nil {
			return err
		}
	}
	if len(text) > MaxFileBytes {
		return core.Errorf(core.TooLarge, "The configuration file has at most %s.", Size(MaxFileBytes))
	}
	if err := f.compare(old, []byte(text)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.Path()), 0o700); err != nil {
		return core.Wrap(core.Unavailable, err, "The folder of the configuration file cannot be made; check its rights.")
	}
	if err := disk.Write(f.Path(), []byte(text)); err != nil {
		return core.Wrap(core.Unavailable, err, "The configuration file cannot be written; check its rights and the space.")
	}
	return nil
}

func (f *File) read() ([]byte, error) {
	text, err := readLimited(f.Path(), MaxFileBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, core.Wrap(core.Unavailable, err, "The configuration file cannot be read; check its rights.")
	}
	return text, nil
}

// judge loads a text as the file, alone: what flags and environment said is
// shown beside it.
func (f *File) judge(text []byte) (Loaded, faults) {
	l := loader{keys: Keys(), Loaded: Loaded{Config: Default(), Path: f.Path(), Origins: map[string]Origin{}}}
	l.sources.Env = func(name string) (string, bool) { return f.running.home, name == "HOME" }
	for _, k := range l.keys {
		l.Origins[k.Name] = Origin{Source: "default"}
	}
	l.readYAML(text)
	if l.Config.Node.DataDir == "" {
		l.Config.Node.DataDir = f.running.Config.Node.DataDir
	}
	l.resolve()
	return l.Loaded, append(l.faults, l.Config.faults()...)
}

// compare refuses a text with a fault that the old one did not have: a fault that
// was there is not the doing of this change, and may be overruled by a flag.
func (f *File) compare(old, text []byte) error {
	_, before := f.judge(old)
	_, after := f.judge(text)
	var added faults
	for _, fault := range after {
		same := func(g Fault) bool { return g.Key == fault.Key && g.Problem == fault.Problem }
		if !slices.ContainsFunc(before, same) {
			added = append(added, fault)
		}
	}
	if len(added) == 0 {
		return nil
	}
	first := added[0]
	first.Origin = ""
	return core.Wrap(core.Invalid, added.err(), "%s", sentence(first.String()))
}

// change sets or takes out one key in the text of a file.
func change(text string, c core.ConfigChange) (string, error) {
	k, ok := FindKey(c.Name)
	if !ok || k.Old != "" {
		return "", core.Errorf(core.Invalid, "There is no setting %q; 'debros config show' lists all.", shorten(c.Name))
	}
	if strings.ContainsAny(c.Value, "\x00\r") {
		return "", core.Errorf(core.Invalid, "The value of %s has a character that the file cannot hold.", k.Name)
	}
	probe := Default()
	if err := setText(k.field(&probe), c.Value); err != nil && !c.Reset {
		return "", core.Wrap(core.Invalid, err, "%s", sentence(k.Name+": "+err.Error()))
	}
	if k.Kind == KindLevels && !c.Reset {
		c.Value = format(k.field(&probe)) // in the one form that becomes a line
	}
	root, err := parseYAML([]byte(text))
	if err != nil {
		return "", core.Wrap(core.Invalid, err, "The configuration file is not valid YAML; mend it by hand first.")
	}
	e := editor{lines: strings.SplitAfter(text, "\n")}
	section, name, _ := strings.Cut(k.Name, ".")
	at, body := find(root, section)
	if at != nil && body.Kind == yaml.MappingNode && body.Style&yaml.FlowStyle != 0 {
		return "", core.Errorf(core.Conflict, "The section %s is written in one line of the file; change it by hand.", section)
	}
	for _, known := range append([]string{name}, local(k.Aliases, section)...) {
		if at == nil || body.Kind != yaml.MappingNode {
			break
		}
		key, value := find(body, known)
		if key == nil {
			continue
		}
		e.cut(key.Line, e.end(key.Line, key.Column, value))
		if !c.Reset {
			e.insert(key.Line-1, strings.Repeat(" ", key.Column-1)+k.yamlLine(name, c.Value))
		}
		return e.text(), nil
	}
	switch {
	case c.Reset:
	case at == nil:
		e.insert(len(e.lines), section+":\n  "+k.yamlLine(name, c.Value))
	default:
		indent := "  "
		if body.Kind == yaml.MappingNode && len(body.Content) > 0 {
			indent = strings.Repeat(" ", body.Content[0].Column-1)
		}
		e.insert(at.Line, indent+k.yamlLine(name, c.Value))
	}
	return e.text(), nil
}

// local are the aliases in a section, without its name.
func local(aliases []string, section string) []string {
	var out []string
	for _, a := range aliases {
		if rest, ok := strings.CutPrefix(a, section+"."); ok {
			out = append(out, rest)
		}
	}
	return out
}

func find(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// editor changes lines; numbers count from 1 as YAML's do.
type editor struct{ lines []string }

func (e *editor) text() string { return strings.Join(e.lines, "") }

// end is the last line of a key's value: the line before the next one that is
// indented no deeper than the key, without comments and empty lines between.
func (e *editor) end(line, column int, value *yaml.Node) int {
	last := line
	for i := line; i < len(e.lines); i++ {
		text := strings.TrimSpace(e.lines[i])
		indent := len(e.lines[i]) - len(strings.TrimLeft(e.lines[i], " "))
		item := strings.HasPrefix(text, "- ") || text == "-"
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if indent < column && (indent != column-1 || !item || value.Kind != yaml.SequenceNode) {
			break
		}
		last = i + 1
	}
	return last
}

func (e *editor) cut(from, to int) { e.lines = slices.Delete(e.lines, from-1, to) }

// insert puts a line behind the one with this number.
func (e *editor) insert(after int, line string) {
	after = min(after, len(e.lines))
	if after > 0 && !strings.HasSuffix(e.lines[after-1], "\n") && e.lines[after-1] != "" {
		e.lines[after-1] += "\n"
	}
	e.lines = slices.Insert(e.lines, after, line+"\n")
}

// sentence begins with a capital letter and ends with a full stop, unless it
// begins with the name of a key.
func sentence(text string) string {
	return fmt.Sprintf("%s.", strings.TrimSuffix(text, "."))
}
