package core_test

import (
	"errors"
	"fmt"

	"git.debros.io/DeBros/network/backend/core"
)

func Example() {
	ns, err := core.ParseNamespace("demo")
	if err != nil {
		fmt.Println(core.Sentence(err))
		return
	}
	fmt.Println(ns.Qualify("news"))

	err = fmt.Errorf("write: %w", core.Wrap(core.Unavailable, errors.New("disk 3: no space"), "the disk is full; make room, then repeat"))
	fmt.Println(core.CodeOf(err), core.CodeOf(err).HTTPStatus(), core.Sentence(err))
	// Output:
	// ns::demo::news
	// unavailable 503 the disk is full; make room, then repeat
}
