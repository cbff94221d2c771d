package cli

// This file is the border to the process: arguments, streams, environment,
// terminal and signals. No other file of the package touches them.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// Env is what a command sees of the world around it.
type Env struct {
	Args           []string // without the program's own name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Lookup         func(name string) (string, bool) // of the environment
	Terminal       Terminal
	Program        Program
}

// Terminal says which streams are a terminal, and edits lines where there is one.
type Terminal struct {
	Stdin, Stdout, Stderr bool
	// Edit reads lines with history from standard input. It is nil when that is
	// no terminal.
	Edit func() (LineEditor, error)
	// Secret reads a line without showing it. It is nil when standard input is no
	// terminal.
	Secret func(prompt string) (core.Secret, error)
}

// LineEditor reads one line after the other.
type LineEditor interface {
	// ReadLine returns a line without its end. It returns io.EOF at the end of
	// the input, and when the line is given up with Ctrl+C.
	ReadLine(prompt string) (string, error)
}

// Program is what the rest of the program brings for the commands.
type Program struct {
	Build Build
	// Start runs a node until ctx ends. It calls ready once, when the node can
	// take work and run.json is written; link leads to its page, once, and is ""
	// when it has none.
	Start func(ctx context.Context, s NodeStart, ready func(link string)) error
	// StartGateway runs a gateway without a node until ctx ends. It calls ready
	// once, with the gateway's base URL, when it answers. nil: there is no command
	// for it.
	StartGateway func(ctx context.Context, s GatewayStart, ready func(address string)) error
	// SplitSQL cuts a script into statements and says of each what it is. It
	// returns core.Invalid when the script cannot be cut, such as at an open quote.
	SplitSQL func(script string) ([]core.Piece, error)
	// Limits lists every bound that a user may meet.
	Limits func() []core.Limit
	// Executable is the file of this program, to start nodes with.
	Executable func() (string, error)
	// OpenURL shows a page in the system's browser.
	OpenURL func(ctx context.Context, url string) error
	// Page is the built page, of which the sign-in in the browser is a part; nil
	// when the program was built without one.
	Page func() fs.FS
}

// Build says which program this is.
type Build struct {
	Version, Commit, Time string
}

// NodeStart is how "node start" wants its node.
type NodeStart struct {
	Loaded  config.Loaded
	UserDir string    // of the user's wallets; "" when there is none
	Console io.Writer // of the log
	Color   bool      // of the log
	Open    bool      // show the page as soon as the node is ready
}

// SystemEnv is the environment of this process. The caller fills in Program.
func SystemEnv() Env {
	env := Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Lookup: os.LookupEnv,
		Terminal: Terminal{
			Stdin:  term.IsTerminal(descriptor(os.Stdin)),
			Stdout: term.IsTerminal(descriptor(os.Stdout)),
			Stderr: term.IsTerminal(descriptor(os.Stderr)),
		},
	}
	if env.Terminal.Stdin {
		env.Terminal.Edit = func() (LineEditor, error) { return newEditor(os.Stdin, os.Stderr), nil }
		env.Terminal.Secret = func(prompt string) (core.Secret, error) { return readSecret(os.Stdin, os.Stderr, prompt) }
	}
	return env
}

func descriptor(f *os.File) int {
	return int(f.Fd()) //nolint:gosec // descriptors are small numbers
}

// editor edits lines on a terminal, with history by the arrow keys. The
// terminal is raw only while a line is read, so that output and Ctrl+C between
// two lines work as everywhere.
type editor struct {
	in   *os.File
	term *term.Terminal
}

func newEditor(in, out *os.File) *editor {
	return &editor{in: in, term: term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, out}, "")}
}

// ReadLine reads one line.
func (e *editor) ReadLine(prompt string) (line string, err error) {
	state, err := term.MakeRaw(descriptor(e.in))
	if err != nil {
		return "", fmt.Errorf("set up terminal: %w", err)
	}
	defer func() {
		if restoreErr := term.Restore(descriptor(e.in), state); err == nil && restoreErr != nil {
			err = fmt.Errorf("restore terminal: %w", restoreErr)
		}
	}()
	if width, height, sizeErr := term.GetSize(descriptor(e.in)); sizeErr == nil && width > 0 {
		if err := e.term.SetSize(width, height); err != nil {
			return "", fmt.Errorf("size terminal: %w", err)
		}
	}
	e.term.SetPrompt(prompt)
	return e.term.ReadLine()
}

// readSecret reads a line that the terminal does not show. Ctrl+C gives it up and
// leaves the terminal as it was.
func readSecret(in, out *os.File, prompt string) (secret core.Secret, err error) {
	state, err := term.MakeRaw(descriptor(in))
	if err != nil {
		return "", fmt.Errorf("set up terminal: %w", err)
	}
	defer func() {
		if restoreErr := term.Restore(descriptor(in), state); err == nil && restoreErr != nil {
			err = fmt.Errorf("restore terminal: %w", restoreErr)
		}
	}()
	line, err := newEditor(in, out).term.ReadPassword(prompt)
	if errors.Is(err, io.EOF) {
		return "", &exitError{status: exitInterrupted}
	}
	return core.Secret(line), err
}

// SignalError is the cause of a context that a signal ended.
type SignalError struct {
	Signal os.Signal
}

// Error names the signal.
func (e *SignalError) Error() string { return "ended by " + e.Signal.String() }

// NotifyContext ends the context it returns when the user or the system asks
// the program to end; its cause is then a *SignalError, by which Main chooses
// the exit status. A second signal ends the process at once.
func NotifyContext(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals) // the next one does what the system does by itself
			cancel(&SignalError{Signal: s})
		case <-ctx.Done():
			signal.Stop(signals)
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
