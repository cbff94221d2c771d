package gateway

// This file is the key-value store as the HTTP contract has it, section 4: one
// key at a time.

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

type putRequest struct {
	inNamespace
	Key         string  `json:"key"`
	ValueBase64 *string `json:"value_base64,omitempty"`
	Value       *string `json:"value,omitempty"`      // text; one of the two
	TTL         any     `json:"ttl,omitempty"`        // seconds, or "60s"
	IfVersion   *uint64 `json:"if_version,omitempty"` // 0: only when there is no such key
	IfAbsent    bool    `json:"if_absent,omitempty"`
}

type putAnswer struct {
	Status  string       `json:"status"`
	Key     string       `json:"key"`
	Size    int          `json:"size"`
	Version core.Version `json:"version"`
}

type keyRequest struct {
	inNamespace
	readFields
	Key string `json:"key"`
}

type deleteRequest struct {
	inNamespace
	Key       string  `json:"key"`
	IfVersion *uint64 `json:"if_version,omitempty"`
}

type deleteAnswer struct {
	Status  string `json:"status"`
	Key     string `json:"key"`
	Deleted bool   `json:"deleted"`
}

type existsAnswer struct {
	Exists bool `json:"exists"`
}

func (g *Gateway) storageRoutes() []route {
	read, write := needs(core.PermissionRead), needs(core.PermissionWrite)
	key := param{name: "key", help: "The key: 1 to 1024 bytes of UTF-8. It may be in the body instead."}
	put := route{
		access: write, body: rawBody, summary: "Stores a value under a key. With ?key= the body is the value as it is, else the body is JSON.",
		request: putRequest{}, response: putAnswer{}, status: created, serve: g.putKey,
		params: []param{key, {name: "ttl", help: "How long the key lives, as 60s or in seconds."}},
	}
	get := route{
		access: read, body: rawBody, summary: "Answers a key's value, byte for byte, with its version as ETag.",
		request: keyRequest{}, params: levelParams(key), serve: g.getKey,
	}
	return withService(g.services.Storage != nil && g.services.Feed != nil, []route{
		at(put, "POST", "/v1/storage/put"),
		at(put, "PUT", "/v1/storage"),
		at(get, "GET POST", "/v1/storage/get"),
		at(get, "GET", "/v1/storage"),
		{
			methods: "POST", path: "/v1/storage/delete", access: write, body: rawBody, summary: "Deletes a key; it is no error when there is none.",
			request: deleteRequest{}, response: deleteAnswer{}, params: []param{key}, serve: g.deleteKey,
		},
		{
			methods: "GET POST", path: "/v1/storage/exists", access: read, body: rawBody, summary: "Tells whether there is such a key.",
			request: keyRequest{}, response: existsAnswer{}, params: levelParams(key), serve: g.existsKey,
		},
		{
			methods: "GET POST", path: "/v1/storage/list", access: read, body: rawBody, summary: "Lists keys in order, a page at a time.",
			request: listRequest{}, response: listAnswer{}, serve: g.listKeys,
			params: levelParams(
				param{name: "prefix", help: "Only keys that begin with this text; each character means itself."},
				param{name: "limit", help: "Keys in a page: 100 unless said, at most 1000."},
				param{name: "cursor", help: "next_cursor of the page before."},
				param{name: "values", help: "true adds size, version and times of each key."}),
		},
		{
			methods: "POST", path: "/v1/storage/batch", access: write, body: jsonBody, summary: "Does several puts and deletes, all or none.",
			request: batchRequest{}, response: batchAnswer{}, serve: g.batchKeys,
		},
		{
			methods: "GET", path: "/v1/storage/watch", access: read, stream: true, serve: g.watchKeys,
			summary: "Tells changes of keys as server-sent events put, delete, gap and error, in the order of commits.",
			params: []param{
				{name: "prefix", help: "Only keys that begin with this text."},
				{name: "since", help: "The version after which to begin; left out, from now on. Last-Event-ID counts more."},
			},
		},
	})
}

// withService leaves routes as they are when what they need is there. Else they
// are known, and say that it is not.
func withService(there bool, list []route) []route {
	for i := range list {
		if !there {
			list[i].serve = func(*call) error { return core.Errorf(core.Unavailable, "this gateway has no data to serve") }
		}
	}
	return list
}

// at is the same route under a method and path.
func at(rt route, methods, path string) route {
	rt.methods, rt.path = methods, path
	return rt
}

// putKey stores a value. Whoever names the key in the query sends the value as
// it is, whatever he calls its type: the older clients do.
func (g *Gateway) putKey(c *call) error {
	q := c.queries()
	key, value, o, err := c.readPut(q)
	if err != nil {
		return err
	}
	if err = c.conditions(&o); err != nil {
		return err
	}
	o.IdempotencyKey = c.idempotencyKey()
	done, err := g.services.Storage.Put(c.r.Context(), c.ns, key, value, o)
	if err != nil {
		return err
	}
	b := make([]byte, 0, len(key)+96)
	b = append(b, `{"status":"ok","key":`...)
	b = appendString(b, key)
	b = append(b, `,"size":`...)
	b = strconv.AppendInt(b, int64(len(value)), 10)
	b = append(b, `,"version":`...)
	b = strconv.AppendUint(b, uint64(done.Versions[0]), 10)
	c.w.Header().Set("ETag", etag(done.Versions[0]))
	return c.sendJSON(created, append(b, '}'))
}

