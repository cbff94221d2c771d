// A node whose disk fails: the test's own binary, started again as a child that
// writes until it is refused, and then looks at what must go on.

package database

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	childFails = "DEBROS_TEST_DATABASE_FAILS" // set: the child's disk will fail
	// note begins a line that names no acknowledged row.
	note = "# "
	// failingFor is how long a child writes that meets no failure.
	failingFor = 4 * time.Second
	// electionsFor is longer than Raft needs to want a new term twice.
	electionsFor = 10 * time.Second
)

// failingMain ends with status 0 when it lived on after the failure, and with 1
// and a sentence when it could not start.
func failingMain(h host.Host, dir string) int {
	d, err := New(Settings{Dir: dir, NodeID: h.ID().String(), SnapshotEvery: childEvery}, h, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err = d.Run(ctx, func() {
		go func() {
			defer cancel()
			failingWork(d)
		}()
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s\n%v\n", core.Sentence(err), err)
		return 1
	}
	return 0
}

// failingWork writes from several sides and says what it saw.
func failingWork(d *Databases) {
	write := func(ns core.Namespace, statements ...core.Statement) error {
		_, err := d.Exec(context.Background(), ns, statements, core.ExecOptions{Atomic: true})
		return err
	}
	for _, ns := range []core.Namespace{red, blue} {
		_ = write(ns, core.Statement{SQL: `CREATE TABLE IF NOT EXISTS t (name TEXT, text BLOB)`}) //nolint:errcheck // what follows meets the same failure
		_ = write(ns, core.Statement{SQL: `CREATE TABLE IF NOT EXISTS pairs (pair TEXT)`})        //nolint:errcheck // likewise
	}
	run, until := time.Now().UnixNano(), time.Now().Add(failingFor)
	var writing sync.WaitGroup
	var mu sync.Mutex
	failed := false
	for worker := range childWriters {
		writing.Go(func() {
			for i := 0; time.Now().Before(until); i++ {
				name := fmt.Sprintf("%d-%d-%d", run, worker, i)
				pair := core.Statement{SQL: `INSERT INTO pairs (pair) VALUES (?)`, Args: []any{name}}
				err := write(red, pair, core.Statement{SQL: `INSERT INTO t (name, text) VALUES (?, randomblob(10))`, Args: []any{name}}, pair)
				switch {
				case err == nil:
					fmt.Println(name)
				case core.CodeOf(err) == core.OutcomeUnknown:
				case core.CodeOf(err) == core.Unavailable && strings.Contains(core.Sentence(err), "check the disk"):
					mu.Lock()
					failed = true
					mu.Unlock()
					return
				default:
					fmt.Println(note+"unexpected:", core.CodeOf(err), err)
					return
				}
			}
		})
	}
	writing.Wait()
	if !failed {
		fmt.Println(note + "no failure")
		return
	}
	t, err := d.table()
	if err != nil {
		panic(err)
	}
	open, _ := t.awake()
	if g := open[red]; g != nil {
		ra := g.raft.Load()
		for began, term := time.Now(), ra.CurrentTerm(); ra.CurrentTerm() < term+2 && time.Since(began) < electionsFor; {
			<-time.After(10 * time.Millisecond)
		}
		_, err = d.Query(context.Background(), red, core.Statement{SQL: `SELECT count(*) FROM t`}, stale)
		fmt.Println(note+"a read with level none:", err == nil, core.Sentence(err))
	}
	fmt.Println(note+"health:", d.Check().State)
}
