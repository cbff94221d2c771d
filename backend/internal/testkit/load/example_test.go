package load_test

import (
	"context"
	"testing"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/internal/testkit/load"
)

// A test breaks something while the load runs, and asks afterwards whether all
// that was promised was kept.
func Example() {
	_ = func(t *testing.T, dial func(context.Context, int) (*client.Client, error), breakSomething func()) {
		l, err := load.Start(t.Context(), load.Settings{Dial: dial, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		breakSomething()
		result := l.Stop()
		if err := result.Check(t.TempDir()); err != nil {
			t.Error(err)
		}
	}
}
