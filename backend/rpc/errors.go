// Errors on the wire: a code, a sentence, a request id.

package rpc

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// ErrStreamEnded is in the chain of an error that came from the stream and not
// from the node: the call may be repeated on a new stream when its code is
// core.Unavailable.
var ErrStreamEnded = errors.New("the stream to the node ended")

func marshal(m proto.Message) ([]byte, error) {
	body, err := proto.Marshal(m)
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the call cannot be packed; is all its text UTF-8?")
	}
	return body, nil
}

// packError leaves out every cause: they may name paths, keys and addresses.
func packError(err error, requestID string) ([]byte, error) {
	return marshal(&WireError{
		Code: string(core.CodeOf(err)), Sentence: clip(core.Sentence(err)), RequestId: requestID,
	})
}

// unpackError makes the error that a caller sees. Whatever the peer wrote, it
// has a known code and a sentence of bounded length.
func unpackError(body []byte) *core.Error {
	var w WireError
	if err := unmarshal(body, &w, plainEntries); err != nil {
		return core.Wrap(core.Internal, err, "the node's error cannot be read")
	}
	e := &core.Error{Code: core.Code(w.GetCode()), Msg: clip(w.GetSentence())}
	if !slices.Contains(core.Codes(), e.Code) {
		e.Code = core.Internal
	}
	if e.Msg == "" {
		e.Msg = e.Code.Sentence()
	}
	if id := w.GetRequestId(); id != "" {
		e.Err = RequestID(clip(id))
	}
	return e
}

func clip(s string) string {
	if len(s) > MaxSentenceBytes {
		s = s[:MaxSentenceBytes]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// errDrained is what callers hear of a server that ends.
func errDrained() error {
	return core.Errorf(core.Unavailable, "the node is stopping; ask another one")
}

// isViolation tells what a frame's text did wrong from a stream that failed:
// only the former has a code.
func isViolation(err error) bool {
	var coded *core.Error
	return errors.As(err, &coded)
}

func logPanic(ctx context.Context, log *slog.Logger, p any) {
	log.ErrorContext(ctx, "a handler panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
}
