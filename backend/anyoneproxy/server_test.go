package anyoneproxy

// This file is a small SOCKS5 server, enough of RFC 1928 and 1929 for the tests.

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

type server struct {
	listener       net.Listener
	user, password string
	routes         map[string]string // asked address: where it leads
	raw            string            // answer this and close
	hangs          bool              // close at once
	all            sync.WaitGroup

	mu    sync.Mutex
	asks  []string
	conns []net.Conn
}

// newServer starts a server; setup, when there is one, changes it before anybody calls.
func newServer(t *testing.T, setup func(*server)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener: listener, routes: map[string]string{}}
	if setup != nil {
		setup(s)
	}
	s.all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			s.keep(c)
			s.all.Go(func() {
				defer end(c)
				s.serve(c)
			})
		}
	})
	t.Cleanup(s.close)
	return s
}

func (s *server) address() string { return s.listener.Addr().String() }

func (s *server) keep(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
}

func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asks
}

func (s *server) close() {
	end(s.listener)
	s.mu.Lock()
	for _, c := range s.conns {
		end(c)
	}
	s.mu.Unlock()
	s.all.Wait()
}

func (s *server) serve(c net.Conn) {
	if s.hangs {
		return
	}
	methods := make([]byte, 2)
	if _, err := io.ReadFull(c, methods); err != nil {
		return
	}
	offered := make([]byte, methods[1])
	if _, err := io.ReadFull(c, offered); err != nil {
		return
	}
	if s.raw != "" {
		say(c, []byte(s.raw)...)
		return
	}
	if !s.signIn(c, offered) {
		return
	}
	address, ok := readAddress(c)
	if !ok {
		return
	}
	s.mu.Lock()
	s.asks = append(s.asks, address)
	s.mu.Unlock()
	to, known := s.routes[address]
	if !known {
		say(c, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0) // host unreachable
		return
	}
	target, err := net.Dial("tcp", to)
	if err != nil {
		say(c, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0)
		return
	}
	s.keep(target)
	defer end(target)
	say(c, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	s.all.Go(func() {
		pass(target, c)
		end(target)
	})
	pass(c, target)
}

func (s *server) signIn(c net.Conn, offered []byte) bool {
	if s.user == "" {
		say(c, 5, 0)
		return true
	}
	if len(offered) < 2 {
		say(c, 5, 0xff)
		return false
	}
	say(c, 5, 2)
	var fields [2]string
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		return false
	}
	for i := range fields {
		length := make([]byte, 1)
		if _, err := io.ReadFull(c, length); err != nil {
			return false
		}
		text := make([]byte, length[0])
		if _, err := io.ReadFull(c, text); err != nil {
			return false
		}
		fields[i] = string(text)
	}
	if fields != [2]string{s.user, s.password} {
		say(c, 1, 1)
		return false
	}
	say(c, 1, 0)
	return true
}

func readAddress(c net.Conn) (string, bool) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(c, head); err != nil {
		return "", false
	}
	size := map[byte]int{1: 4, 4: 16}[head[3]]
	if head[3] == 3 {
		length := make([]byte, 1)
		if _, err := io.ReadFull(c, length); err != nil {
			return "", false
		}
		size = int(length[0])
	}
	body := make([]byte, size+2)
	if _, err := io.ReadFull(c, body); err != nil {
		return "", false
	}
	host := string(body[:size])
	if head[3] != 3 {
		host = net.IP(body[:size]).String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(body[size:])))), true
}

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer end(c)
				pass(c, c)
			})
		}
	})
	t.Cleanup(func() {
		end(listener)
		all.Wait()
	})
	return listener.Addr().String()
}

// A foreign program at the proxy's address must not crash the node.
func FuzzGreet(f *testing.F) {
	f.Add([]byte{5, 0}, "")
	f.Add([]byte{5, 2, 1, 0}, "alice")
	f.Add([]byte("HTTP/1.1"), "alice")
	f.Fuzz(func(t *testing.T, answer []byte, user string) {
		if len(user) > MaxCredentialBytes {
			return
		}
		err := Settings{User: user, Password: "x"}.greet(&script{answer: answer})
		if err == nil && (len(answer) < 2 || answer[0] != version5) {
			t.Fatalf("%q passed as a proxy", answer)
		}
	})
}

type script struct{ answer []byte }

func (s *script) Write(b []byte) (int, error) { return len(b), nil }

func (s *script) Read(b []byte) (int, error) {
	if len(s.answer) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.answer)
	s.answer = s.answer[n:]
	return n, nil
}

// end closes what a test no longer needs.
func end(c io.Closer) {
	c.Close() //nolint:errcheck // it may be closed already
}

// say and pass may fail when the other side is gone, which is then the test's matter.
func say(w io.Writer, b ...byte) {
	w.Write(b) //nolint:errcheck // see above
}

func pass(to io.Writer, from io.Reader) {
	io.Copy(to, from) //nolint:errcheck // see above
}
