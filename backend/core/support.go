package core

// This file makes the support bundle: what somebody who helps needs to know of a
// node, without anything that would let him in.

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// MaxSupportLines bounds the log lines of a bundle, the newest.
	MaxSupportLines = 2000
	// MaxSupportFile bounds one file of it.
	MaxSupportFile = 4 << 20
)

// SupportData is what a bundle is made of. What is not known stays empty.
type SupportData struct {
	Version, Commit, System string
	Now                     time.Time
	Status                  Status
	Health                  Health
	Config                  []ConfigValue
	Limits                  []Limit
	Logs                    []LogEntry
	Numbers                 any // the history of the node's numbers, for JSON
}

// SupportFile is one file of a bundle, all of it text.
type SupportFile struct {
	Name, Text string
}

// Support makes the files of a bundle. Nothing secret is in them; see [Redact].
func Support(d SupportData) ([]SupportFile, error) {
	wallet := d.Status.SolanaWallet
	d.Status.SolanaWallet = ""
	about := fmt.Sprintf("debros %s (%s) on %s, %s\n", d.Version, d.Commit, d.System, d.Now.UTC().Format(time.RFC3339))
	files := []SupportFile{
		{"about.txt", about}, {"config.txt", configText(d.Config)}, {"limits.txt", limitsText(d.Limits)}, {"log.txt", logText(d.Logs)},
	}
	for name, value := range map[string]any{"status.json": d.Status, "health.json": d.Health, "numbers.json": d.Numbers} {
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
		files = append(files, SupportFile{name, string(text) + "\n"})
	}
	for i := range files {
		text := files[i].Text
		if wallet != "" {
			text = strings.ReplaceAll(text, wallet, "[wallet]")
		}
		text = Redact(text)
		files[i].Text = strings.ToValidUTF8(text[max(0, len(text)-MaxSupportFile):], "")
	}
	slices.SortFunc(files, func(a, b SupportFile) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// WriteSupport writes the files as a zip archive.
func WriteSupport(w io.Writer, files []SupportFile) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		part, err := archive.Create("debros-support/" + f.Name)
		if err != nil {
			return fmt.Errorf("begin %s: %w", f.Name, err)
		}
		if _, err := io.WriteString(part, f.Text); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("end archive: %w", err)
	}
	return nil
}

func configText(values []ConfigValue) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "%s = %s  (%s)\n", v.Name, v.Value, v.Origin)
	}
	return b.String()
}

func limitsText(limits []Limit) string {
	var b strings.Builder
	for _, l := range limits {
		fmt.Fprintf(&b, "%s: %s\n", l.Name, l.Value)
	}
	return b.String()
}

// logText writes a line per entry. The names of keys and topics are a person's
// own data, so they are not in it.
func logText(entries []LogEntry) string {
	var b strings.Builder
	for _, e := range entries[max(0, len(entries)-MaxSupportLines):] {
		fmt.Fprintf(&b, "%s %-5s %s %s", e.Time.UTC().Format(time.RFC3339Nano), e.Level, e.Part, e.Message)
		for _, name := range slices.Sorted(maps.Keys(e.Attrs)) {
			value := e.Attrs[name]
			if name == "key" || name == "account" || name == KeyTopic {
				value = blanked
			}
			fmt.Fprintf(&b, " %s=%q", name, value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
