//go:build system && linux

package sandbox_test

// Row D8 of the scoreboard: more namespaces than may be awake.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/sandbox"
)

const (
	manyCallers = 8
	readAgain   = 100
	manyLimit   = 30 * time.Second // for the first use of one namespace, with all repetitions
	mostKB      = 512 << 10        // of a node's memory with all its groups awake
)

// D8: a network has more namespaces than a node can keep awake; each is there
// when it is asked for, and no node keeps more awake than it may.
func TestSystemD8_ManyNamespaces(t *testing.T) {
	many := rounds(1000, 150)
	b, _ := up(t, settings(t, 3))
	s := seed(t)
	random := rand.New(rand.NewPCG(s, 8))
	empty := measured(t, b)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	watching := watchAwake(ctx, t, b)

	began := time.Now()
	created := each(t, many, func(i int) error {
		return use(ctx, b.Nodes()[i%3], i, func(ctx context.Context, c tenant) error {
			return c.Put(ctx, "key", []byte(valueOf(i)))
		})
	})
	t.Logf("%d namespaces made in %v, first use p50 %v p99 %v max %v", many, time.Since(began).Round(time.Second),
		percentile(created, 0.5), percentile(created, 0.99), percentile(created, 1))
	full := measured(t, b)

	again := random.Perm(many)[:min(readAgain, many)]
	read := each(t, len(again), func(n int) error {
		i := again[n]
		return use(ctx, b.Nodes()[(i+1)%3], i, func(ctx context.Context, c tenant) error {
			value, err := c.Get(ctx, "key")
			if err == nil && string(value) != valueOf(i) {
				t.Errorf("namespace %d holds %q", i, value)
			}
			return err
		})
	})
	most := watching()
	for i, n := range most {
		if n > database.DefaultMaxAwake {
			t.Errorf("node-%d had %d groups awake, %d are allowed", i+1, n, database.DefaultMaxAwake)
		}
	}
	for i := range full {
		t.Logf("node-%d: memory %d MB (%d MB when empty, %d MB at most), %d descriptors (%d when empty), %d threads, %d KB on disk for each namespace",
			i+1, full[i].memoryKB>>10, empty[i].memoryKB>>10, full[i].peakKB>>10, full[i].descriptors, empty[i].descriptors, full[i].threads,
			(full[i].disk-empty[i].disk)>>10/int64(many))
		if full[i].memoryKB > mostKB {
			t.Errorf("node-%d takes %d MB", i+1, full[i].memoryKB>>10)
		}
	}
	if slices.Max(most) < min(many, database.DefaultMaxAwake)/2 {
		t.Errorf("void: only %v groups were ever awake", most)
	}
	t.Logf("D8 seed %d: %d namespaces on 3 nodes in %v, %d awake at most, first use p50 %v max %v, read again at another node p50 %v max %v, %d MB, %d descriptors",
		s, many, time.Since(began).Round(time.Second), slices.Max(most), percentile(created, 0.5), percentile(created, 1),
		percentile(read, 0.5), percentile(read, 1), full[0].memoryKB>>10, full[0].descriptors)
}

func valueOf(i int) string { return fmt.Sprintf("the value of namespace %d", i) }

// tenant is what a namespace is used for here.
type tenant interface {
	Put(ctx context.Context, key string, value []byte) error
	Get(ctx context.Context, key string) ([]byte, error)
}

// use does something in namespace i at one node, until it is answered: waking a
// group when all places are taken may be refused for a moment.
func use(ctx context.Context, n *sandbox.Node, i int, do func(context.Context, tenant) error) error {
	ctx, cancel := context.WithTimeout(ctx, manyLimit)
	defer cancel()
	c, err := n.DialOperator(ctx, core.Namespace(fmt.Sprintf("many-%d", i)))
	if err != nil {
		return err
	}
	for {
		err = do(ctx, c.Storage())
		code := core.CodeOf(err)
		if ctx.Err() != nil || (code != core.Unavailable && code != core.Limited && code != core.OutcomeUnknown) {
			break
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return errors.Join(err, c.Disconnect())
}

// each does something with 0 to n-1, several at once, and says how long each took.
func each(t *testing.T, n int, do func(int) error) []time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	next := make(chan int)
	var all sync.WaitGroup
	for range manyCallers {
		all.Go(func() {
			for i := range next {
				began := time.Now()
				if err := do(i); err != nil {
					t.Errorf("%d: %v", i, err)
				}
				took[i] = time.Since(began)
			}
		})
	}
	for i := range n {
		next <- i
		if i%100 == 99 {
			t.Logf("%d", i+1)
		}
	}
	close(next)
	all.Wait()
	return took
}

// watchAwake looks at all nodes until it is asked for the most tenants' groups
// that each had awake.
func watchAwake(ctx context.Context, t *testing.T, b *sandbox.Sandbox) func() []int {
	t.Helper()
	clients := operators(ctx, t, b)
	most := make([]int, len(clients))
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			tick := time.NewTicker(500 * time.Millisecond)
			defer tick.Stop()
			for {
				if status, err := c.Operator().Status(ctx); err == nil {
					awake := 0
					for _, g := range status.Groups {
						if g.Awake && g.Name != core.SystemNamespace.Group() {
							awake++
						}
					}
					most[i] = max(most[i], awake)
				}
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	return func() []int {
		cancel()
		all.Wait()
		return most
	}
}

// footprint is what one node takes.
type footprint struct {
	memoryKB, peakKB, threads, descriptors int
	disk                                   int64
}

func measured(t *testing.T, b *sandbox.Sandbox) []footprint {
	t.Helper()
	var list []footprint
	for _, n := range b.Nodes() {
		var f footprint
		proc := filepath.Join("/proc", strconv.Itoa(n.PID()))
		status, err := os.Open(filepath.Join(proc, "status"))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(status)
		for lines.Scan() {
			for name, to := range map[string]*int{"VmRSS:": &f.memoryKB, "VmHWM:": &f.peakKB, "Threads:": &f.threads} {
				if rest, ok := strings.CutPrefix(lines.Text(), name); ok {
					*to, err = strconv.Atoi(strings.Fields(rest)[0])
				}
			}
		}
		open, errOpen := os.ReadDir(filepath.Join(proc, "fd"))
		f.descriptors = len(open)
		errWalk := filepath.WalkDir(n.Dir(), func(_ string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil //nolint:nilerr // gone meanwhile
			}
			if info, err := entry.Info(); err == nil {
				f.disk += info.Size()
			}
			return nil
		})
		if err = errors.Join(err, lines.Err(), status.Close(), errOpen, errWalk); err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}
