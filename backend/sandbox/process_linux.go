package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// birth tells a process from a later one with the same number: the clock tick
// at which it began. It is "" when there is no such process, or only what is
// left of one that nobody waited for.
func birth(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", nil //nolint:nilerr // it is gone
	}
	// The second field is the program's name in brackets, which may hold anything.
	_, rest, found := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	fields := strings.Fields(string(rest))
	if !found || len(fields) < 20 {
		return "", fmt.Errorf("the system's record of process %d is not understood", pid)
	}
	if state := fields[0]; state == "Z" || state == "X" {
		return "", nil
	}
	return fields[19], nil // field 22 of the line
}
