// This file fills a namespace with a small sample for people who want to look
// around, and takes it away again without touching what they made there.

package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// SampleNamespace is where the sample lies.
	SampleNamespace core.Namespace = "sample"
	// sampleMark is the key that says so: written first, removed last.
	sampleMark = "about"
	// sampleStep is how many keys or rows are written at once, for a progress
	// that moves and a cancel that is heard.
	sampleStep = 50
)

// Sample is bound as "Sample".
type Sample struct{ d *desk }

// SampleInfo says whether the sample is there and how large it is.
type SampleInfo struct {
	Namespace string `json:"namespace"`
	Present   bool   `json:"present"`
	Keys      int    `json:"keys"`
	Rows      int    `json:"rows"`
	Tables    int    `json:"tables"`
}

// State says whether the sample is there.
func (s *Sample) State() (SampleInfo, error) {
	return guard(s.d, "Sample.State", MaxCallTime, func(ctx context.Context) (SampleInfo, error) {
		b, err := s.d.node()
		if err != nil {
			return SampleInfo{}, err
		}
		present, err := sampleIsThere(ctx, b)
		return SampleInfo{
			Namespace: string(SampleNamespace), Present: present,
			Keys: len(sampleKeys()) + 1, Rows: len(sampleRows(s.d.program.Now())), Tables: len(sampleTables()),
		}, err
	})
}

// Add starts a task that adds the sample. It is conflict when it is there, or
// when a table of that namespace has the name of one of its own.
func (s *Sample) Add() (string, error) {
	return guard(s.d, "Sample.Add", MaxCallTime, func(ctx context.Context) (string, error) {
		b, err := s.d.node()
		if err != nil {
			return "", err
		}
		return s.d.tasks.start(ctx, work{
			kind: "sample.add", title: "Add sample data", unit: "entries",
			run: func(ctx context.Context, p *progress) (string, error) { return s.add(ctx, b, p) },
		})
	})
}

// Remove starts a task that removes what Add wrote, and nothing else.
func (s *Sample) Remove() (string, error) {
	return guard(s.d, "Sample.Remove", MaxCallTime, func(ctx context.Context) (string, error) {
		b, err := s.d.node()
		if err != nil {
			return "", err
		}
		return s.d.tasks.start(ctx, work{
			kind: "sample.remove", title: "Remove sample data", unit: "keys",
			run: func(ctx context.Context, p *progress) (string, error) { return removeSample(ctx, b, p) },
		})
	})
}

func (s *Sample) add(ctx context.Context, b Backend, p *progress) (string, error) {
	keys, rows := sampleKeys(), sampleRows(s.d.program.Now())
	p.total(int64(len(keys) + len(rows)))
	if err := sampleHasRoom(ctx, b); err != nil {
		return "", err
	}
	about := []byte("Sample data of debros. Look around, change it, and remove it again whenever you like.")
	if _, err := b.Storage.Put(ctx, SampleNamespace, sampleMark, about, core.PutOptions{IfAbsent: true}); err != nil {
		return "", err
	}
	p.phase("tables")
	if _, err := b.Database.Exec(ctx, SampleNamespace, sampleTables(), core.ExecOptions{Atomic: true}); err != nil {
		return "", err
	}
	for part := range slices.Chunk(rows, sampleStep) {
		if _, err := b.Database.Exec(ctx, SampleNamespace, part, core.ExecOptions{Atomic: true}); err != nil {
			return "", err
		}
		p.add(int64(len(part)))
	}
	p.phase("keys")
	for part := range slices.Chunk(keys, sampleStep) {
		if _, err := b.Storage.Batch(ctx, SampleNamespace, part); err != nil {
			return "", err
		}
		p.add(int64(len(part)))
	}
	return fmt.Sprintf("%d keys and %d rows are in the namespace %s.", len(keys)+1, len(rows), SampleNamespace), nil
}

// sampleHasRoom says what is in the way.
func sampleHasRoom(ctx context.Context, b Backend) error {
	switch there, err := sampleIsThere(ctx, b); {
	case err != nil:
		return err
	case there:
		return core.Errorf(core.Conflict, "The sample data is there already; remove it first to have it fresh.")
	}
	if !slices.Contains(b.Machine.Namespaces(), SampleNamespace) {
		return nil
	}
	schema, err := b.Database.Schema(ctx, SampleNamespace)
	if err != nil {
		return err
	}
	for _, t := range schema.Tables {
		if slices.Contains(sampleTableNames(), strings.ToLower(t.Name)) {
			return core.Errorf(core.Conflict, "The namespace %s has a table %q already; rename it to make room for the sample.", SampleNamespace, t.Name)
		}
	}
	return nil
}

// sampleIsThere asks no namespace that does not exist: reading would make it.
func sampleIsThere(ctx context.Context, b Backend) (bool, error) {
	if !slices.Contains(b.Machine.Namespaces(), SampleNamespace) {
		return false, nil
	}
	_, _, err := b.Storage.Get(ctx, SampleNamespace, sampleMark, core.ReadOptions{Level: core.LevelWeak})
	if core.CodeOf(err) == core.NotFound {
		return false, nil
	}
	return err == nil, err
}

// removeSample drops the sample's own tables and keys by name.
func removeSample(ctx context.Context, b Backend, p *progress) (string, error) {
	switch there, err := sampleIsThere(ctx, b); {
	case err != nil:
		return "", err
	case !there:
		return "", core.Errorf(core.NotFound, "There is no sample data; nothing was removed.")
	}
	p.phase("tables")
	var drops []core.Statement
	for _, name := range sampleTableNames() {
		drops = append(drops, core.Statement{SQL: "DROP TABLE IF EXISTS " + name})
	}
	if _, err := b.Database.Exec(ctx, SampleNamespace, drops, core.ExecOptions{Atomic: true}); err != nil {
		return "", err
	}
	p.phase("keys")
	keys := sampleKeys()
	p.total(int64(len(keys) + 1))
	removed := 0
	for part := range slices.Chunk(append(keys, core.Op{Key: sampleMark}), sampleStep) {
		for i := range part {
			part[i] = core.Op{Delete: true, Key: part[i].Key}
		}
		answer, err := b.Storage.Batch(ctx, SampleNamespace, part)
		if err != nil {
			return "", err
		}
		for _, there := range answer.Deleted {
			if there {
				removed++
			}
		}
		p.add(int64(len(part)))
	}
	return fmt.Sprintf("%d tables and %d keys are removed.", len(drops), removed), nil
}
