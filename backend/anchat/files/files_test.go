package files_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/files"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

func sealed(t *testing.T, data []byte) (files.Sealed, [][]byte) {
	t.Helper()
	var chunks [][]byte
	s, err := files.Seal(bytes.NewReader(data), int64(len(data)), func(n uint32, chunk []byte) error {
		if int(n) != len(chunks) || len(chunk) > wire.MaxChunkBytes {
			t.Fatalf("chunk %d of %d bytes after %d", n, len(chunk), len(chunks))
		}
		chunks = append(chunks, chunk)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, chunks
}

func open(s files.Sealed, chunks [][]byte) ([]byte, error) {
	var out bytes.Buffer
	err := files.Open(s, func(n uint32) ([]byte, error) {
		if int(n) >= len(chunks) {
			return nil, core.Errorf(core.NotFound, "gone")
		}
		return chunks[n], nil
	}, &out)
	return out.Bytes(), err
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) //nolint:errcheck // it never fails; see crypto/rand
	return b
}

func TestSeal_ComesBackAsItWas(t *testing.T) {
	for _, size := range []int{0, 1, 2, 1000, wire.ChunkBytes - 1, wire.ChunkBytes, wire.ChunkBytes + 1, 3*wire.ChunkBytes + 5} {
		data := random(size)
		s, chunks := sealed(t, data)
		got, err := open(s, chunks)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d came back, %v", size, len(got), err)
		}
		stored := 0
		for _, c := range chunks {
			stored += len(c) - 16
		}
		if stored < size || size > 16 && stored > size+size/8 {
			t.Errorf("%d bytes are stored as %d", size, stored)
		}
	}
}

