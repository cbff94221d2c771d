package gateway

// This file is one request on its way: who asks, for which namespace, what it
// brings, and how it is answered.

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxJSONBytes bounds a JSON body.
const MaxJSONBytes = 1 << 20

// call is one request.
type call struct {
	g     *Gateway
	route *route // nil where there is none
	w     http.ResponseWriter
	r     *http.Request
	id    string
	who   core.Principal
	ns    core.Namespace

	values url.Values // of the query, once it was read
}

// inNamespace is part of every request that may name its namespace.
type inNamespace struct {
	Namespace string `json:"namespace,omitempty"`
}

func (n inNamespace) namespace() string { return n.Namespace }

// address is the caller's, without a port; on a peer's connection its peer id.
func (c *call) address() string {
	if v, ok := c.w.(*visit); ok {
		return v.address
	}
	host, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		return c.r.RemoteAddr
	}
	return host
}

// peer says whether the caller came by Serve.
func (c *call) peer() bool {
	v, ok := c.w.(*visit)
	return ok && v.peer
}

// known tells the log whom the credential proved.
func (c *call) known() {
	if v, ok := c.w.(*visit); ok {
		v.account = c.who.Account()
	}
}

// query is one parameter of the query, "" when it is missing.
func (c *call) query(name string) string { return c.queries().Get(name) }

// queries is the whole query, read once; handlers do not change it.
func (c *call) queries() url.Values {
	if c.values == nil && c.r.URL.RawQuery != "" {
		c.values = c.r.URL.Query()
	}
	return c.values
}

// chooseNamespace takes the credential's namespace. Whoever names another one
// is refused, but for the operator: he may use every namespace.
func (c *call) chooseNamespace(named string) error {
	own := c.who.Namespace
	if own == "" {
		own = c.g.settings.Namespace
	}
	switch {
	case named == "" && c.ns != "":
		return nil
	case named == "" || named == string(own):
		c.ns = own
		return nil
	case !c.who.Operator():
		return core.Errorf(core.Denied, "your credential is not for that namespace")
	}
	ns, err := core.ParseNamespace(named)
	c.ns = ns
	return err
}

// decode reads the JSON body into v, whole numbers as they are. Fields that v
// does not have are ignored: older clients send some.
func (c *call) decode(v any) error {
	raw, err := c.read(MaxJSONBytes, "a JSON body")
	if err != nil {
		return err
	}
	if !utf8.Valid(raw) { // the decoder would put something else in its place
		return core.Errorf(core.Invalid, "the body is not UTF-8 text; send other bytes as base64")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err = d.Decode(v); err != nil {
		if coded, ok := errors.AsType[*core.Error](err); ok {
			return coded
		}
		return core.Wrap(core.Invalid, err, "the body is not the JSON that this route takes: %s", jsonFault(err))
	}
	if _, err = d.Token(); !errors.Is(err, io.EOF) {
		return core.Errorf(core.Invalid, "after the JSON value in the body there is more")
	}
	if named, ok := v.(interface{ namespace() string }); ok && c.route != nil && c.route.access != public {
		return c.chooseNamespace(named.namespace())
	}
	return nil
}

// jsonFault says what is wrong with a JSON text without repeating it.
func jsonFault(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return syntax.Error()
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "the field \"" + kind.Field + "\" cannot be a " + kind.Value
	}
	if errors.Is(err, io.EOF) {
		return "it is empty"
	}
	return "it ends too early, or a value has the wrong form"
}

// read takes the whole body, of limit bytes at most.
func (c *call) read(limit int64, what string) ([]byte, error) {
	if c.r.ContentLength > limit {
		return nil, tooLarge(what, limit)
	}
	var buf bytes.Buffer
	if c.r.ContentLength > 0 {
		buf.Grow(int(c.r.ContentLength) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(c.r.Body, limit+1))
	switch {
	case err != nil:
		return nil, core.Wrap(core.Invalid, err, "the body did not arrive whole")
	case n > limit:
		return nil, tooLarge(what, limit)
	}
	return buf.Bytes(), nil
}

func tooLarge(what string, limit int64) error {
	return core.Errorf(core.TooLarge, "%s has at most %d bytes", what, limit)
}

// answer writes v as JSON.
func (c *call) answer(status int, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.sendJSON(status, raw)
}

// okAnswer is the answer of what has nothing to tell.
type okAnswer struct {
	Status string `json:"status"`
}

func (c *call) ok(status int) error { return c.answer(status, okAnswer{Status: "ok"}) }
