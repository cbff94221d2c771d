package main

import (
	"bytes"
	"image/png"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// Whoever cannot tell the colours apart must tell the states apart by their shape.
func TestTrayIcon_ShapesDiffer(t *testing.T) {
	shapes := make(map[string]string)
	for _, state := range []string{"", core.StateOK, core.StateDegraded} {
		text, err := trayIcon(state)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(text))
		if err != nil || picture.Bounds().Dx() != iconSize {
			t.Fatalf("%q: %v, %v", state, picture, err)
		}
		var shape []byte
		for y := range iconSize {
			for x := range iconSize {
				_, _, _, alpha := picture.At(x, y).RGBA()
				shape = append(shape, byte(alpha>>15))
			}
		}
		if other, same := shapes[string(shape)]; same {
			t.Errorf("%q looks like %q", state, other)
		}
		shapes[string(shape)] = state
		if wrapped := ico(text); !bytes.Equal(wrapped[22:], text) || wrapped[18] != 22 {
			t.Errorf("%q: the directory of the icon is wrong", state)
		}
	}
}
