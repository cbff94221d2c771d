package gateway

// This file keeps the certificate of HTTPS fresh: whoever renews it writes the
// files, and the gateway need not be started again.

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// certificateCheck is how often, at most, a handshake looks at the files.
const certificateCheck = 5 * time.Second

type certificate struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu      sync.Mutex
	loaded  *tls.Certificate
	stamps  [2]time.Time // when the files that are loaded were written
	checked time.Time
}

func newCertificate(certFile, keyFile string, now func() time.Time, log *slog.Logger) *certificate {
	return &certificate{certFile: certFile, keyFile: keyFile, now: now, log: log}
}

// config loads the certificate once, so that a wrong file is told at the start.
func (c *certificate) config() (*tls.Config, error) {
	if c.certFile == "" || c.keyFile == "" {
		return nil, core.Errorf(core.Invalid, "gateway.tls_certificate and gateway.tls_key belong together; set both or none")
	}
	err := c.load()
	if missing, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, core.Wrap(core.Invalid, err, "the file %s of gateway.tls_certificate or gateway.tls_key cannot be read; check its path and its rights", missing.Path)
	}
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the certificate of gateway.tls_certificate and gateway.tls_key cannot be used; both are PEM files, and the key belongs to the certificate")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

// load reads the files. The stamps are taken first: a change during the reading
// is seen at the next look.
func (c *certificate) load() error {
	stamps, err := c.written()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.loaded, c.stamps, c.checked = &pair, stamps, c.now()
	return nil
}

func (c *certificate) written() (stamps [2]time.Time, err error) {
	cert, err1 := os.Stat(c.certFile)
	key, err2 := os.Stat(c.keyFile)
	if err = errors.Join(err1, err2); err != nil {
		return stamps, err
	}
	return [2]time.Time{cert.ModTime(), key.ModTime()}, nil
}

// get is called for each handshake. Files that cannot be used leave the old
// certificate in place: a renewal may be half written.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.checked) >= certificateCheck {
		c.checked = now
		if stamps, err := c.written(); err != nil || stamps != c.stamps {
			if err = errors.Join(err, c.load()); err != nil {
				c.log.Warn("the changed certificate cannot be used; the old one serves on", core.KeyError, err)
			} else {
				c.log.Info("took the renewed certificate")
			}
		}
	}
	return c.loaded, nil
}
