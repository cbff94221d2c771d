package node

// This file is the chat for the operator's commands: each method by its name, its
// arguments as a JSON list, and files by their path on this computer.

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

var _ rpc.ChatService = (*chats)(nil)

// chatCall is one method. in are its arguments as they came.
type chatCall func(ctx context.Context, chat chatClient, in []json.RawMessage) (any, error)

// CallChat runs a method. Whoever may call has been asked for the operator's key.
// Nothing of in or out is logged: both may hold secrets.
func (own *chats) CallChat(ctx context.Context, name string, in json.RawMessage) (json.RawMessage, error) {
	call, known := chatCalls()[name]
	if !known {
		return nil, core.Errorf(core.Invalid, "this node's chat knows no such call; update the node")
	}
	var args []json.RawMessage
	if err := json.Unmarshal(in, &args); err != nil {
		return nil, core.Errorf(core.Invalid, "the arguments of a call are a JSON list")
	}
	answer, err := askChat(own, func(chat chatClient) (any, error) { return call(ctx, chat, args) })
	if err != nil {
		return nil, err
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the answer of the chat cannot be written")
	}
	return out, nil
}

// chatCalls is the table of what commands may ask for.
func chatCalls() map[string]chatCall {
	return map[string]chatCall{
		"State":     get0(chatClient.State),
		"Enrolment": get3(chatClient.Enrolment),
		"Enrol":     get1(chatClient.Enrol),
		"Unlock":    get2(chatClient.Unlock),
		"Lock":      do0(chatClient.Lock),
		"Forget":    do1(chatClient.Forget),

		"Rooms":      get0(chatClient.Rooms),
		"Room":       get1(chatClient.Room),
		"NewRoom":    get1(chatClient.NewRoom),
		"Direct":     get1(chatClient.Direct),
		"Accept":     do1(chatClient.Accept),
		"Refuse":     do1(chatClient.Refuse),
		"ChangeRoom": do1(chatClient.ChangeRoom),
		"SetRoom":    do1(chatClient.SetRoom),
		"People":     get1(chatClient.People),
		"Invite":     do2(chatClient.Invite),
		"Remove":     do3(chatClient.Remove),
		"Unban":      do2(chatClient.Unban),
		"SetRole":    do3(chatClient.SetRole),
		"Leave":      do1(chatClient.Leave),
		"MakeLink":   get1(chatClient.MakeLink),
		"Links":      get1(chatClient.Links),
		"RevokeLink": do2(chatClient.RevokeLink),
		"ReadLink":   get1(chatClient.ReadLink),
		"Join":       get1(chatClient.Join),

		"Messages":  get1(chatClient.Messages),
		"At":        get2(chatClient.At),
		"Send":      get1(chatClient.Send),
		"Edit":      do4(chatClient.Edit),
		"Delete":    do2(chatClient.Delete),
		"React":     do4(chatClient.React),
		"Resend":    do2(chatClient.Resend),
		"Discard":   do2(chatClient.Discard),
		"MarkRead":  do2(chatClient.MarkRead),
		"SaveDraft": do2(chatClient.SaveDraft),
		"Search":    get1(chatClient.Search),
		"Ladder":    get2(chatClient.Ladder),
		"Type":      do1(chatClient.Type),
		"Activity":  get1(chatClient.Activity),

		"AttachFile": get2(func(chat chatClient, ctx context.Context, room, path string) (core.ChatAttachment, error) {
			return attachFile(ctx, chat, room, path)
		}),
		"Unattach": do2(chatClient.Unattach),
		"FetchFile": do4(func(chat chatClient, ctx context.Context, room, message, file, path string) error {
			return newFile(path, func(w io.Writer) error { return chat.Fetch(ctx, room, message, file, w, nil) })
		}),

		"Person":      get1(chatClient.Person),
		"Contacts":    get0(chatClient.Contacts),
		"Nickname":    do2(chatClient.Nickname),
		"Block":       do2(chatClient.Block),
		"Safety":      get1(chatClient.Safety),
		"Verify":      do2(chatClient.Verify),
		"CheckSafety": do2(chatClient.CheckSafety),

		"Devices":      get0(chatClient.Devices),
		"NameDevice":   do2(chatClient.NameDevice),
		"RevokeDevice": do1(chatClient.RevokeDevice),
		"DeviceCode":   get0(chatClient.DeviceCode),
		"Approve":      get1(chatClient.Approve),

		"MakeBackup": get1(func(chat chatClient, ctx context.Context, passphrase core.Secret) (madeBackup, error) {
			made, err := chat.MakeBackup(ctx, passphrase)
			return madeBackup{made.Code.Reveal(), made.Version}, err
		}),
		"Restore": get1(func(chat chatClient, ctx context.Context, secret core.Secret) (core.ChatRestored, error) {
			return chat.Restore(ctx, secret, nil)
		}),
		"PostponeBackup": do0(chatClient.PostponeBackup),
		"ExportFile": do2(func(chat chatClient, ctx context.Context, e core.ChatExport, path string) error {
			return newFile(path, func(w io.Writer) error { return chat.Export(ctx, e, w, nil) })
		}),
		"Refusals": get0(chatClient.Refusals),
	}
}

