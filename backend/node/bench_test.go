package node_test

// Figures of the whole node: start, memory, and that nothing grows.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/node"
)

// BenchmarkStart measures from opening an existing data folder to ready.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	n := start(b, dir, nil)
	if err := n.operator(b).Storage().Put(b.Context(), "k", []byte("v")); err != nil {
		b.Fatal(err)
	}
	n.stop(b)
	for b.Loop() {
		n := start(b, dir, nil)
		b.StopTimer()
		n.stop(b)
		b.StartTimer()
	}
}

// idleFolder names, in the environment of a child process, the data folder of
// the node that it is to run.
const idleFolder = "DEBROS_IDLE_FOLDER"

// idle runs a node in this process until its standard input ends.
func idle(dir string) {
	ctx, cancel := context.WithCancel(context.Background())
	loaded := loopback(dir)
	err := func() error {
		folder, err := node.Claim(loaded.Config)
		if err != nil {
			return err
		}
		logs, err := logging.New(logging.Settings{Level: "warn"}, io.Discard)
		if err != nil {
			return err
		}
		n, err := node.Open(ctx, folder, loaded, node.Build{Version: "idle"}, logs)
		if err != nil {
			return err
		}
		return n.Run(ctx, nil, func() {
			fmt.Println("ready")
			go func() {
				_, err := io.Copy(io.Discard, os.Stdin)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
				cancel()
			}()
		})
	}()
	if err != nil {
		fmt.Println(err)
	}
}

// BenchmarkIdle reports what a node that nobody uses takes of the machine, in a
// process of its own.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		child := exec.CommandContext(b.Context(), os.Args[0])
		child.Env = append(os.Environ(), idleFolder+"="+b.TempDir())
		input, err := child.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		output, err := child.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err = child.Start(); err != nil {
			b.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		for lines.Text() != "ready" {
			if !lines.Scan() {
				b.Fatal("the node ended before it was ready")
			}
		}
		b.ReportMetric(residentMB(b, child.Process.Pid), "resident-MB")
		if err = errors.Join(input.Close(), child.Wait()); err != nil {
			b.Fatal(err)
		}
	}
}

// residentMB is what the system counts as a process's memory.
func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if after, found := strings.CutPrefix(line, "VmRSS:"); found {
			var kB float64
			if _, err := fmt.Sscan(after, &kB); err != nil {
				b.Fatal(err)
			}
			return kB / 1000
		}
	}
	b.Fatal("the system does not tell a process's memory")
	return 0
}

// BenchmarkRequests runs requests through a client over the wire and reports
// what the process holds afterwards: descriptors and goroutines that grew, and
// the heap. Run it with -benchtime 100000x to see the figure of the promise.
func BenchmarkRequests(b *testing.B) {
	n := start(b, b.TempDir(), nil)
	c := n.operator(b)
	warm := func(i int) {
		key := fmt.Sprintf("key/%d", i%100)
		if i%10 == 0 {
			if err := c.Storage().Put(b.Context(), key, []byte("value")); err != nil {
				b.Fatal(err)
			}
		} else if _, err := c.Storage().Exists(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 1000 {
		warm(i)
	}
	files, goroutines := descriptors(b), runtime.NumGoroutine()
	i := 0
	for b.Loop() {
		warm(i)
		i++
	}
	b.ReportMetric(float64(descriptors(b)-files), "descriptors-grown")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines-grown")
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "heap-MB")
}

func descriptors(b *testing.B) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		b.Fatal(err)
	}
	return len(entries)
}
