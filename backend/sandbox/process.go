package sandbox

// This file knows processes: begun by us or by an earlier run.

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// lookStep is the time between two looks at something that is to happen.
const lookStep = 20 * time.Millisecond

// process is a process that is certainly ours: its number may be given to
// another one after its end, its number and beginning together may not.
type process struct {
	PID   int    `json:"pid"`
	Birth string `json:"birth"` // in the system's own form

	ended chan struct{} // closed at its end; nil for one that an earlier run began
	cmd   *exec.Cmd     // nil likewise
}

// begin starts a command. A goroutine waits for its end, which is the end of
// that goroutine too.
func begin(cmd *exec.Cmd, console *os.File) (*process, error) {
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = apart()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	p := &process{PID: cmd.Process.Pid, ended: make(chan struct{}), cmd: cmd}
	began, err := birth(p.PID)
	p.Birth = began
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() //nolint:errcheck // how it ended is in its log
	}()
	return p, err
}

// alive says whether the process still runs.
func (p *process) alive() bool {
	if p == nil || p.PID <= 0 || p.Birth == "" {
		return false
	}
	if p.ended != nil {
		select {
		case <-p.ended:
			return false
		default:
			return true
		}
	}
	now, err := birth(p.PID)
	return err == nil && now == p.Birth
}

// signal sends s, but never to another process that got the number since.
func (p *process) signal(s syscall.Signal) error {
	if !p.alive() {
		return nil
	}
	return send(p.PID, s)
}

// exitCode is the status with which the process ended, -1 when that is not known.
func (p *process) exitCode() int {
	if p == nil || p.ended == nil || p.alive() {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// wait returns nil when the process has ended.
func (p *process) wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	if p.ended != nil {
		select {
		case <-p.ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return until(ctx, func() bool { return !p.alive() })
}

// until looks again and again until what is to happen has happened.
func until(ctx context.Context, happened func() bool) error {
	tick := time.NewTicker(lookStep)
	defer tick.Stop()
	for !happened() {
		select {
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the caller says what did not happen
		case <-tick.C:
		}
	}
	return nil
}