func (c *call) readPut(q url.Values) (key string, value []byte, o core.PutOptions, err error) {
	var r putRequest
	if q.Has("key") {
		key, r.TTL = q.Get("key"), q.Get("ttl")
		value, err = c.read(int64(c.g.maxValue()), "a value")
	} else {
		if !c.isJSON() {
			return "", nil, o, errNoKey()
		}
		if err = c.decode(&r); err != nil {
			return "", nil, o, err
		}
		key, o.IfAbsent = r.Key, r.IfAbsent
		onVersion(&o, r.IfVersion)
		if q.Has("ttl") {
			r.TTL = q.Get("ttl")
		}
		value, err = bytesOf(r.Value, r.ValueBase64)
	}
	if err != nil {
		return "", nil, o, err
	}
	o.TTL, err = span("ttl", r.TTL)
	return key, value, o, err
}

func errNoKey() error {
	return core.Errorf(core.Invalid, "the key is missing: name it with ?key=, or send JSON with it and Content-Type: application/json")
}

// maxValue bounds a value that is read; the store may know a lower bound.
func (g *Gateway) maxValue() int {
	if g.settings.MaxValueBytes > 0 {
		return g.settings.MaxValueBytes
	}
	return core.MaxValueBytes
}

// bytesOf is a value out of JSON, where it is text or base64.
func bytesOf(text, encoded *string) ([]byte, error) {
	switch {
	case (text == nil) == (encoded == nil):
		return nil, core.Errorf(core.Invalid, "a value is value_base64, or value when it is text; send one of the two")
	case text != nil:
		return []byte(*text), nil
	}
	return unbase64("value_base64", *encoded)
}

// onVersion sets the condition of a field if_version; 0 stands for absence, as it
// does in answers.
func onVersion(o *core.PutOptions, v *uint64) {
	if v != nil {
		o.IfVersion = core.Version(*v)
		o.IfAbsent = o.IfAbsent || *v == 0
	}
}

// conditions reads If-Match and If-None-Match (RFC 9110, section 13.1).
func (c *call) conditions(o *core.PutOptions) error {
	if text := c.r.Header.Get("If-Match"); text != "" {
		v, err := version("If-Match", text)
		if err != nil {
			return err
		}
		if v == 0 { // 0 is no condition further in
			return core.Errorf(core.PreconditionFailed, "no key has the version 0; to store a key that is not there, send If-None-Match: *")
		}
		o.IfVersion = v
	}
	switch text := c.r.Header.Get("If-None-Match"); text {
	case "":
	case "*":
		o.IfAbsent = true
	default:
		return core.Errorf(core.Invalid, "If-None-Match of a write is *: store only when there is no such key")
	}
	return nil
}

// readKey is the key of a request that brings nothing else.
func (c *call) readKey(q url.Values) (keyRequest, error) {
	r := keyRequest{Key: q.Get("key")}
	if q.Has("key") {
		return r, nil
	}
	if err := c.decodeIfAny(&r); err != nil {
		return r, err
	}
	if r.Key == "" {
		return r, errNoKey()
	}
	return r, nil
}

// askedKey is which key a read is about, and how fresh it must be.
func (c *call) askedKey() (string, core.ReadOptions, error) {
	q := c.queries()
	r, err := c.readKey(q)
	if err != nil {
		return "", core.ReadOptions{}, err
	}
	o, err := r.options(q)
	return r.Key, o, err
}

func (g *Gateway) getKey(c *call) error {
	key, o, err := c.askedKey()
	if err != nil {
		return err
	}
	item, _, err := g.services.Storage.Get(c.r.Context(), c.ns, key, o)
	if err != nil {
		return err
	}
	h := c.w.Header()
	tag := etag(item.Version)
	h.Set("ETag", tag)
	h.Set("Last-Modified", item.UpdatedAt.UTC().Format(http.TimeFormat))
	if known := c.r.Header.Get("If-None-Match"); known != "" && (known == "*" || known == tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return c.send(http.StatusOK, string(rawBody), item.Value)
}

func etag(v core.Version) string {
	b := make([]byte, 0, 24)
	b = append(b, '"')
	b = strconv.AppendUint(b, uint64(v), 10)
	return string(append(b, '"'))
}

func (g *Gateway) existsKey(c *call) error {
	key, o, err := c.askedKey()
	if err != nil {
		return err
	}
	there, _, err := g.services.Storage.Exists(c.r.Context(), c.ns, key, o)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, existsAnswer{Exists: there})
}

// deleteKey deletes. A condition or an idempotency key makes it a batch of one,
// which has both.
func (g *Gateway) deleteKey(c *call) error {
	q := c.queries()
	r := deleteRequest{Key: q.Get("key")}
	if !q.Has("key") {
		if err := c.decodeIfAny(&r); err != nil {
			return err
		}
		if r.Key == "" {
			return errNoKey()
		}
	}
	var o core.PutOptions
	onVersion(&o, r.IfVersion)
	if err := c.conditions(&o); err != nil {
		return err
	}
	o.IdempotencyKey = c.idempotencyKey()
	var done core.WriteAnswer
	var err error
	if o == (core.PutOptions{}) {
		done, err = g.services.Storage.Delete(c.r.Context(), c.ns, r.Key)
	} else {
		done, err = g.services.Storage.Batch(c.r.Context(), c.ns, []core.Op{{Delete: true, Key: r.Key, PutOptions: o}})
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, deleteAnswer{Status: "ok", Key: r.Key, Deleted: done.Deleted[0]})
}

// stamp is a time as answers write it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
