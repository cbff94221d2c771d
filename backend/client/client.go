// The client itself: its parts, and its life from Connect to Disconnect.

package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/libp2p/go-libp2p/core/crypto"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/p2p"
	"git.debros.io/DeBros/network/backend/pubsub"
)

// Client is one application's door to the network. Its methods may be called
// from any goroutine. Calls before Connect and after Disconnect are
// core.Unavailable.
type Client struct {
	settings settings
	log      *slog.Logger

	mu      sync.Mutex
	busy    bool     // Connect or Disconnect is under way
	session *session // nil while not connected
}

// NewClient checks the configuration and keeps a copy. It connects to nobody.
func NewClient(config *ClientConfig) (*Client, error) {
	if config == nil {
		return nil, core.Errorf(core.Invalid, "a client needs a configuration; start from DefaultClientConfig")
	}
	s, err := config.check()
	if err != nil {
		return nil, err
	}
	log := config.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if config.QuietMode {
		log = slog.New(quiet{log.Handler()})
	}
	if len(s.DatabaseEndpoints) > 0 {
		log.Warn("DatabaseEndpoints and RQLITE_NODES are not used: SQL travels over the connection to the bootstrap peer")
	}
	return &Client{settings: s, log: log}, nil
}

// Config returns a copy of the configuration.
func (c *Client) Config() *ClientConfig {
	s, err := c.settings.check() // copies the lists; it was valid before
	if err != nil {
		return &ClientConfig{}
	}
	return &s.ClientConfig
}

// Namespace is where everything of this client is stored and published.
func (c *Client) Namespace() core.Namespace { return c.settings.namespace }

// Connect is ConnectContext without a bound of its own: it ends after
// RetryAttempts rounds.
func (c *Client) Connect() error { return c.ConnectContext(context.Background()) }

// ConnectContext joins the network through the first bootstrap peer that
// answers and takes the credential. It tries all of them RetryAttempts times;
// a wrong credential is not tried again. ctx bounds the connecting only. A
// client that is connected stays so. After Disconnect it may be called again.
func (c *Client) ConnectContext(ctx context.Context) error {
	if connected, err := c.begin(); connected || err != nil {
		return err
	}
	s, err := c.open(ctx)
	c.end(s)
	return err
}

// Disconnect ends all calls and subscriptions and returns when nothing of the
// client runs any more. It may be called more than once. While Connect is under
// way it is core.Conflict: end that by its context.
func (c *Client) Disconnect() error {
	c.mu.Lock()
	if c.busy {
		c.mu.Unlock()
		return core.Errorf(core.Conflict, "the client is connecting or disconnecting already")
	}
	s := c.session
	c.session, c.busy = nil, s != nil
	c.mu.Unlock()
	if s == nil {
		return nil
	}
	err := s.close()
	c.end(nil)
	return err
}

func (c *Client) begin() (connected bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy {
		return false, core.Errorf(core.Conflict, "the client is connecting or disconnecting already")
	}
	c.busy = c.session == nil
	return c.session != nil, nil
}

func (c *Client) end(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.busy = s, false
}

// current returns the session, or Unavailable.
func (c *Client) current() (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil {
		return nil, errNotConnected()
	}
	return c.session, nil
}

func errNotConnected() error {
	return core.Errorf(core.Unavailable, "the client is not connected; call Connect first")
}

// session is what runs between Connect and Disconnect.
type session struct {
	host   *p2p.Host
	gossip *pubsub.PubSub
	link   *link
	subs   *subscriptions
	stops  []func() error // in the order of starting
}

// open starts the parts and waits for the first connection.
func (c *Client) open(ctx context.Context) (s *session, err error) {
	key := c.settings.Identity
	if key == nil {
		if key, _, err = crypto.GenerateEd25519Key(rand.Reader); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
	}
	s = &session{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
			s = nil
		}
	}()
	s.host, err = p2p.New(p2p.Settings{Identity: key, ClientOnly: true, UserAgent: "debros-client"}, c.log)
	if err != nil {
		return s, err
	}
	if err = s.start(ctx, s.host.Run); err != nil {
		return s, errors.Join(err, s.host.Close())
	}
	s.link = newLink(c.settings, s.host, c.log)
	author := newAuthorship(c.settings.namespace, s.link)
	if s.gossip, err = pubsub.New(pubsub.Settings{Proof: author.get}, s.host, c.log); err != nil {
		return s, err
	}
	if err = s.start(ctx, s.gossip.Run); err != nil {
		return s, err
	}
	if err = s.start(ctx, s.link.run); err != nil {
		return s, err
	}
	s.subs = newSubscriptions(c.settings.namespace, s.gossip, c.log)
	return s, s.start(ctx, s.subs.run)
}

// start runs one part until it is stopped, and returns once it is ready or has
// failed. The part outlives ctx, which bounds the starting.
func (s *session) start(ctx context.Context, run func(context.Context, func()) error) error {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- run(life, sync.OnceFunc(func() { close(ready) })) }()
	stop := func() error {
		cancel()
		return <-ended
	}
	select {
	case <-ready:
		s.stops = append(s.stops, stop)
		return nil
	case err := <-ended:
		cancel()
		if err == nil {
			err = core.Errorf(core.Unavailable, "the client was stopped while it started")
		}
		return err
	case <-ctx.Done():
		if err := stop(); err != nil {
			return err
		}
		return core.Wrap(core.Unavailable, ctx.Err(), "no bootstrap peer answered in the time given")
	}
}

// close stops the parts in reverse.
func (s *session) close() error {
	var errs []error
	for i := len(s.stops) - 1; i >= 0; i-- {
		errs = append(errs, s.stops[i]())
	}
	return errors.Join(errs...)
}

// quiet passes warnings and errors only.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
