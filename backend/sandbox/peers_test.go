package sandbox_test

// This file runs what the network is compared with: three nodes of rqlited and
// of etcd, as their authors ship them, on the same machine in the same run.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// peersDir in the environment names the folder in which build/bench/peers.sh
// put the programs.
const peersDir = "DEBROS_PEERS"

// program finds one of them, or says in the output that it is left out.
func program(b *testing.B, name string) string {
	b.Helper()
	if path := filepath.Join(os.Getenv(peersDir), name); os.Getenv(peersDir) != "" {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		b.Logf("note: %s was not found and is left out; see build/bench/peers.sh", name)
		return ""
	}
	return path
}

// run starts a program until the end of the benchmark.
func run(b *testing.B, path string, args ...string) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		cancel()
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cancel()
		_ = cmd.Wait() //nolint:errcheck // it was killed
		if b.Failed() {
			tail := strings.Split(out.String(), "\n")
			b.Log(strings.Join(tail[max(0, len(tail)-10):], "\n"))
		}
	})
}

// answers waits until a URL answers with 200.
func answers(b *testing.B, url string) {
	b.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if time.Now().After(deadline) {
			b.Fatalf("%s does not answer", url)
		}
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		_ = resp.Body.Close() //nolint:errcheck // it was only read
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
}

// web is an HTTP client for so many callers.
var web = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}, Timeout: 10 * time.Second}

// post sends JSON and returns the answer.
func post(ctx context.Context, url, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := web.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	answer, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"error"`))) {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return answer, err
}

// rqliteNodes are the base URLs of three nodes; the first leads.
func rqliteNodes(b *testing.B) []string {
	path := program(b, "rqlited")
	if path == "" {
		return nil
	}
	var urls []string
	first := ""
	for i := range 3 {
		at := "127.0.0.1:" + strconv.Itoa(testkit.FreePort(b))
		raft := "127.0.0.1:" + strconv.Itoa(testkit.FreePort(b))
		args := []string{"-node-id", strconv.Itoa(i + 1), "-http-addr", at, "-raft-addr", raft}
		if first != "" {
			args = append(args, "-join", first)
		} else {
			first = raft
		}
		run(b, path, append(args, b.TempDir())...)
		answers(b, "http://"+at+"/readyz")
		urls = append(urls, "http://"+at)
	}
	if _, err := post(b.Context(), urls[0]+"/db/execute", `["CREATE TABLE bench (id INTEGER PRIMARY KEY, v TEXT)"]`); err != nil {
		b.Fatal(err)
	}
	return urls
}

func rqliteInsert(url string) func(context.Context) error {
	body := `[["INSERT INTO bench (v) VALUES (?)", "` + benchValue + `"]]`
	return func(ctx context.Context) error {
		_, err := post(ctx, url+"/db/execute", body)
		return err
	}
}

func rqliteRead(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := post(ctx, url+"/db/query?level=linearizable", `[["SELECT v FROM bench WHERE id = 1"]]`)
		return err
	}
}

// etcdNodes are host and port of three members; the first leads.
func etcdNodes(b *testing.B) []string {
	path := program(b, "etcd")
	if path == "" || program(b, "etcdbench") == "" {
		return nil
	}
	var clients, peers, cluster []string
	for i := range 3 {
		clients = append(clients, "127.0.0.1:"+strconv.Itoa(testkit.FreePort(b)))
		peers = append(peers, "http://127.0.0.1:"+strconv.Itoa(testkit.FreePort(b)))
		cluster = append(cluster, fmt.Sprintf("m%d=%s", i, peers[i]))
	}
	for i := range 3 {
		run(b, path, "--name", fmt.Sprintf("m%d", i), "--data-dir", b.TempDir(), "--log-level", "error",
			"--listen-client-urls", "http://"+clients[i], "--advertise-client-urls", "http://"+clients[i],
			"--listen-peer-urls", peers[i], "--initial-advertise-peer-urls", peers[i],
			"--initial-cluster", strings.Join(cluster, ","), "--initial-cluster-state", "new")
	}
	leader := 0
	for i, c := range clients {
		answers(b, "http://"+c+"/health")
		answer, err := post(b.Context(), "http://"+c+"/v3/maintenance/status", "{}")
		if err != nil {
			b.Fatal(err)
		}
		var status struct {
			Header struct {
				Member string `json:"member_id"`
			} `json:"header"`
			Leader string `json:"leader"`
		}
		if err := json.Unmarshal(answer, &status); err != nil {
			b.Fatal(err)
		}
		if status.Leader == status.Header.Member {
			leader = i
		}
	}
	clients[0], clients[leader] = clients[leader], clients[0]
	return clients
}

// etcdRate measures through etcd's own client.
func etcdRate(b *testing.B, endpoint, op string, callers int) float64 {
	b.Helper()
	out, err := exec.CommandContext(b.Context(), program(b, "etcdbench"),
		"-endpoint", endpoint, "-op", op, "-callers", strconv.Itoa(callers), "-for", benchTime.String(), "-size", strconv.Itoa(len(benchValue))).Output()
	if err != nil {
		b.Fatal(err)
	}
	rate, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
}