// A file whose chunks were cut, swapped, dropped or are another file's is refused.
func TestOpen_RefusesWhatWasNotSealed(t *testing.T) {
	s, chunks := sealed(t, random(3*wire.ChunkBytes+10))
	_, others := sealed(t, random(3*wire.ChunkBytes+10))
	for name, bad := range map[string][][]byte{
		"cut":        {chunks[0], chunks[1][:100], chunks[2], chunks[3]},
		"swapped":    {chunks[1], chunks[0], chunks[2], chunks[3]},
		"last early": {chunks[0], chunks[1], chunks[3], chunks[3]},
		"other's":    {chunks[0], others[1], chunks[2], chunks[3]},
		"empty":      {chunks[0], nil, chunks[2], chunks[3]},
	} {
		if _, err := open(s, bad); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := open(s, chunks[:3]); core.CodeOf(err) != core.NotFound {
		t.Errorf("the last one dropped: %v", err)
	}
	short := s
	short.Chunks-- // the third chunk was not the last
	if _, err := open(short, chunks[:3]); core.CodeOf(err) != core.Invalid {
		t.Errorf("one chunk fewer: %v", err)
	}
	named := s
	named.ID[0] ^= 1
	if _, err := open(named, chunks); core.CodeOf(err) != core.Invalid {
		t.Errorf("another name: %v", err)
	}
	huge := s
	huge.Size = 1 << 60
	if err := huge.Check(); core.CodeOf(err) != core.Invalid {
		t.Errorf("an impossible size: %v", err)
	}
}

func TestSeal_WantsTheSizeThatItWasTold(t *testing.T) {
	put := func(uint32, []byte) error { return nil }
	for size, want := range map[int64]core.Code{9: core.Invalid, 11: core.Invalid, wire.MaxFileBytes + 1: core.TooLarge, -1: core.TooLarge} {
		if _, err := files.Seal(strings.NewReader("0123456789"), size, put); core.CodeOf(err) != want {
			t.Errorf("size %d: %v", size, err)
		}
	}
	broken := errors.New("broken")
	if _, err := files.Seal(io.MultiReader(strings.NewReader("01"), fails{broken}), 10, put); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type fails struct{ err error }

func (f fails) Read([]byte) (int, error) { return 0, f.err }

const secret = "GPS 52.5200 13.4050 Serial 0815"

// A picture keeps its points and loses what was hidden in it.
func TestClean_LeavesThePictureAlone(t *testing.T) {
	for name, dirty := range map[string][]byte{"jpeg": dirtyJPEG(t), "png": dirtyPNG(t), "gif": dirtyGIF(t), "webp": dirtyWebP()} {
		t.Run(name, func(t *testing.T) {
			p, ok := files.Clean(append(slices.Clone(dirty), secret...))
			if !ok || p.Width != 40 || p.Height != 30 {
				t.Fatalf("ok %t, %d × %d", ok, p.Width, p.Height)
			}
			if !bytes.Contains(dirty, []byte(secret)) || bytes.Contains(p.Data, []byte(secret)) {
				t.Error("the secret is still there")
			}
			again, ok := files.Clean(p.Data)
			if !ok || !bytes.Equal(again.Data, p.Data) {
				t.Error("a clean picture changes when it is cleaned")
			}
			if name == "webp" {
				return
			}
			before, _, err1 := image.Decode(bytes.NewReader(dirty))
			after, _, err2 := image.Decode(bytes.NewReader(p.Data))
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			for x := range 40 {
				for y := range 30 {
					if before.At(x, y) != after.At(x, y) {
						t.Fatalf("the point %d, %d has changed", x, y)
					}
				}
			}
		})
	}
}

func TestClean_KeepsHowAPictureIsTurned(t *testing.T) {
	p, ok := files.Clean(dirtyJPEG(t))
	if !ok || !bytes.Contains(p.Data, []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06")) {
		t.Errorf("ok %t: the orientation is gone", ok)
	}
}

func TestClean_LetsDamagedPicturesBeFiles(t *testing.T) {
	for _, whole := range [][]byte{dirtyJPEG(t), dirtyPNG(t), dirtyGIF(t), dirtyWebP()} {
		for n := range whole {
			if p, ok := files.Clean(whole[:n]); ok && p.Type != files.TypeWebP {
				t.Fatalf("%d of %d bytes pass as %s", n, len(whole), p.Type)
			}
		}
	}
	if _, ok := files.Clean([]byte("<svg xmlns='http://www.w3.org/2000/svg'/>")); ok {
		t.Error("a drawing that can hold a program passes as a picture")
	}
}

func FuzzClean(f *testing.F) {
	f.Add(dirtyWebP())
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\xaeB`\x82"))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 4, 0, 0, 0xff, 0xd9})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, ok := files.Clean(data)
		if ok && (len(p.Data) > len(data)+64 || p.Width < 1) {
			t.Fatalf("%d bytes became %d", len(data), len(p.Data))
		}
	})
}

func drawing() *image.Paletted {
	pic := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, color.White, color.RGBA{200, 30, 30, 255}})
	for x := range 40 {
		for y := range 30 {
			pic.SetColorIndex(x, y, uint8((x*y+x)%3))
		}
	}
	return pic
}

func part(marker byte, body string) []byte {
	return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

func dirtyJPEG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, drawing(), nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00" + secret
	out := append([]byte{0xff, 0xd8}, part(0xe1, exif)...)
	out = append(out, part(0xfe, secret)...)
	out = append(out, part(0xed, secret)...)
	return append(out, b.Bytes()[2:]...)
}

func dirtyPNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, drawing()); err != nil {
		t.Fatal(err)
	}
	head := 8 + 12 + 13
	text := append([]byte{0, 0, 0, byte(len(secret))}, "tEXt"+secret...)
	text = binary.BigEndian.AppendUint32(text, crc32.ChecksumIEEE(text[4:]))
	return slices.Concat(b.Bytes()[:head], text, b.Bytes()[head:])
}

func dirtyGIF(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, drawing(), nil); err != nil {
		t.Fatal(err)
	}
	comment := append([]byte{0x21, 0xfe, byte(len(secret))}, secret...)
	end := b.Len() - 1
	return slices.Concat(b.Bytes()[:end], comment, []byte{0}, b.Bytes()[end:])
}

func dirtyWebP() []byte {
	chunk := func(name, body string) string {
		if len(body)%2 == 1 {
			body += "\x00"
		}
		return name + string([]byte{byte(len(body)), 0, 0, 0}) + body
	}
	body := "WEBP" + chunk("VP8X", "\x0c\x00\x00\x00\x27\x00\x00\x1d\x00\x00") + chunk("VP8L", "\x2f0123456789") + chunk("EXIF", secret) + chunk("XMP ", secret)
	return []byte("RIFF" + string([]byte{byte(len(body)), 0, 0, 0}) + body)
}

func BenchmarkSeal32MiB(b *testing.B) {
	data := random(wire.MaxFileBytes)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := files.Seal(bytes.NewReader(data), int64(len(data)), func(uint32, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
