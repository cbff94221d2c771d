package anyoneproxy

// This file asks the proxy now and then whether it serves, so that a dead one
// is a state that people can see.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// probeInterval is how often a proxy that serves is asked.
	probeInterval = 30 * time.Second
	// probeAgain is how often a proxy that does not serve is asked, and the
	// shortest time between two questions.
	probeAgain = 3 * time.Second
	// probeTimeout bounds one question, and so what a dead proxy costs at start.
	probeTimeout = 3 * time.Second
)

// SOCKS5 (RFC 1928) and its user and password (RFC 1929), as far as a question needs them.
const (
	version5     = 5
	noPassword   = 0
	withPassword = 2
	noneFits     = 0xff
	authVersion  = 1
	authGranted  = 0
)

// Run asks the proxy once, calls ready, and asks again until ctx ends: every
// half minute, or soon after something went wrong. Without a configured proxy
// it only waits.
func (p *Proxy) Run(ctx context.Context, ready func()) error {
	if p.through == nil {
		ready()
		<-ctx.Done()
		return nil
	}
	p.probe(ctx)
	ready()
	for wait(ctx, probeAgain, nil) {
		if p.Check().State == core.StateOK && !wait(ctx, probeInterval-probeAgain, p.poke) {
			return nil
		}
		p.probe(ctx)
	}
	return nil
}

// wait waits for d or for poke; it is false when ctx ended.
func wait(ctx context.Context, d time.Duration, poke <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-poke:
	}
	return true
}

// probe greets the proxy as a dial would, but asks for no connection.
func (p *Proxy) probe(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	c, err := p.direct.DialContext(limited, "tcp", p.settings.Address)
	if ctx.Err() != nil {
		if err == nil {
			c.Close() //nolint:errcheck,gosec // the node ends
		}
		return
	}
	if err != nil {
		p.note(core.StateDown, silent(p.settings.Address, err))
		return
	}
	defer c.Close()                                             //nolint:errcheck // nothing was asked for
	unblock := context.AfterFunc(limited, func() { c.Close() }) //nolint:errcheck,gosec // it only ends the wait
	defer unblock()
	if err := p.settings.greet(c); err != nil {
		if ctx.Err() == nil {
			p.note(core.StateDown, fmt.Sprintf("the SOCKS5 proxy at %s does not serve: %s", p.settings.Address, core.Sentence(err)))
		}
		return
	}
	p.note(core.StateOK, fmt.Sprintf("the SOCKS5 proxy at %s answers; connections beyond this network go through it", p.settings.Address))
}

// silent is the sentence for a proxy that cannot be reached.
func silent(address string, err error) string {
	why := "it cannot be reached"
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		why = "nothing listens there"
	case errors.Is(err, context.DeadlineExceeded):
		why = "it does not answer in time"
	}
	return fmt.Sprintf("the SOCKS5 proxy at %s is down (%s); %s", address, why, remedy)
}

// greet agrees on a method and shows the password when one is wanted.
func (s Settings) greet(c io.ReadWriter) error {
	hello := []byte{version5, 1, noPassword}
	if s.User != "" {
		hello = []byte{version5, 2, noPassword, withPassword}
	}
	answer, err := ask(c, hello)
	switch {
	case err != nil:
		return err
	case answer[0] != version5:
		return core.Errorf(core.Unavailable, "what answers there is no SOCKS5 proxy; correct proxy.address")
	case answer[1] == noneFits:
		return core.Errorf(core.Unavailable, "it wants a user name and password; set proxy.user and proxy.password")
	case answer[1] == noPassword:
		return nil
	case answer[1] != withPassword || s.User == "":
		return core.Errorf(core.Unavailable, "it wants a way of signing in that this program does not know; use no password, or user and password")
	}
	secret := s.Password.Reveal()
	login := append([]byte{authVersion, byte(len(s.User))}, s.User...) //nolint:gosec // verify bounds both lengths
	login = append(append(login, byte(len(secret))), secret...)        //nolint:gosec // likewise
	answer, err = ask(c, login)
	if err != nil {
		return err
	}
	if answer[1] != authGranted {
		return core.Errorf(core.Unavailable, "it refuses the user name or password; correct proxy.user and proxy.password")
	}
	return nil
}

// ask writes a message and reads the two bytes that answer it.
func ask(c io.ReadWriter, message []byte) ([2]byte, error) {
	var answer [2]byte
	if _, err := c.Write(message); err != nil {
		return answer, core.Wrap(core.Unavailable, err, "it closed the connection; look at its own log, or correct proxy.address")
	}
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			return answer, core.Wrap(core.Unavailable, err, "it closed the connection; look at its own log, or correct proxy.address")
		}
		if errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
			return answer, core.Wrap(core.Unavailable, err, "it does not answer in time; restart it, or correct proxy.address")
		}
		return answer, core.Wrap(core.Unavailable, err, "the connection broke; look at its own log")
	}
	return answer, nil
}