// madeBackup is core.ChatBackupMade with its code, for the one who asked for it.
type madeBackup struct {
	Code    string `json:"code"`
	Version uint64 `json:"version"`
}

func attachFile(ctx context.Context, chat chatClient, room, path string) (answer core.ChatAttachment, err error) {
	f, err := os.Open(path) //nolint:gosec // G304: the operator names it
	if err != nil {
		return answer, core.Wrap(core.NotFound, err, "the file cannot be opened; check its path and rights")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return answer, core.Wrap(core.Invalid, err, "only a file can be attached; pack a folder first")
	}
	return chat.Attach(ctx, room, filepath.Base(path), info.Size(), f)
}

// newFile makes a file for its owner's eyes and fills it. What is there already
// stays, and a file that is not whole does not.
func newFile(path string, fill func(io.Writer) error) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // G304: the operator names it
	switch {
	case errors.Is(err, os.ErrExist):
		return core.Wrap(core.Conflict, err, "there is a file of that name; choose another one")
	case err != nil:
		return core.Wrap(core.Unavailable, err, "the file cannot be made; check its folder and the space on the disk")
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	return fill(f)
}

// arg reads argument i.
func arg[T any](in []json.RawMessage, i int) (v T, err error) {
	if err = json.Unmarshal(in[i], &v); err != nil {
		return v, core.Errorf(core.Invalid, "argument %d of the call has another form", i+1) // the cause may repeat it
	}
	return v, nil
}

func wants(in []json.RawMessage, n int) error {
	if len(in) != n {
		return core.Errorf(core.Invalid, "the call takes %s, not %d", core.Count(n, "argument"), len(in))
	}
	return nil
}

func get0[T any](f func(chatClient, context.Context) (T, error)) chatCall {
	return func(ctx context.Context, chat chatClient, in []json.RawMessage) (any, error) {
		if err := wants(in, 0); err != nil {
			return nil, err
		}
		return f(chat, ctx)
	}
}

func get1[A, T any](f func(chatClient, context.Context, A) (T, error)) chatCall {
	return func(ctx context.Context, chat chatClient, in []json.RawMessage) (any, error) {
		if err := wants(in, 1); err != nil {
			return nil, err
		}
		a, err := arg[A](in, 0)
		if err != nil {
			return nil, err
		}
		return f(chat, ctx, a)
	}
}

func get2[A, B, T any](f func(chatClient, context.Context, A, B) (T, error)) chatCall {
	return func(ctx context.Context, chat chatClient, in []json.RawMessage) (any, error) {
		if err := wants(in, 2); err != nil {
			return nil, err
		}
		a, errA := arg[A](in, 0)
		b, errB := arg[B](in, 1)
		if err := errors.Join(errA, errB); err != nil {
			return nil, err
		}
		return f(chat, ctx, a, b)
	}
}

func get3[A, B, C, T any](f func(chatClient, context.Context, A, B, C) (T, error)) chatCall {
	return func(ctx context.Context, chat chatClient, in []json.RawMessage) (any, error) {
		if err := wants(in, 3); err != nil {
			return nil, err
		}
		a, errA := arg[A](in, 0)
		b, errB := arg[B](in, 1)
		c, errC := arg[C](in, 2)
		if err := errors.Join(errA, errB, errC); err != nil {
			return nil, err
		}
		return f(chat, ctx, a, b, c)
	}
}

func do0(f func(chatClient, context.Context) error) chatCall {
	return get0(func(chat chatClient, ctx context.Context) (any, error) { return nil, f(chat, ctx) })
}

func do1[A any](f func(chatClient, context.Context, A) error) chatCall {
	return get1(func(chat chatClient, ctx context.Context, a A) (any, error) { return nil, f(chat, ctx, a) })
}

func do2[A, B any](f func(chatClient, context.Context, A, B) error) chatCall {
	return get2(func(chat chatClient, ctx context.Context, a A, b B) (any, error) { return nil, f(chat, ctx, a, b) })
}

func do3[A, B, C any](f func(chatClient, context.Context, A, B, C) error) chatCall {
	return get3(func(chat chatClient, ctx context.Context, a A, b B, c C) (any, error) {
		return nil, f(chat, ctx, a, b, c)
	})
}

func do4[A, B, C, D any](f func(chatClient, context.Context, A, B, C, D) error) chatCall {
	return func(ctx context.Context, chat chatClient, in []json.RawMessage) (any, error) {
		if err := wants(in, 4); err != nil {
			return nil, err
		}
		d, err := arg[D](in, 3)
		if err != nil {
			return nil, err
		}
		return do3(func(chat chatClient, ctx context.Context, a A, b B, c C) error { return f(chat, ctx, a, b, c, d) })(ctx, chat, in[:3])
	}
}
