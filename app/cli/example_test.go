package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"git.debros.io/DeBros/network/app/cli"
)

// A command runs without a process: everything that it sees is in Env.
func ExampleMain() {
	var out, errs bytes.Buffer
	env := cli.Env{
		Args:    []string{"version", "-o", "env"},
		Stdin:   strings.NewReader(""),
		Stdout:  &out,
		Stderr:  &errs,
		Lookup:  func(string) (string, bool) { return "", false },
		Program: cli.Program{Build: cli.Build{Version: "1.2.3", Commit: "abc"}},
	}
	fmt.Println("exit status", cli.Main(context.Background(), env))
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "GO=") && !strings.HasPrefix(line, "SYSTEM=") {
			fmt.Print(line)
		}
	}

	env.Args = []string{"kv", "gte", "color"}
	fmt.Println("exit status", cli.Main(context.Background(), env))
	fmt.Print(errs.String())
	// Output:
	// exit status 0
	// SCHEMA='1'
	// VERSION='1.2.3'
	// COMMIT='abc'
	// BUILD_TIME=''
	// exit status 2
	// error: there is no command 'debros kv gte'; did you mean 'debros kv get'?
}
