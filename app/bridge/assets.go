// This file serves the built page: index.html with a fresh nonce, and its assets.

package bridge

import (
	"bytes"
	"html"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

const (
	indexName = "index.html"
	// maxAssetBytes bounds one file of the page; the whole page aims at 1.5 MB.
	maxAssetBytes = 16 << 20
)

// Page serves the built page to GET and HEAD, with the policy, and nothing else.
// The window's asset server and the bridge share it, so both send the same bytes.
func Page(dist fs.FS) http.Handler {
	// The slot for the nonce, however the builder of the page spells it.
	return &page{dist: dist, slot: regexp.MustCompile(`<meta\s+name=["']?csp-nonce["']?(\s+content(=(""|''))?)?\s*/?>`)}
}

type page struct {
	dist fs.FS
	slot *regexp.Regexp
}

// ServeHTTP answers with index.html for "/", a file of the page, or not found.
// There is no fallback to index.html: the page's routes are behind a #.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guardHeaders(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || name == indexName {
		p.index(w)
		return
	}
	kind, known := contentTypes(path.Ext(name))
	if !known || !fs.ValidPath(name) || strings.HasPrefix(path.Base(name), ".") {
		http.NotFound(w, r)
		return
	}
	body, err := readFile(p.dist, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if hashed(name) {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	write(w, body)
}

// index sends index.html with a fresh nonce in the header and in the text.
// Content-Length stays unset: Wails puts its own scripts into the text.
func (p *page) index(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	text, err := readFile(p.dist, indexName)
	if err != nil {
		write(w, plainPage("The page is not in this program",
			"It was built without its front end. Build it with:", "make build"))
		return
	}
	nonce := newNonce()
	h.Set("Content-Security-Policy", Policy(nonce))
	meta := []byte(`<meta name="csp-nonce" content="` + nonce + `">`)
	write(w, p.slot.ReplaceAllLiteral(text, meta))
}

// write sends the body of an answer that is complete.
func write(w io.Writer, body []byte) {
	_, _ = w.Write(body) //nolint:errcheck // the reader went away; there is nobody to tell
}

// plainPage is a page without style or script, for when the real one cannot be shown.
func plainPage(title, text, command string) []byte {
	return []byte("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>debros</title></head>\n<body bgcolor=\"white\" text=\"black\">\n<h1>" +
		html.EscapeString(title) + "</h1>\n<p>" + html.EscapeString(text) + "</p>\n<pre>" + html.EscapeString(command) + "</pre>\n</body>\n</html>\n")
}

// contentTypes is a list of our own: the system's differs from computer to
// computer, and a script with a wrong type does not run under nosniff.
func contentTypes(ext string) (string, bool) {
	kind, ok := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
		".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp", ".jpg": "image/jpeg",
		".woff2": "font/woff2", ".wasm": "application/wasm", ".map": "application/json",
	}[ext]
	return kind, ok
}

// hashed tells whether the file's name changes with its content: Vite names
// everything in assets/ with a dash and eight letters, which may hold a dash too.
func hashed(name string) bool {
	const mark = len("-AbCd1234")
	stem := strings.TrimSuffix(name, path.Ext(name))
	return strings.HasPrefix(name, "assets/") && len(stem) > len("assets/")+mark && stem[len(stem)-mark] == '-'
}

func readFile(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxAssetBytes {
		return nil, fs.ErrNotExist
	}
	var body bytes.Buffer
	if _, err := io.Copy(&body, io.LimitReader(f, maxAssetBytes)); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}
