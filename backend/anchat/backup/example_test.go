package backup_test

import (
	"context"
	"fmt"

	"git.debros.io/DeBros/network/backend/anchat/backup"
)

// A backup is begun on one device and opened on another by its recovery code.
func Example() {
	ctx := context.Background()
	key, code := backup.NewKey(), backup.NewCode()
	wrapped, err := backup.Wrap(ctx, key, "eip155:1:0x00000000000000000000000000000000000000aa", 1, "a long passphrase", code)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := backup.Unwrap(ctx, wrapped, "eip155:1:0x00000000000000000000000000000000000000aa", 1, code)
	fmt.Println(again == key, err)
	// Output: true <nil>
}
