package node_test

// What the gateway itself costs: one kept connection, a caller that does next to
// nothing, so that the time is the node's.

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
)

// BenchmarkGatewayRequest measures one request after the other.
func BenchmarkGatewayRequest(b *testing.B) {
	const key = "a-key-for-the-benchmark"
	n := start(b, b.TempDir(), func(c *config.Config) {
		c.Gateway.APIKeys = []config.APIKey{{Key: key, Namespace: demo}}
	})
	v := n.visit().with(key)
	v.must(b, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=key", []byte(strings.Repeat("v", 100)))
	v.must(b, http.StatusCreated, http.MethodPost, "/v1/db/create-table", map[string]any{"schema": "CREATE TABLE bench (id INTEGER PRIMARY KEY, v TEXT)"})
	v.must(b, http.StatusOK, http.MethodPost, "/v1/db/query", map[string]any{"sql": "INSERT INTO bench (v) VALUES ('v')"})
	host := strings.TrimPrefix(v.base, "http://")
	for name, request := range map[string]string{
		"whoami": "GET /v1/auth/whoami HTTP/1.1\r\n\r\n",
		"get":    "GET /v1/storage/get?key=key HTTP/1.1\r\n\r\n",
		"weak":   "GET /v1/storage/get?key=key&level=weak HTTP/1.1\r\n\r\n",
		"none":   "GET /v1/storage/get?key=key&level=none HTTP/1.1\r\n\r\n",
		"insert": "POST /v1/db/query HTTP/1.1\r\n\r\n" + `{"sql":"INSERT INTO bench (v) VALUES (?)","args":["vvvvvvvvvvvvvvvvvvvv"]}`,
		"put":    "POST /v1/storage/put?key=key HTTP/1.1\r\n\r\nvvvvvvvvvvvvvvvvvvvvvvvvvvvvv",
		"select": "POST /v1/db/query HTTP/1.1\r\n\r\n" + `{"sql":"SELECT v FROM bench WHERE id = 1"}`,
	} {
		b.Run(name, func(b *testing.B) {
			line, body, _ := strings.Cut(request, "\r\n\r\n")
			raw := fmt.Sprintf("%s\r\nHost: %s\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", line, host, key, len(body), body)
			conn, err := net.Dial("tcp", host)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // the figures are in
			answers := bufio.NewReader(conn)
			b.ReportAllocs()
			for b.Loop() {
				if _, err = io.WriteString(conn, raw); err != nil {
					b.Fatal(err)
				}
				resp, err := http.ReadResponse(answers, nil) //nolint:bodyclose // it is read to its end, and the connection is closed
				if err != nil || resp.StatusCode/100 != 2 {
					b.Fatal(resp, err)
				}
				if _, err = io.Copy(io.Discard, resp.Body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
