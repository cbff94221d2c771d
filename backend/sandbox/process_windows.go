package sandbox

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/windows"

	"git.debros.io/DeBros/network/backend/core"
)

// The signals that a sandbox sends. Windows has none: a node is ended at once,
// which it survives as it survives a crash, and cannot be paused.
const (
	signalStop   = syscall.SIGTERM
	signalKill   = syscall.SIGKILL
	signalPause  = syscall.Signal(0x13)
	signalResume = syscall.Signal(0x12)
)

func send(pid int, s syscall.Signal) error {
	if s == signalPause || s == signalResume {
		return core.Errorf(core.Invalid, "Windows cannot pause a process; kill the node and start it again")
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return nil //nolint:nilerr // it is gone
	}
	if err := p.Kill(); err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	return nil
}

// birth tells a process from a later one with the same number: when it began.
// It is "" when there is no such process.
func birth(pid int) (string, error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid)) //nolint:gosec // process ids fit
	if err != nil {
		return "", nil //nolint:nilerr // it is gone
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing was written
	var began, ended, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &began, &ended, &kernel, &user); err != nil {
		return "", fmt.Errorf("ask for process %d: %w", pid, err)
	}
	var code uint32
	const stillActive = 259
	if err := windows.GetExitCodeProcess(h, &code); err == nil && code != stillActive {
		return "", nil
	}
	return strconv.FormatInt(began.Nanoseconds(), 10), nil
}

func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}
