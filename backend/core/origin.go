package core

import "context"

// Origin is where a request came from, for what is recorded about it. It decides
// nothing: who the caller is, his credential says.
type Origin struct {
	RequestID string // as the answer and the log call it, "" when there is none
	Address   string // the caller's, or his peer id; "" when unknown
}

type originKey struct{}

// WithOrigin gives the origin to all that is done with the context.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf is the origin that WithOrigin gave last, the zero value when it gave
// none: what a node does by itself has none.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin) //nolint:errcheck // the zero value says it
	return o
}
