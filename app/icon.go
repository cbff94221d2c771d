// This file draws the icon of the status area, whose state is told by shape and
// by colour: whoever sees no colours sees the shape.

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"git.debros.io/DeBros/network/backend/core"
)

// iconSize fits the status areas of Windows and Linux, which scale it.
const iconSize = 64

// trayIcon is the picture of a state, as PNG: three linked nodes, which are
// whole when all is well, hollow while the node starts, and crossed by a bar
// when something is wrong.
func trayIcon(state string) ([]byte, error) {
	ink := color.NRGBA{0x8b, 0x98, 0xff, 0xff}
	switch state {
	case core.StateOK, "":
	case core.StateDegraded:
		ink = color.NRGBA{0xe8, 0xb8, 0x5a, 0xff}
	default:
		ink = color.NRGBA{0xff, 0x6b, 0x61, 0xff}
	}
	type point struct{ x, y float64 }
	nodes := []point{{32, 14}, {13, 48}, {51, 48}}
	picture := image.NewNRGBA(image.Rect(0, 0, iconSize, iconSize))
	for y := range iconSize {
		for x := range iconSize {
			px, py := float64(x)+0.5, float64(y)+0.5
			cover := 0.0
			for i, a := range nodes {
				b := nodes[(i+1)%len(nodes)]
				cover = max(cover, edge(segment(px, py, a.x, a.y, b.x, b.y)-2.5))
			}
			for _, n := range nodes {
				away := math.Hypot(px-n.x, py-n.y)
				cover = max(cover, edge(away-10))
				if state == "" {
					cover = min(cover, 1-edge(away-6))
				}
			}
			if state != "" && state != core.StateOK {
				bar := segment(px, py, 10, 10, 54, 54)
				cover = max(min(cover, 1-edge(bar-8)), edge(bar-4))
			}
			ink.A = uint8(math.Round(cover * 255))
			picture.SetNRGBA(x, y, ink)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("draw icon: %w", err)
	}
	return out.Bytes(), nil
}

// edge is how much of a pixel is covered at a distance from the shape's border.
func edge(distance float64) float64 { return max(0, min(1, 0.5-distance)) }

// segment is the distance of a point from a line between two others.
func segment(px, py, ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	at := max(0, min(1, ((px-ax)*dx+(py-ay)*dy)/(dx*dx+dy*dy)))
	return math.Hypot(px-ax-at*dx, py-ay-at*dy)
}

// ico wraps one PNG in the form that Windows takes: a directory with one entry.
func ico(picture []byte) []byte {
	out := []byte{0, 0, 1, 0, 1, 0, iconSize, iconSize, 0, 0, 1, 0, 32, 0}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(picture))) //nolint:gosec // some hundred bytes
	out = binary.LittleEndian.AppendUint32(out, uint32(len(out)+4))   //nolint:gosec // the directory's own size
	return append(out, picture...)
}
