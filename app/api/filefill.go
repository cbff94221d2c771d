// This file writes what a page itself has made, such as a report or a picture.

package api

import (
	"context"
	"encoding/base64"
	"io"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxFillBytes bounds what a page hands over in one call.
const MaxFillBytes = 4 << 20

// Fill writes the whole of a file that Files.Save gave.
func (f *Files) Fill(id, contentBase64 string) error {
	return act(f.d, "Files.Fill", MaxCallTime, func(context.Context) error {
		if base64.StdEncoding.DecodedLen(len(contentBase64)) > MaxFillBytes+2 {
			return core.Errorf(core.TooLarge, "A page writes at most %d MiB into a file at once.", MaxFillBytes>>20)
		}
		content, err := base64.StdEncoding.DecodeString(contentBase64)
		if err != nil {
			return core.Errorf(core.Invalid, "The content is not base64 text.")
		}
		return f.d.files.write(id, func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		})
	})
}
