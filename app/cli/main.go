package cli

// This file runs one command and turns its outcome into an exit status.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Exit statuses besides those of core's table of codes.
const (
	exitOK          = 0
	exitPartly      = 8
	exitInterrupted = 130
	exitTerminated  = 143
)

// Main runs the command in env.Args and returns the exit status of the process.
// It returns when ctx ends.
func Main(ctx context.Context, env Env) int {
	a := &app{env: env, dial: dialNode}
	return a.main(ctx)
}

func (a *app) main(ctx context.Context) int {
	root := a.root() //nolint:contextcheck // it only builds the tree; commands take their context when they run
	root.SetArgs(a.env.Args)
	root.SetIn(a.env.Stdin)
	root.SetOut(a.env.Stdout)
	root.SetErr(a.env.Stderr)
	err := root.ExecuteContext(ctx)
	if status, ok := bySignal(ctx); ok {
		switch {
		case !a.endsBySignal:
			return status
		case errors.Is(err, context.Canceled): // it was ended while it started
			return exitOK
		}
	}
	if err == nil {
		return exitOK
	}
	exit, ok := errors.AsType[*exitError](err)
	if ok && exit.err == nil {
		return exit.status
	}
	a.printError(err)
	if ok {
		return exit.status
	}
	return core.CodeOf(err).ExitStatus()
}

// exitError ends a command with a status of its own; err may be nil when
// everything worth saying was said.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// bySignal is the exit status when a signal ended ctx.
func bySignal(ctx context.Context) (int, bool) {
	s, ok := errors.AsType[*SignalError](context.Cause(ctx))
	switch {
	case !ok:
		return 0, false
	case s.Signal == syscall.SIGTERM:
		return exitTerminated, true
	}
	return exitInterrupted, true
}

// printError tells a person what went wrong, why, and what to type next. With
// -o json or jsonl it is an object, for the script that asked for one.
func (a *app) printError(err error) {
	code := core.CodeOf(err)
	sentence := core.Sentence(err)
	if a.opts.output == formatJSON || a.opts.output == formatJSONL {
		object, encodeErr := json.Marshal(record{{"schema", schema}, {"error", sentence}, {"code", string(code)}})
		if encodeErr == nil {
			fmt.Fprintln(a.env.Stderr, string(object))
			return
		}
	}
	fmt.Fprintln(a.env.Stderr, a.paint(colorRed, "error:"), printable(sentence))
	if next := a.nextStep(err); next != "" {
		fmt.Fprintln(a.env.Stderr, "  "+next)
	}
	if a.opts.verbose {
		fmt.Fprintf(a.env.Stderr, "  code: %s, exit status %d\n", code, code.ExitStatus())
		fmt.Fprintf(a.env.Stderr, "  cause: %s\n", printable(err.Error()))
	}
}

// nextStep is what to do about errors whose own sentence cannot know it.
func (a *app) nextStep(err error) string {
	switch core.CodeOf(err) {
	case core.OutcomeUnknown:
		if key := a.opts.idempotencyKey; key != "" {
			return "Repeat it with the same --idempotency-key " + printable(key) + ": it will not happen twice."
		}
		return "Look whether it happened before you repeat it."
	case core.Internal:
		return "See 'debros node logs --level error', or repeat the command with -v."
	case core.Unauthenticated:
		if aboutWallet(err) || strings.Contains(core.Sentence(err), "debros auth login") {
			return ""
		}
		if a.elsewhere() {
			return "Sign in with 'debros auth login', or put an API key into the environment's DEBROS_CREDENTIAL."
		}
		return "The credential is operator.key in the data folder, the environment's DEBROS_CREDENTIAL, or that of 'debros auth login'."
	case core.Invalid, core.Denied, core.NotFound, core.Conflict, core.PreconditionFailed, core.TooLarge, core.Limited, core.Unavailable:
	}
	return ""
}

// printable keeps control characters from the terminal: text may come from
// strangers.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\n' && r != '\t') || (r >= 0x7f && r < 0xa0) {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// aboutWallet says whether a wallet on this computer refused: then no credential
// is missing.
func aboutWallet(err error) bool {
	for _, reason := range []error{
		wallet.ErrPassphrase, wallet.ErrLocked, wallet.ErrKeychainLost, wallet.ErrMismatch, wallet.ErrMalleable, wallet.ErrContract, wallet.ErrNoKey, wallet.ErrWeakKey,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}
