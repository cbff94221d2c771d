// Package frontend carries the built page inside the executable.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var files embed.FS

// Dist is the built page: index.html and its assets. It holds no index.html
// when the page was not built ("make build" does); the server says so then.
func Dist() fs.FS {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path in the program text
	}
	return dist
}
