package disk_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"git.debros.io/DeBros/network/backend/disk"
)

func Example() {
	dir, err := os.MkdirTemp("", "disk")
	if err != nil {
		fmt.Println(err)
		return
	}
	path := filepath.Join(dir, "color")
	fmt.Println(disk.Create(path, []byte("red")))
	fmt.Println(errors.Is(disk.Create(path, []byte("blue")), fs.ErrExist))
	fmt.Println(disk.Write(path, []byte("green")))
	text, err := os.ReadFile(path)
	fmt.Println(string(text), errors.Join(err, os.RemoveAll(dir)))
	// Output:
	// <nil>
	// true
	// <nil>
	// green <nil>
}
