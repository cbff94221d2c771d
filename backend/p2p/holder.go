package p2p

// This file finds the program that holds a port, from Linux's /proc. On other
// systems there is no /proc and nothing is found.

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// maxSocketLines bounds how much of /proc/net is read: it only serves a message.
	maxSocketLines = 100_000
	// maxNameBytes is more than Linux keeps of a program's name.
	maxNameBytes = 64
)

// findHolder names the process that has port of network ("tcp" or "udp") open.
// Processes of other users can be seen by root only.
func findHolder(proc, network string, port uint16) (pid int, name string, found bool) {
	inodes := make(map[string]bool)
	for _, table := range []string{network, network + "6"} {
		addInodes(inodes, filepath.Join(proc, "net", table), network == "tcp", port)
	}
	if len(inodes) == 0 {
		return 0, "", false
	}
	processes, err := os.ReadDir(proc)
	if err != nil {
		return 0, "", false
	}
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil || !hasSocket(filepath.Join(proc, p.Name(), "fd"), inodes) {
			continue
		}
		return pid, programName(filepath.Join(proc, p.Name(), "comm")), true
	}
	return 0, "", false
}

// addInodes reads a table of sockets: the second column is the local address
// as hex ip:port, the fourth the state (0A listens), the tenth the inode.
func addInodes(inodes map[string]bool, table string, listening bool, port uint16) {
	file, err := os.Open(table) //nolint:gosec // a fixed place below /proc
	if err != nil {
		return
	}
	defer file.Close() //nolint:errcheck // nothing was written
	lines := bufio.NewScanner(file)
	for n := 0; n < maxSocketLines && lines.Scan(); n++ {
		columns := strings.Fields(lines.Text())
		if len(columns) < 10 || (listening && columns[3] != "0A") {
			continue
		}
		_, hexPort, _ := strings.Cut(columns[1], ":")
		if got, err := strconv.ParseUint(hexPort, 16, 16); err == nil && uint16(got) == port && columns[9] != "0" {
			inodes[columns[9]] = true
		}
	}
}

func hasSocket(folder string, inodes map[string]bool) bool {
	descriptors, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, d := range descriptors {
		target, err := os.Readlink(filepath.Join(folder, d.Name()))
		if err != nil {
			continue
		}
		inode, isSocket := strings.CutPrefix(target, "socket:[")
		if isSocket && inodes[strings.TrimSuffix(inode, "]")] {
			return true
		}
	}
	return false
}

func programName(path string) string {
	file, err := os.Open(path) //nolint:gosec // a fixed place below /proc
	if err != nil {
		return "unknown"
	}
	defer file.Close() //nolint:errcheck // nothing was written
	name := make([]byte, maxNameBytes)
	n, err := io.ReadFull(file, name)
	if n == 0 && err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name[:n]))
}
