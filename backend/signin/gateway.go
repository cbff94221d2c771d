package signin

// This file is the page at a gateway. It only shows; the calls that the page
// makes are the gateway's own routes.

import (
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// LoginPath is where a gateway mounts [GatewayPage]; its files lie below.
const LoginPath = "/v1/auth/login"

// GatewayPage serves GET /v1/auth/login?callback= and the files below it. It
// changes nothing and needs no credential; the gateway has judged the Host. The
// page calls POST /v1/auth/challenge and /v1/auth/api-key, then opens
// callback#api_key=…&namespace=…&state=….
//
// A callback that is not on the person's own computer is answered with 400 and a
// page in words: a key must not go to a stranger.
func GatewayPage(dist fs.FS) http.Handler {
	p := pageOf(dist)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			plain(w, http.StatusMethodNotAllowed, "Only GET and HEAD", "This address is a page.")
			return
		}
		if name, below := strings.CutPrefix(r.URL.Path, LoginPath+"/"); below {
			p.file(w, name)
			return
		}
		callback, err := callbackOf(r.URL)
		if err != nil {
			plain(w, http.StatusBadRequest, "This sign-in cannot be started", core.Sentence(err))
			return
		}
		p.index(w, modeGateway, callback)
	})
}

// callbackOf finds the one callback of a request.
func callbackOf(u *url.URL) (string, error) {
	if len(u.RawQuery) > 3*MaxCallbackBytes+len("callback=") { // each byte may take three
		return "", core.Errorf(core.Invalid, "The callback is longer than %d bytes.", MaxCallbackBytes)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(query["callback"]) != 1 {
		return "", core.Errorf(core.Invalid, "The address needs one callback: the program that waits for the key. Start the sign-in from that program, for example with: debros auth login")
	}
	callback := query.Get("callback")
	if err := checkCallback(callback); err != nil {
		return "", err
	}
	return callback, nil
}

// checkCallback accepts http to this computer, in one spelling. Browsers and Go
// read odd addresses differently, so whatever is odd is refused before it is read:
// what remains means the same to both.
func checkCallback(callback string) error {
	refused := core.Errorf(core.Invalid, "The callback must be http://127.0.0.1, http://[::1] or http://localhost with a port, and nothing secret in it. Start the sign-in again from the program that waits for the key.")
	if len(callback) > MaxCallbackBytes {
		return core.Errorf(core.Invalid, "The callback is longer than %d bytes.", MaxCallbackBytes)
	}
	for _, c := range []byte(callback) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"#'<>\\^`{|}", c) >= 0 {
			return refused
		}
	}
	rest, plainHTTP := strings.CutPrefix(callback, "http://")
	if !plainHTTP {
		return refused
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	for _, host := range []string{"127.0.0.1:", "[::1]:", "localhost:"} {
		port, found := strings.CutPrefix(authority, host)
		if !found {
			continue
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return refused
		}
		if _, err := url.Parse(callback); err != nil { // a broken % would be read in two ways
			return refused
		}
		return nil
	}
	return refused
}
