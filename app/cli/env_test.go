//go:build unix

package cli

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
)

// A signal must end the command in order, and be told from a failure.
func TestNotifyContext(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		ctx, stop := NotifyContext(t.Context())
		if err := syscall.Kill(os.Getpid(), signal); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		cause, ok := errors.AsType[*SignalError](context.Cause(ctx))
		if !ok || cause.Signal != signal {
			t.Errorf("cause %v, want %v", context.Cause(ctx), signal)
		}
		stop()
	}
	ctx, stop := NotifyContext(t.Context())
	stop()
	<-ctx.Done()
	if _, ok := bySignal(ctx); ok {
		t.Error("an ordinary end passes for a signal")
	}
}
