package signin

// This file is the side that waits for a key from a gateway's page.

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

// Key is an API key that a gateway made for the wallet that signed in.
type Key struct {
	APIKey    core.Secret
	Namespace core.Namespace
}

// Callback is a loopback page that waits for one key. The key comes in the
// fragment of its address, which browsers send to nobody; the page takes it out
// of the address bar and posts it to its own origin, together with the state.
type Callback struct {
	door *door

	mu  sync.Mutex
	key *Key
}

// ListenCallback opens a free port on 127.0.0.1 for one key. The caller closes
// it. It returns Unavailable when there is no port.
func ListenCallback(ctx context.Context, dist fs.FS, log *slog.Logger) (*Callback, error) {
	d, err := openDoor(ctx, dist, log)
	if err != nil {
		return nil, err
	}
	return &Callback{door: d}, nil
}

// URL is the address for a gateway's callback=. It holds the state, 256 random
// bits: another page that opens this port with a key of its own does not know it,
// so nobody is signed in as somebody else.
func (c *Callback) URL() string { return c.door.origin() + "/?state=" + c.door.secret }

// LoginURL is the sign-in page of a gateway that hands its key to this callback.
// The gateway is given as http://host:port or https://host.
func (c *Callback) LoginURL(gateway string) string {
	return strings.TrimRight(gateway, "/") + LoginPath + "?callback=" + url.QueryEscape(c.URL())
}

// Host is 127.0.0.1:port, which the gateway's page names too: show it, so that a
// person can see that both belong together.
func (c *Callback) Host() string { return "127.0.0.1:" + c.door.port }

// Close gives the port back. It may be called twice, and after Run.
func (c *Callback) Close() error { return c.door.close() }

// Run waits until a key came, for PageLife at most. It returns Unavailable when
// none did, and the end of ctx as it is. The port is closed then; Run is called
// once. Whether the key works is for the gateway to say.
func (c *Callback) Run(ctx context.Context) (Key, error) {
	err := c.door.run(ctx, PageLife, func(_ context.Context, answered func()) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("POST /answer", c.door.call(func(w http.ResponseWriter, r *http.Request) (any, error) {
			done, err := c.answer(w, r)
			if err == nil {
				answered()
			}
			return done, err
		}))
		c.door.pages(mux, modeCallback)
		return mux
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key != nil {
		return *c.key, nil
	}
	return Key{}, err
}

type keyCall struct {
	APIKey    string `json:"api_key"` //nolint:gosec // it is read from the page and never written
	Namespace string `json:"namespace"`
}

func (c *Callback) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	var call keyCall
	if err := decode(w, r, &call); err != nil {
		return nil, err
	}
	namespace, err := core.ParseNamespace(call.Namespace)
	if err != nil {
		return nil, err
	}
	if !visible(call.APIKey) || len(call.APIKey) > maxKeyBytes {
		return nil, core.Errorf(core.Invalid, "An API key has 1 to %d visible characters.", maxKeyBytes)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key != nil {
		return nil, errAnswered()
	}
	c.key = &Key{APIKey: core.Secret(call.APIKey), Namespace: namespace}
	return doneAnswer{Status: "ok"}, nil
}

// visible tells whether s fits a header: no blank, control or foreign letter.
func visible(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return s != ""
}
