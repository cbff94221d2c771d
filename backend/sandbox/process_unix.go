//go:build unix

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// The signals that a sandbox sends.
const (
	signalStop   = syscall.SIGTERM
	signalKill   = syscall.SIGKILL
	signalPause  = syscall.SIGSTOP
	signalResume = syscall.SIGCONT
)

func send(pid int, s syscall.Signal) error {
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %v to process %d: %w", s, pid, err)
	}
	return nil
}

// apart puts a node into a session of its own: Ctrl+C in the terminal reaches
// the sandbox, which ends its nodes in order, and a closed terminal ends none.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
