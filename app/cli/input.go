package cli

// This file reads values: from an argument, a file or standard input, byte for
// byte as they are.

import (
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
	line, err := a.readLine()
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != word {
		return core.Errorf(core.Invalid, "that was not %q; nothing was changed", word)
	}
	return nil
}

// maxLine bounds a line that is typed: a signature, a word, an address.
const maxLine = 4096

// readLine reads one line of standard input, and nothing of the next: somebody
// else may be waiting for that.
func (a *app) readLine() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) <= maxLine {
		n, err := a.env.Stdin.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return strings.TrimSuffix(string(line), "\r"), nil
			}
			line = append(line, one[0])
		}
		switch {
		case errors.Is(err, io.EOF):
			return string(line), nil
		case err != nil:
			return "", core.Wrap(core.Invalid, err, "standard input cannot be read")
		}
	}
	return "", core.Errorf(core.TooLarge, "a line has at most %d characters", maxLine)
}

// question asks a person for one line.
func (a *app) question(prompt string) (string, error) {
	fmt.Fprint(a.env.Stderr, printable(prompt))
	line, err := a.readLine()
	return strings.TrimSpace(line), err
}

// secretInput reads a secret: from the terminal without showing it, from
// standard input or from a file. As an argument it would stand in the shell's
// history and in the list of processes, so that is refused.
func (a *app) secretInput(args []string, at int, prompt string) (core.Secret, error) {
	if at < len(args) && args[at] != "-" && (!strings.HasPrefix(args[at], "@") || strings.HasPrefix(args[at], "@@")) {
		return "", core.Errorf(core.Invalid, "a secret is no argument, because others can see those; write '-' for standard input or '@file'")
	}
	if at >= len(args) && a.env.Terminal.Secret != nil {
		return a.env.Terminal.Secret(prompt)
	}
	data, err := a.value(args, at)
	if err == nil && len(data) == 0 {
		err = core.Errorf(core.Invalid, "nothing was read; give the secret by standard input or '@file'")
	}
	return core.Secret(strings.TrimRight(string(data), "\r\n")), err
}
