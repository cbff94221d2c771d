package cli

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// transferFake is what a fake knows of transfers. With watched set, one ends when
// somebody has asked how far it is.
type transferFake struct {
	watched chan struct{}
	asked   chan struct{}
	job     atomic.Pointer[core.TransferJob]
}

func (f *fake) Transfer(ctx context.Context, job core.TransferJob) (core.TransferResult, error) {
	if f.transfer.watched != nil {
		f.transfer.job.Store(&job)
		select {
		case <-f.transfer.watched:
		case <-ctx.Done():
			return core.TransferResult{}, ctx.Err()
		}
	}
	return core.TransferResult{Notes: []string{job.Verb + " " + job.Kind + " " + string(job.Namespace) + " " + job.Existing}}, f.fail
}

func (f *fake) Transfers(context.Context) ([]core.TransferTask, error) {
	job := f.transfer.job.Load()
	if job == nil {
		return nil, f.fail
	}
	select {
	case f.transfer.asked <- struct{}{}: // the first look
	default:
		select {
		case f.transfer.watched <- struct{}{}: // a later one: the line was written
		default:
		}
	}
	return []core.TransferTask{
		{TransferJob: core.TransferJob{ID: "another"}, Progress: core.Progress{Phase: "another's", Done: 1, Unit: "rows"}},
		{TransferJob: *job, Progress: core.Progress{Phase: core.PhaseCopy, Done: 3_000_000, Total: 4_000_000, Unit: "bytes"}},
	}, f.fail
}

func (f *fake) BackupPlan(context.Context) (core.BackupPlan, error) { return core.BackupPlan{}, f.fail }

// Who backs up a gigabyte sees that something happens, and how much is left; a
// script sees nothing but data.
func TestTransfer_TellsHowFarItIs(t *testing.T) {
	s := newScreen(t)
	s.terminal = true
	s.node.transfer.watched, s.node.transfer.asked = make(chan struct{}), make(chan struct{}, 1)
	if s.run("ns", "backup", "shop", "/tmp/file"); s.status != 0 {
		t.Fatal(s.err)
	}
	if !strings.Contains(s.err, "copy: 3.0 MB of 4.0 MB, 75 %") || strings.Contains(s.err, "another") {
		t.Errorf("the line is %q", s.err)
	}
	if !strings.HasSuffix(s.err, "\r\x1b[K") {
		t.Errorf("the line stays on the terminal: %q", s.err)
	}
	s = newScreen(t)
	if s.run("ns", "backup", "shop", "/tmp/file"); s.status != 0 || s.err != "" {
		t.Errorf("a script reads %q", s.err)
	}
}

func TestProgressInWords(t *testing.T) {
	for want, p := range map[string]core.Progress{
		"begins":                      {},
		"write: 40 of 50 rows, 80 %":  {Phase: core.PhaseWrite, Done: 40, Total: 50, Unit: "rows"},
		"send: 7 keys":                {Phase: core.PhaseSend, Done: 7, Unit: "keys"},
		"write: 60 of 50 rows, 100 %": {Phase: core.PhaseWrite, Done: 60, Total: 50, Unit: "rows"}, // more came than was counted
		"receive: 1.0 kB":             {Phase: core.PhaseReceive, Done: 1000, Unit: "bytes"},
	} {
		if got := progressInWords(p); got != want {
			t.Errorf("%+v is %q, not %q", p, got, want)
		}
	}
}

// When nobody knows whether a write happened, its key is the one safe way on.
func TestIdempotencyKey(t *testing.T) {
	s := newScreen(t)
	s.node.fail = core.Errorf(core.OutcomeUnknown, "the leader vanished")
	for _, args := range [][]string{{"kv", "put", "k", "v"}, {"sql", "exec", "x"}, {"sql", "batch", "x"}} {
		if s.run(append(args, "--idempotency-key", "order-7")...); s.status != 6 || !strings.Contains(s.err, "--idempotency-key order-7") {
			t.Errorf("%v: %d %q", args, s.status, s.err)
		}
		if s.run(args...); s.status != 6 || !strings.Contains(s.err, "Look whether it happened") {
			t.Errorf("%v without a key: %d %q", args, s.status, s.err)
		}
	}
	if want := []string{"order-7", "", "order-7", "", "order-7", ""}; !slices.Equal(s.node.keys, want) {
		t.Errorf("the node was given the keys %q", s.node.keys)
	}
}
