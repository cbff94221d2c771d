package gateway

// This file is the chat as a WebSocket: new rows of the mailboxes that the client
// names, and of its device's inbox, from the numbers on that it has.

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxChatAsk bounds one text frame of the client: all mailboxes of a wallet.
	maxChatAsk = 128 << 10
	// chatNameBytes is the length of a mailbox's name.
	chatNameBytes = 16
)

// chatAsk is a text frame of the client. A later one takes the place of the first.
type chatAsk struct {
	Mailboxes []struct {
		Tag   string `json:"tag"`
		After uint64 `json:"after"`
	} `json:"mailboxes"`
	Inbox uint64 `json:"inbox"`
}

// chatFeed is one client. Each binary frame that it gets is the name of a mailbox
// in 16 bytes, zeros for the inbox, then rows as GET answers them.
type chatFeed struct {
	service ChatService
	until   time.Time    // the end of the device's token
	asks    chan chatAsk // of one, the newest
}

func chatSocket(c *call, s ChatService) error {
	f := &chatFeed{service: s, until: c.who.ExpiresAt, asks: make(chan chatAsk, 1)}
	return c.serveSocket(socketUse{need: core.PermissionChat, maxMessage: maxChatAsk, run: f.run, receive: f.receive})
}

// receive takes what the client wants to follow.
func (f *chatFeed) receive(_ context.Context, s *socket, data []byte) {
	var ask chatAsk
	if err := json.Unmarshal(data, &ask); err != nil || len(ask.Mailboxes) > MaxChatFollowed {
		s.text(jsonText(errorFrame{Type: "error", Code: core.Invalid, Error: "a frame names up to 1000 mailboxes: {mailboxes: [{tag, after}], inbox}"}))
		return
	}
	for {
		select {
		case f.asks <- ask:
			return
		default:
		}
		select { // a newer one counts
		case <-f.asks:
		default:
		}
	}
}

// run follows what was asked for last. It ends with the token, as a device that
// was revoked must not hear on; the client comes back with a new one.
func (f *chatFeed) run(ctx context.Context, s *socket) error {
	ctx, cancel := context.WithDeadlineCause(ctx, f.until, core.Errorf(core.Unauthenticated, "the session's time has ended; open a new one and connect again"))
	defer cancel()
	var ask *chatAsk
	for {
		if ask == nil {
			select {
			case next := <-f.asks:
				ask = &next
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		next, err := f.follow(ctx, s, *ask)
		if err != nil {
			return err
		}
		ask = next
	}
}

// follow sends what is new until something else is asked for.
func (f *chatFeed) follow(ctx context.Context, s *socket, ask chatAsk) (*chatAsk, error) {
	tags, after, names := make([]string, len(ask.Mailboxes)), map[string]uint64{}, map[string]string{}
	for i, m := range ask.Mailboxes {
		tags[i] = m.Tag
		after[m.Tag] = max(after[m.Tag], m.After)
	}
	for index := uint64(0); ; {
		change, next, err := f.wait(ctx, tags, index)
		if err != nil || next != nil {
			return next, err
		}
		index = change.Index
		for _, tag := range tags {
			if name, known := names[tag]; known && change.Mailboxes[name] <= after[tag] {
				continue
			}
			if after[tag], names[tag], err = f.send(ctx, s, tag, after[tag]); err != nil {
				return nil, err
			}
		}
		if change.Inbox > ask.Inbox {
			if ask.Inbox, _, err = f.send(ctx, s, "", ask.Inbox); err != nil {
				return nil, err
			}
		}
	}
}

// wait returns what is new after a log entry, or what is to be followed instead.
func (f *chatFeed) wait(ctx context.Context, tags []string, index uint64) (ChatChange, *chatAsk, error) {
	type outcome struct {
		change ChatChange
		err    error
	}
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		change, err := f.service.Follow(asking, tags, index, MaxChatWait)
		done <- outcome{change, err}
	}()
	select {
	case next := <-f.asks:
		cancel()
		<-done
		return ChatChange{}, &next, nil
	case o := <-done:
		if o.err != nil && ctx.Err() != nil {
			return ChatChange{}, nil, context.Cause(ctx)
		}
		return o.change, nil, o.err
	}
}

// send brings the rows of a mailbox, or of the inbox when tag is "", after a
// number, and returns the last one's.
func (f *chatFeed) send(ctx context.Context, s *socket, tag string, after uint64) (last uint64, name string, err error) {
	head := make([]byte, chatNameBytes)
	if tag != "" {
		if name, err = f.service.MailboxName(tag); err != nil {
			return after, "", err
		}
		if _, err = hex.Decode(head, []byte(name)); err != nil {
			return after, "", core.Wrap(core.Internal, err, "a mailbox's name is no hexadecimal text")
		}
	}
	for {
		var p ChatPage
		if tag == "" {
			p, err = f.service.Inbox(ctx, after, MaxChatPage)
		} else {
			p, err = f.service.Mailbox(ctx, tag, after, MaxChatPage)
		}
		if core.CodeOf(err) == core.NotFound { // nothing was put there yet
			return after, name, nil
		}
		if err != nil || len(p.Rows) == 0 {
			return after, name, err
		}
		if err = s.room(ctx); err != nil {
			return after, name, err
		}
		s.binary(AppendChatRows(head[:chatNameBytes:chatNameBytes], p.Rows))
		if after = p.Rows[len(p.Rows)-1].Seq; after >= p.Last {
			return after, name, nil
		}
	}
}
