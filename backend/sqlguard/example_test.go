package sqlguard_test

import (
	"fmt"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

// A statement is checked before it goes anywhere near the database.
func ExampleCheck() {
	st, err := sqlguard.Check("INSERT INTO notes(text) VALUES (?) RETURNING id -- keep it")
	fmt.Println(st.Kind, st.Tables, st.Parameters, st.Returning, err)

	_, err = sqlguard.Check("/* hidden */ PrAgMa synchronous = OFF")
	fmt.Println(core.CodeOf(err))
	// Output:
	// write [notes] 1 true <nil>
	// invalid
}

// An editor runs the statement under the cursor.
func ExampleSplit() {
	pieces, err := sqlguard.Split("SELECT ';'; -- done; or not\nDELETE FROM notes;")
	for _, p := range pieces {
		fmt.Println(p.Offset, p.Text)
	}
	fmt.Println(err)
	// Output:
	// 0 SELECT ';'
	// 28 DELETE FROM notes
	// <nil>
}
