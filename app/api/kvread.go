// This file shows a value in parts, and opened when it is packed.

package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxValuePart bounds one part of a value on its way to the page.
	MaxValuePart = 256 << 10
	// MaxUnpacked bounds a packed value once it is open: a few kilobytes can hold
	// gigabytes of zeros.
	MaxUnpacked = 16 << 20

	// maxZstdWindow bounds the memory that a stranger's frame may ask for.
	maxZstdWindow = 8 << 20
)

// The ways in which a value may be packed.
const (
	packedGzip = "gzip"
	packedZstd = "zstd"
)

// ReadRequest asks for a part of a value. Version is that of the first part, ""
// when this is it; Length 0 is MaxValuePart.
type ReadRequest struct {
	Namespace string `json:"namespace"`
	Key       string `json:"key"`
	Level     string `json:"level"`
	Version   string `json:"version"`
	Offset    int    `json:"offset"`
	Length    int    `json:"length"`
	Unpack    bool   `json:"unpack"` // open what is packed
}

// KVPart is a part of a value. Total is the length of the whole that it is a part
// of: of the opened value when Opened, else of the stored one.
type KVPart struct {
	Key        string     `json:"key"`
	PartBase64 string     `json:"part_base64"`
	Offset     int        `json:"offset"`
	Total      int        `json:"total"`
	Packing    string     `json:"packing"` // "gzip", "zstd" or ""
	Opened     bool       `json:"opened"`
	Problem    string     `json:"problem"` // why it is not opened, or not to its end
	Size       int        `json:"size"`    // as stored
	Version    string     `json:"version"`
	UpdatedAt  string     `json:"updated_at"`
	ExpiresAt  string     `json:"expires_at"`
	Provenance Provenance `json:"provenance"`
}

// Read returns one part of a value; not_found when there is none, and conflict
// when the key has changed since the first part.
func (k *KV) Read(r ReadRequest) (KVPart, error) {
	return guard(k.d, "KV.Read", MaxCallTime, func(ctx context.Context) (KVPart, error) {
		b, ns, err := k.open(r.Namespace)
		if err != nil {
			return KVPart{}, err
		}
		level, err := core.ParseLevel(r.Level)
		if err != nil {
			return KVPart{}, err
		}
		if r.Offset < 0 || r.Length < 0 || r.Length > MaxValuePart {
			return KVPart{}, core.Errorf(core.Invalid, "A part of a value has at most %d bytes and begins at 0 or later.", MaxValuePart)
		}
		item, p, err := b.Storage.Get(ctx, ns, r.Key, core.ReadOptions{Level: level})
		if err != nil {
			return KVPart{}, err
		}
		version := number(uint64(item.Version))
		if r.Version != "" && r.Version != version {
			return KVPart{}, core.Errorf(core.Conflict, "The key was changed while it was being read; open it again.")
		}
		return partOf(r, item, p), nil
	})
}

func partOf(r ReadRequest, item core.Item, p core.Provenance) KVPart {
	out := KVPart{
		Key: item.Key, Offset: r.Offset, Packing: packing(item.Value), Size: len(item.Value), Version: number(uint64(item.Version)),
		UpdatedAt: stamp(item.UpdatedAt), ExpiresAt: stamp(item.ExpiresAt), Provenance: provenanceOf(p),
	}
	value := item.Value
	if r.Unpack && out.Packing != "" {
		opened, err := openPacked(out.Packing, value)
		if err != nil {
			out.Problem = core.Sentence(err)
		}
		if err == nil || len(opened) > 0 {
			value, out.Opened = opened, true
		}
	}
	length := r.Length
	if length == 0 {
		length = MaxValuePart
	}
	from := min(r.Offset, len(value))
	out.Total = len(value)
	out.PartBase64 = base64.StdEncoding.EncodeToString(value[from:min(from+length, len(value))])
	return out
}

// packing tells by its first bytes how a value is packed.
func packing(value []byte) string {
	switch {
	case bytes.HasPrefix(value, []byte{0x1f, 0x8b, 0x08}):
		return packedGzip
	case bytes.HasPrefix(value, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return packedZstd
	}
	return ""
}

// openPacked opens a value. What could be opened before a fault or the limit is
// returned beside the error.
func openPacked(how string, value []byte) ([]byte, error) {
	var r io.Reader
	if how == packedGzip {
		z, err := gzip.NewReader(bytes.NewReader(value))
		if err != nil {
			return nil, core.Wrap(core.Invalid, err, "The value begins like gzip but cannot be opened.")
		}
		r = z
	} else {
		z, err := zstd.NewReader(bytes.NewReader(value), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, core.Wrap(core.Invalid, err, "The value begins like zstd but cannot be opened.")
		}
		defer z.Close()
		r = z
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, MaxUnpacked+1))
	switch {
	case n > MaxUnpacked:
		return out.Bytes()[:MaxUnpacked], core.Errorf(core.TooLarge, "Only the first %d MiB of the opened value are shown.", MaxUnpacked>>20)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return out.Bytes(), core.Wrap(core.Invalid, err, "The packed value ends too early; what could be opened is shown.")
	case err != nil:
		return out.Bytes(), core.Wrap(core.Invalid, err, "The packed value is damaged; what could be opened is shown.")
	}
	return out.Bytes(), nil
}
