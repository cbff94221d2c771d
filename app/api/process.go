// This file measures the process for the Node screen.

package api

import (
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
)

type process struct {
	goroutines  int
	memory      uint64 // bytes; resident where the system tells, else Go's own share
	descriptors int    // 0 where the system does not tell
}

func measureProcess() process {
	p := process{goroutines: runtime.NumGoroutine(), memory: residentBytes()}
	if p.memory == 0 {
		p.memory = goBytes()
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		p.descriptors = len(open) - 1 // one is the folder that is being read
	}
	return p
}

// residentBytes asks Linux; SQLite's memory is in it, unlike in Go's own count.
func residentBytes() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(max(0, os.Getpagesize()))
}

func goBytes() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
