package files

// This file takes out of pictures what they tell besides the picture. Nothing is
// decoded and encoded again: parts are kept or left away.

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/gif"  // for the size of pictures
	_ "image/jpeg" // as above
	_ "image/png"  // as above
	"slices"
	"strings"
)

// The media types of pictures that are shown; all else is a file.
const (
	TypeJPEG = "image/jpeg"
	TypePNG  = "image/png"
	TypeGIF  = "image/gif"
	TypeWebP = "image/webp"
	// TypeOther is for what is no picture of these.
	TypeOther = "application/octet-stream"
)

// Picture is a picture without what was hidden in it.
type Picture struct {
	Type          string
	Width, Height int
	Data          []byte
}

// maxPixels bounds a side of a picture that is shown as one.
const maxPixels = 20_000

// Clean reads a picture and leaves away places, cameras, names, comments and
// thumbnails. How it is turned, and its colours, stay. ok is false when the bytes
// are none of the known pictures, or a damaged one: they are then sent as a file,
// as they are.
func Clean(data []byte) (p Picture, ok bool) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff}):
		p.Type = TypeJPEG
		p.Data, ok = cleanJPEG(data)
	case bytes.HasPrefix(data, []byte(pngMagic)):
		p.Type = TypePNG
		p.Data, ok = cleanPNG(data)
	case bytes.HasPrefix(data, []byte("GIF8")):
		p.Type = TypeGIF
		p.Data, ok = cleanGIF(data)
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		p.Type = TypeWebP
		p.Data, p.Width, p.Height, ok = cleanWebP(data)
	}
	if ok && p.Type != TypeWebP {
		config, _, err := image.DecodeConfig(bytes.NewReader(p.Data))
		ok = err == nil
		p.Width, p.Height = config.Width, config.Height
	}
	if !ok || p.Width < 1 || p.Height < 1 || p.Width > maxPixels || p.Height > maxPixels {
		return Picture{}, false
	}
	return p, true
}

const (
	jpegSOS, jpegEOI, jpegCOM    = 0xda, 0xd9, 0xfe
	jpegAPP0, jpegAPP1, jpegAPP2 = 0xe0, 0xe1, 0xe2
	jpegAPP14, jpegAPP15         = 0xee, 0xef
	jpegRST0, jpegRST7, jpegTEM  = 0xd0, 0xd7, 0x01
	exifMark                     = "Exif\x00\x00"
	iccMark                      = "ICC_PROFILE\x00"
)

