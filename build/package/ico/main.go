// Command ico wraps a PNG of 256 × 256 into the form that Windows takes: a
// directory with one entry, then the picture. Usage: ico IN.png OUT.ico
package main

import (
	"encoding/binary"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ico:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: ico IN.png OUT.ico")
	}
	picture, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("read picture: %w", err)
	}
	// Width and height 0 mean 256; one plane, 32 bits; the picture begins at 22.
	out := []byte{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 32, 0}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(picture)))
	out = binary.LittleEndian.AppendUint32(out, 22)
	if err := os.WriteFile(args[1], append(out, picture...), 0o644); err != nil {
		return fmt.Errorf("write icon: %w", err)
	}
	return nil
}
