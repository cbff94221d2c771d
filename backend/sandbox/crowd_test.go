package sandbox_test

// Many WebSockets of one gateway, for its figures and for its system rows. They
// are in this process, the node is in another one.

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/sandbox"
)

const (
	// dialers is how many sockets are dialled at once, below what a listener
	// keeps in its queue.
	dialers = 64
	// messageBytes is a message of a row: a line of chat with what stands around it.
	messageBytes = 220
)

// crowd is the gateway of one node with as many API keys as its sockets need.
type crowd struct {
	node *sandbox.Node
	base string // URL of the gateway
	keys []string
}

// crowdOf starts one node for so many sockets. change may alter its sandbox.
func crowdOf(t testing.TB, sockets int, change func(*sandbox.Settings)) *crowd {
	t.Helper()
	s := settings(t, 1)
	// A place for each socket, and for what else is asked meanwhile.
	s.Config = map[string]string{"gateway.max_connections": strconv.Itoa(sockets + sockets/8 + 64)}
	if change != nil {
		change(&s)
	}
	box, report := up(t, s)
	node, err := box.Node(t.Context(), "node-1")
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{node: node, base: report.Nodes[0].Gateway}
	for range (sockets + gateway.MaxSocketsPerAccount - 1) / gateway.MaxSocketsPerAccount {
		c.keys = append(c.keys, c.newKey(t))
	}
	return c
}

// newKey asks for an API key of the sandbox's namespace, with the operator's.
func (c *crowd) newKey(t testing.TB) string {
	t.Helper()
	operator, err := config.LoadOperatorKey(c.node.Dir())
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"namespace":%q,"name":"crowd","scopes":["read","write"]}`, sandbox.Namespace)
	status, _, answer, err := c.ask(t.Context(), http.MethodPost, "/v1/auth/keys", operator.Reveal(), body, nil)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("make a key: %d %s %v", status, answer, err)
	}
	var made struct {
		APIKey string `json:"api_key"`
	}
	if err = json.Unmarshal(answer, &made); err != nil || made.APIKey == "" {
		t.Fatalf("make a key: %s %v", answer, err)
	}
	return made.APIKey
}

// ask makes one request with a JSON body and a credential, "" for none.
func (c *crowd) ask(ctx context.Context, method, path, credential, body string, header http.Header) (status int, head http.Header, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	maps.Copy(req.Header, header)
	if credential != "" {
		req.Header.Set("X-API-Key", credential)
	}
	resp, err := web.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer, err
}

// works says what a user would miss: it writes, reads back and looks at the
// node's health, and tells how long the slowest of them took.
func (c *crowd) works(ctx context.Context) (slowest time.Duration, err error) {
	for _, r := range []struct {
		method, path, body string
		want               int
	}{
		{http.MethodPost, "/v1/storage/put", `{"key":"crowd","value":"here"}`, http.StatusCreated},
		{http.MethodGet, "/v1/storage/get?key=crowd", "", http.StatusOK},
		{http.MethodPost, "/v1/db/query", `{"sql":"SELECT 1"}`, http.StatusOK},
		{http.MethodGet, "/health", "", http.StatusOK},
	} {
		began := time.Now()
		status, _, answer, errAsk := c.ask(ctx, r.method, r.path, c.keys[0], r.body, nil)
		slowest = max(slowest, time.Since(began))
		if errAsk != nil || status != r.want {
			return slowest, fmt.Errorf("%s %s: %d %s %w", r.method, r.path, status, answer, errAsk)
		}
	}
	return slowest, nil
}

// publish sends a message of the topic with its number and the time in it.
func (c *crowd) publish(ctx context.Context, topic string, number, size int) error {
	data := make([]byte, size)
	binary.BigEndian.PutUint64(data, uint64(number))
	binary.BigEndian.PutUint64(data[8:], uint64(time.Now().UnixNano()))
	body, err := json.Marshal(map[string]any{"topic": topic, "data_base64": data})
	if err != nil {
		return err
	}
	status, _, answer, err := c.ask(ctx, http.MethodPost, "/v1/pubsub/publish", c.keys[0], string(body), nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("publish: %d %s", status, answer)
	}
	return err
}

// dial opens one WebSocket of a topic.
func (c *crowd) dial(ctx context.Context, topic, key string) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{HandshakeTimeout: 30 * time.Second, ReadBufferSize: 512, WriteBufferSize: 512}
	url := "ws" + strings.TrimPrefix(c.base, "http") + "/v1/pubsub/ws?topic=" + topic
	conn, resp, err := d.DialContext(ctx, url, http.Header{"X-API-Key": {key}})
	if err != nil && resp != nil {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) //nolint:errcheck // it explains another error
		err = fmt.Errorf("%w: %s %s", err, resp.Status, text)
	}
	return conn, resp, err
}

// open opens so many WebSockets of a topic and closes them with the test.
func (c *crowd) open(t testing.TB, topic string, sockets int) []*websocket.Conn {
	t.Helper()
	list, failed := make([]*websocket.Conn, sockets), make([]error, sockets)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(dialers, sockets) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < sockets; i = int(next.Add(1)) - 1 {
				list[i], _, failed[i] = c.dial(t.Context(), topic, c.keys[i/gateway.MaxSocketsPerAccount]) //nolint:bodyclose // none after 101
			}
		})
	}
	all.Wait()
	t.Cleanup(func() {
		for _, conn := range list {
			if conn != nil {
				_ = conn.Close() //nolint:errcheck // the test is over
			}
		}
	})
	if err := errors.Join(failed...); err != nil {
		text := err.Error()
		t.Fatalf("not all of %d sockets opened: %s", sockets, text[:min(len(text), 2000)])
	}
	return list
}

// listener is what one socket has heard.
type listener struct {
	took  []time.Duration // of each message, by its number; 0 has not come
	twice int
	end   error
}

// listen reads a socket until it has heard messages 0 to want-1, or it ends.
func listen(conn *websocket.Conn, want int, heard func(number int)) (l listener) {
	l.took = make([]time.Duration, want)
	for have := 0; have < want; {
		_, r, err := conn.NextReader()
		var head [16]byte
		if err == nil {
			_, err = io.ReadFull(r, head[:])
		}
		if err != nil {
			l.end = err
			return l
		}
		number := binary.BigEndian.Uint64(head[:])
		sent := time.Unix(0, int64(binary.BigEndian.Uint64(head[8:])))
		switch {
		case number >= uint64(want):
			l.end = fmt.Errorf("message %d was never sent", number)
			return l
		case l.took[number] != 0:
			l.twice++
			continue
		}
		l.took[number] = max(time.Since(sent), 1)
		have++
		if heard != nil {
			heard(int(number))
		}
	}
	return l
}

// resident is the memory of a process in bytes.
func resident(t testing.TB, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Skip("the memory of another process is read on Linux only")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// descriptors is how many a process has open.
func descriptors(t testing.TB, pid int) int {
	t.Helper()
	list, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
