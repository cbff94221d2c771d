package core

import (
	"context"
	"errors"
	"fmt"
)

// Code says what kind of failure happened and so what the caller should do.
// The zero value means "no error".
type Code string

// The codes. Each one's HTTP status, exit status, WebSocket close code and
// sentence stand in one table, which the gateway, the command line and the page read.
const (
	Invalid            Code = "invalid"             // change the request; it can never work as written
	Unauthenticated    Code = "unauthenticated"     // sign in
	Denied             Code = "denied"              // ask an owner for a grant
	NotFound           Code = "not_found"           // there is no such thing
	Conflict           Code = "conflict"            // somebody was faster: read again, then decide
	PreconditionFailed Code = "precondition_failed" // the condition that was sent does not hold
	TooLarge           Code = "too_large"           // send less; the limit is named
	Limited            Code = "limited"             // wait, then repeat
	OutcomeUnknown     Code = "outcome_unknown"     // it may have happened: repeat with the same idempotency key only
	Unavailable        Code = "unavailable"         // it did not happen: repeat later
	Internal           Code = "internal"            // the fault is ours and in the log
)

type codeFacts struct {
	http, exit, closeCode int
	sentence              string
}

func facts(c Code) codeFacts {
	switch c {
	case Invalid:
		return codeFacts{400, 2, 1008, "The request is not valid."}
	case Unauthenticated:
		return codeFacts{401, 4, 1008, "A credential is needed."}
	case Denied:
		return codeFacts{403, 4, 1008, "This is not allowed with your credential."}
	case NotFound:
		return codeFacts{404, 3, 1008, "There is no such thing."}
	case Conflict:
		return codeFacts{409, 7, 1008, "Somebody else was faster."}
	case PreconditionFailed:
		return codeFacts{412, 7, 1008, "The condition does not hold."}
	case TooLarge:
		return codeFacts{413, 2, 1009, "That is too large."}
	case Limited:
		return codeFacts{429, 5, 1013, "Too much at once; wait, then repeat."}
	case OutcomeUnknown:
		return codeFacts{503, 6, 1013, "It may or may not have happened; repeat with the same idempotency key only."}
	case Unavailable:
		return codeFacts{503, 5, 1013, "It did not happen; repeat later."}
	default:
		return codeFacts{500, 1, 1011, "Something went wrong inside the node; its log says what."}
	}
}

// Codes lists every code, in the order of the table.
func Codes() []Code {
	return []Code{
		Invalid, Unauthenticated, Denied, NotFound, Conflict, PreconditionFailed,
		TooLarge, Limited, OutcomeUnknown, Unavailable, Internal,
	}
}

// HTTPStatus is the status with which the gateway and the bridge answer.
func (c Code) HTTPStatus() int { return facts(c).http }

// ExitStatus is the status with which a command ends.
func (c Code) ExitStatus() int { return facts(c).exit }

// CloseCode is the WebSocket close code (RFC 6455, section 7.4).
func (c Code) CloseCode() int { return facts(c).closeCode }

// Sentence is what a stranger is told when the error brings no sentence of its own.
func (c Code) Sentence() string { return facts(c).sentence }

// Error is an error with a code and a sentence fit for a stranger to read.
type Error struct {
	Code Code
	Msg  string // goes to the caller: no path, no key, no address
	Err  error  // the cause: goes to the log, never to the caller
}

// Error returns the sentence and the cause, for the log.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Msg
	case e.Msg == "":
		return e.Err.Error()
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error whose sentence is formatted as fmt.Sprintf does. It has
// no cause: use Wrap to keep one.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error with a cause. The sentence goes to the caller, the cause
// to the log.
func Wrap(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...), Err: err}
}

// CodeOf finds the first code in the chain of err. It is "" for nil. An error
// that is only a context's end is Unavailable; one without any code is Internal.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Unavailable
	}
	return Internal
}

// Sentence is the sentence of err that a stranger may read: the first coded
// error's own, else its code's. It never holds a cause.
func Sentence(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Msg != "" {
		return e.Msg
	}
	if errors.Is(err, context.Canceled) {
		return "The request was cancelled."
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "The request ran out of time."
	}
	return CodeOf(err).Sentence()
}
