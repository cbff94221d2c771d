package signin

// This file serves the built page and its files, at any of its three hosts.

import (
	"bytes"
	"errors"
	"html"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

const (
	// Policy is the Content-Security-Policy of the page. Nothing inline runs,
	// nothing foreign is loaded, nobody frames it. The names of trusted types are
	// left open, because wallets put scripts of their own into the page.
	Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

	bundle       = "signin" // the page's folder in the built front end
	indexName    = "index.html"
	filesFolder  = "login" // what the page loads; relative, so that it fits "/" and "/v1/auth/login"
	maxFileBytes = 1 << 20 // one file of the page; all of it aims at 40 kB
)

// mode tells the page at which of its hosts it is.
type mode string

const (
	modeLoopback mode = "loopback"
	modeGateway  mode = "gateway"
	modeCallback mode = "callback"
)

// setHeaders are on every answer, also on refusals.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for what predates frame-ancestors
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// page is the bundle.
type page struct{ dist fs.FS }

func pageOf(dist fs.FS) page { return page{dist: dist} }

// index sends the page, with its host and the callback written into attributes.
// Only the two marks of the page itself are replaced, and the callback is escaped.
func (p page) index(w http.ResponseWriter, m mode, callback string) {
	text, err := p.read(indexName)
	if err != nil {
		plain(w, http.StatusServiceUnavailable, "The sign-in page is not in this program", `It was built without its front end; "make build" builds it. To sign in without it: debros auth login`)
		return
	}
	marks := strings.NewReplacer(`data-mode=""`, `data-mode="`+string(m)+`"`, `data-callback=""`, `data-callback="`+html.EscapeString(callback)+`"`)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	write(w, []byte(marks.Replace(string(text))))
}

// file sends a script or a style of the page.
func (p page) file(w http.ResponseWriter, name string) {
	kind, known := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}[path.Ext(name)]
	if !known || strings.HasPrefix(name, ".") {
		plain(w, http.StatusNotFound, "Not found", "The sign-in page has no such file.")
		return
	}
	body, err := p.read(filesFolder + "/" + name) // a path that leaves the folder is no path to an fs.FS
	if err != nil {
		plain(w, http.StatusNotFound, "Not found", "The sign-in page has no such file.")
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	write(w, body)
}

func (p page) read(name string) ([]byte, error) {
	f, err := p.dist.Open(bundle + "/" + name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, errors.New("too large for a file of the page")
	}
	var body bytes.Buffer
	if _, err := io.Copy(&body, io.LimitReader(f, maxFileBytes)); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}

// plain is a page without script or style, for when the real one cannot be shown.
func plain(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	write(w, []byte("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>"+
		html.EscapeString(title)+"</title></head>\n<body>\n<main><h1>"+html.EscapeString(title)+"</h1>\n<p>"+html.EscapeString(text)+"</p></main>\n</body>\n</html>\n"))
}
