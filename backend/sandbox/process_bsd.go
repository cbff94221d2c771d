//go:build unix && !linux

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// birth tells a process from a later one with the same number: when it began.
// It is "" when there is no such process.
func birth(pid int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if _, gone := errors.AsType[*exec.ExitError](err); gone {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ask for process %d: %w", pid, err)
	}
	state, began, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if strings.HasPrefix(state, "Z") {
		return "", nil
	}
	return strings.Join(strings.Fields(began), " "), nil
}