// cleanJPEG keeps the picture, its colour profile and how it is turned.
func cleanJPEG(data []byte) ([]byte, bool) {
	out := append(make([]byte, 0, len(data)), 0xff, 0xd8)
	turned := false
	for at := 2; at+2 <= len(data); {
		if data[at] != 0xff {
			return nil, false
		}
		marker := data[at+1]
		if marker == 0xff { // a fill byte
			at++
			continue
		}
		if marker == jpegEOI {
			return append(out, 0xff, jpegEOI), true
		}
		if at+4 > len(data) {
			return nil, false
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 || at+2+size > len(data) || marker < 0xc0 && marker != jpegTEM {
			return nil, false
		}
		part := data[at : at+2+size]
		body := part[4:]
		switch {
		case marker == jpegAPP1 && bytes.HasPrefix(body, []byte(exifMark)):
			if o := orientation(body[len(exifMark):]); o > 1 && !turned {
				out = append(out, onlyOrientation(o)...)
				turned = true
			}
		case marker == jpegAPP0, marker == jpegAPP14, marker == jpegAPP2 && bytes.HasPrefix(body, []byte(iccMark)):
			out = append(out, part...)
		case marker >= jpegAPP1 && marker <= jpegAPP15, marker == jpegCOM:
		default:
			out = append(out, part...)
		}
		at += 2 + size
		if marker == jpegSOS {
			n, ok := scanEnd(data[at:])
			if !ok {
				return nil, false
			}
			out = append(out, data[at:at+n]...)
			at += n
		}
	}
	return nil, false
}

// scanEnd is where the compressed picture ends: at the first marker that is no
// restart and no stuffed byte.
func scanEnd(data []byte) (int, bool) {
	for i := 0; i+1 < len(data); i++ {
		if data[i] == 0xff && data[i+1] != 0 && data[i+1] != 0xff && (data[i+1] < jpegRST0 || data[i+1] > jpegRST7) {
			return i, true
		}
	}
	return 0, false
}

const (
	tagOrientation = 0x0112
	typeShort      = 3
)

// orientation reads how a picture is turned, 1 to 8, from the TIFF inside of EXIF;
// 0 when it does not say.
func orientation(tiff []byte) uint16 {
	var order binary.ByteOrder
	switch {
	case len(tiff) < 8:
		return 0
	case string(tiff[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(tiff[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if o := order.Uint16(entries[8:]); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}

// onlyOrientation is an EXIF part that says nothing else.
func onlyOrientation(o uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, tagOrientation)
	tiff = binary.BigEndian.AppendUint16(tiff, typeShort)
	tiff = binary.BigEndian.AppendUint32(tiff, 1)
	tiff = binary.BigEndian.AppendUint16(tiff, o)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	body := append([]byte(exifMark), tiff...)
	part := binary.BigEndian.AppendUint16([]byte{0xff, jpegAPP1}, uint16(len(body)+2)) //nolint:gosec // 34 bytes
	return append(part, body...)
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// pngKept are the parts that the picture needs, also of one that moves.
const pngKept = "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT acTL fcTL fdAT"

func cleanPNG(data []byte) ([]byte, bool) {
	out := append(make([]byte, 0, len(data)), pngMagic...)
	for at := len(pngMagic); at+12 <= len(data); {
		size := uint64(binary.BigEndian.Uint32(data[at:]))
		if size > uint64(len(data)-at-12) { //nolint:gosec // the loop's condition makes it positive
			return nil, false
		}
		end := at + 12 + int(size) //nolint:gosec // at most the length of data
		name := string(data[at+4 : at+8])
		if slices.Contains(strings.Fields(pngKept), name) {
			out = append(out, data[at:end]...)
		}
		if name == "IEND" {
			return out, true
		}
		at = end
	}
	return nil, false
}

const (
	gifImage, gifExtension, gifTrailer = 0x2c, 0x21, 0x3b
	gifControl, gifApplication         = 0xf9, 0xff
)

// cleanGIF leaves comments, texts and applications away, but the one that says how
// often the picture moves.
func cleanGIF(data []byte) ([]byte, bool) {
	if len(data) < 13 {
		return nil, false
	}
	at := 13 + colours(data[10])
	if at > len(data) {
		return nil, false
	}
	out := append(make([]byte, 0, len(data)), data[:at]...)
	for at < len(data) {
		start := at
		keep := true
		switch data[at] {
		case gifTrailer:
			return append(out, gifTrailer), true
		case gifImage:
			if at+10 > len(data) {
				return nil, false
			}
			at += 10 + colours(data[at+9]) + 1 // and the code size
		case gifExtension:
			if at+3 > len(data) {
				return nil, false
			}
			label := data[at+1]
			keep = label == gifControl || label == gifApplication && bytes.HasPrefix(data[at+2:], []byte("\x0bNETSCAPE2.0"))
			at += 2
		default:
			return nil, false
		}
		for { // blocks with their length, up to an empty one
			if at >= len(data) {
				return nil, false
			}
			size := int(data[at])
			at += 1 + size
			if size == 0 {
				break
			}
		}
		if at > len(data) {
			return nil, false
		}
		if keep {
			out = append(out, data[start:at]...)
		}
	}
	return nil, false
}

// colours is the size of the colour table that flags announce.
func colours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

const (
	webpHasEXIF, webpHasXMP = 0x08, 0x04
	webpKept                = ", VP8 , VP8L, VP8X, ALPH, ANIM, ANMF, ICCP, "
)

func cleanWebP(data []byte) (out []byte, width, height int, ok bool) {
	out = append(make([]byte, 0, len(data)), data[:12]...)
	size := uint64(binary.LittleEndian.Uint32(data[4:]))
	if size+8 > uint64(len(data)) || size < 4 {
		return nil, 0, 0, false
	}
	rest := data[12 : 8+size]
	for len(rest) >= 8 {
		length := uint64(binary.LittleEndian.Uint32(rest[4:]))
		length += length & 1
		if length > uint64(len(rest)-8) { //nolint:gosec // the loop's condition makes it positive
			return nil, 0, 0, false
		}
		name, part := string(rest[:4]), bytes.Clone(rest[:8+length])
		rest = rest[8+length:]
		if !strings.Contains(webpKept, ", "+name+", ") {
			continue
		}
		if width == 0 {
			width, height = webpSize(name, part[8:])
		}
		if name == "VP8X" && len(part) > 8 {
			part[8] &^= webpHasEXIF | webpHasXMP
		}
		out = append(out, part...)
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8)) //nolint:gosec // not longer than data
	return out, width, height, width > 0
}

// webpSize reads the size of the picture from its first part.
func webpSize(name string, b []byte) (width, height int) {
	switch {
	case name == "VP8X" && len(b) >= 10:
		return 1 + int(b[4]) + int(b[5])<<8 + int(b[6])<<16, 1 + int(b[7]) + int(b[8])<<8 + int(b[9])<<16
	case name == "VP8L" && len(b) >= 5 && b[0] == 0x2f:
		n := binary.LittleEndian.Uint32(b[1:])
		return 1 + int(n&0x3fff), 1 + int(n>>14&0x3fff)
	case name == "VP8 " && len(b) >= 10:
		return int(binary.LittleEndian.Uint16(b[6:])) & 0x3fff, int(binary.LittleEndian.Uint16(b[8:])) & 0x3fff
	}
	return 0, 0
}
