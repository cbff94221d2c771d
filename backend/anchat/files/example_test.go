package files_test

import (
	"fmt"
	"os"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/files"
)

// A file is sealed chunk by chunk; what opens it goes into the message.
func Example() {
	stored := map[uint32][]byte{}
	text := "the minutes of our meeting\n"
	sealed, err := files.Seal(strings.NewReader(text), int64(len(text)), func(n uint32, chunk []byte) error {
		stored[n] = chunk
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = files.Open(sealed, func(n uint32) ([]byte, error) { return stored[n], nil }, os.Stdout)
	fmt.Println(sealed.Chunks, err)
	// Output:
	// the minutes of our meeting
	// 1 <nil>
}
