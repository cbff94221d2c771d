// This file hands out what a task wrote.

package bridge

import (
	"io"
	"mime"
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// downloadTime bounds one download, so that a stalled one does not stay for ever.
const downloadTime = time.Hour

// file serves GET /api/file/ID. The browser stores the bytes and never shows
// them: what is in them must not run as a page of this address.
func (d *door) file(w http.ResponseWriter, r *http.Request) {
	file, name, err := d.page.OpenFile(r.PathValue("id"))
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	defer file.Close() //nolint:errcheck // it was only read
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if err = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(downloadTime)); err != nil {
		d.log.DebugContext(r.Context(), "a download has no time limit", core.KeyError, err.Error())
	}
	if _, err = io.Copy(w, file); err != nil { // the browser has gone, and says so itself
		d.log.DebugContext(r.Context(), "a download was cut", core.KeyError, err.Error())
	}
}
