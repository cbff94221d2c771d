// Command bench measures etcd through its own client, for comparison:
//
//	bench -endpoint 127.0.0.1:2379 -op put|get -callers 32 -for 3s
//
// It prints operations a second. It is a module of its own so that etcd's
// client is no dependency of the product.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func main() {
	endpoint := flag.String("endpoint", "127.0.0.1:2379", "host:port of one member")
	op := flag.String("op", "put", "put, or get: a linearizable read")
	callers := flag.Int("callers", 1, "callers at once")
	length := flag.Duration("for", 3*time.Second, "how long")
	size := flag.Int("size", 100, "bytes of a value")
	flag.Parse()
	rate, err := measure(*endpoint, *op, *callers, *length, *size)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%.0f\n", rate)
}

func measure(endpoint, op string, callers int, length time.Duration, size int) (float64, error) {
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 5 * time.Second})
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer c.Close() //nolint:errcheck // the figures are in
	ctx, cancel := context.WithTimeout(context.Background(), length+10*time.Second)
	defer cancel()
	value := string(make([]byte, size))
	if _, err := c.Put(ctx, "key", value); err != nil {
		return 0, fmt.Errorf("first put: %w", err)
	}
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	began := time.Now()
	for i := range callers {
		all.Go(func() {
			key := fmt.Sprintf("key/%d", i)
			for n := 0; time.Since(began) < length; n++ {
				var err error
				if op == "put" {
					_, err = c.Put(ctx, fmt.Sprintf("%s/%d", key, n%100), value)
				} else {
					_, err = c.Get(ctx, "key")
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}
