package membership_test

import (
	"fmt"
	"os"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/membership"
)

// An installation keeps a folder for each network that it has been in.
func Example() {
	root, err := os.MkdirTemp("", "networks-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root) //nolint:errcheck // a temporary folder
	const self = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
	home, err := membership.Create(root, "home", "at home", self)
	fmt.Println(home.ID, home.Role, err)
	list, err := membership.List(root, home.ID)
	fmt.Println(len(list), list[0].Name, list[0].Current, err)
	fmt.Println(core.CodeOf(membership.Remove(root, home.ID, home.ID)))
	// Output:
	// home member <nil>
	// 1 at home true <nil>
	// conflict
}

// Tickets are read with their faults named; the text is never repeated.
func ExampleParseTicket() {
	_, err := membership.ParseTicket("debros1AHsEaG9tZQ")
	fmt.Println(core.CodeOf(err))
	fmt.Println(core.Sentence(err))
	// Output:
	// invalid
	// the ticket is cut off; paste the whole text that "debros invite" printed
}
