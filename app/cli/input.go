package cli

// This file reads values: from an argument, a file or standard input, byte for
// byte as they are.

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxInput bounds one value, message or script that a command reads. It is
// above every limit of a node, which names its own.
const MaxInput = 16 << 20

// value returns the bytes that args[at] names: "@file" reads a file, "-" or
// nothing reads standard input, anything else is the value itself. "@@" stands
// for a value that begins with "@".
func (a *app) value(args []string, at int) ([]byte, error) {
	arg := "-"
	if at < len(args) {
		arg = args[at]
	}
	switch {
	case arg == "-":
		if a.env.Terminal.Stdin && !a.opts.quiet {
			a.note("reading from the terminal; end with Ctrl+D on an empty line")
		}
		return readAll(a.env.Stdin, "standard input")
	case strings.HasPrefix(arg, "@@"):
		return []byte(arg[1:]), nil
	case strings.HasPrefix(arg, "@"):
		return readFile(arg[1:])
	}
	return []byte(arg), nil
}

func readFile(path string) (data []byte, err error) {
	f, err := os.Open(path) //nolint:gosec // the user names the file
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, core.Wrap(core.NotFound, err, "there is no file %q; a value that begins with '@' is written '@@'", path)
	case err != nil:
		return nil, core.Wrap(core.Invalid, err, "the file %q cannot be opened", path)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return readAll(f, fmt.Sprintf("the file %q", path))
}

// readAll reads to the end, but no more than MaxInput.
func readAll(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxInput+1)) //nolint:forbidigo // it is the read with a limit
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "%s cannot be read", name)
	}
	if len(data) > MaxInput {
		return nil, core.Errorf(core.TooLarge, "%s has more than %d MiB", name, MaxInput>>20)
	}
	return data, nil
}

// confirm asks for a word before something that cannot be taken back. Without
// a terminal it refuses, unless --yes was given.
func (a *app) confirm(what, word string) error {
	if a.opts.yes {
		return nil
	}
	if !a.env.Terminal.Stdin || !a.env.Terminal.Stderr {
		return core.Errorf(core.Invalid, "%s; nobody is here to ask, so add --yes", what)
	}
	fmt.Fprintf(a.env.Stderr, "%s. Type %q to go on: ", printable(what), printable(word))
	line, err := bufio.NewReader(io.LimitReader(a.env.Stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return core.Wrap(core.Invalid, err, "standard input cannot be read")
	}
	if strings.TrimSpace(line) != word {
		return core.Errorf(core.Invalid, "that was not %q; nothing was changed", word)
	}
	return nil
}
