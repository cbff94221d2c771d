package signin_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing/fstest"

	"git.debros.io/DeBros/network/backend/signin"
)

// A page waits on loopback for one wallet. Here the person gives up.
func Example() {
	page := fstest.MapFS{"signin/index.html": {Data: []byte("<html></html>")}} // frontend.Dist() in the program
	ctx, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	s, err := signin.Listen(ctx, signin.Settings{
		Dist: page,
		Begin: func(_ context.Context, p signin.Proposal) (string, error) {
			return "Sign in as " + p.Wallet + ". Code " + p.Code, nil
		},
		Finish: func(context.Context, signin.Answer) error { return nil },
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.HasPrefix(s.URL(), "http://127.0.0.1:"), len(s.Code()))
	giveUp()
	_, err = s.Run(ctx)
	fmt.Println(err)
	// Output:
	// true 6
	// context canceled
}
