package cli

// This file has the commands that write and read messages.

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// chatFollowStep is the time between two looks at what is new.
	chatFollowStep = 300 * time.Millisecond
	// chatWaitStep is the same for how far a message is.
	chatWaitStep = 50 * time.Millisecond
)

func trimLine(data []byte) string { return strings.TrimRight(string(data), "\r\n") }

func chatMessageRecord(m core.ChatMessage) record {
	return record{
		{"id", m.ID},
		{"room", m.Room},
		{"position", m.Position},
		{"kind", m.Kind},
		{"from", m.From},
		{"from_name", m.FromName},
		{"text", m.Text},
		{"notice", m.Notice},
		{"sent_at", m.SentAt},
		{"stored_at", m.StoredAt},
		{"step", m.Step},
		{"stored_on", m.StoredOn},
		{"stored_of", m.StoredOf},
		{"seen_by", m.SeenBy},
		{"edited", m.Edited},
		{"deleted", m.Deleted},
		{"waiting", m.Waiting},
		{"missing", m.Missing},
		{"reply_to", chatQuoted(m)},
		{"reactions", chatSigns(m)},
		{"files", chatFiles(m)},
		{"failure", m.Failure},
		{"flags", m.Flags},
	}
}

func chatQuoted(m core.ChatMessage) string {
	if m.ReplyTo == nil {
		return ""
	}
	return m.ReplyTo.ID
}

func chatSigns(m core.ChatMessage) []string {
	list := []string{}
	for _, r := range m.Reactions {
		list = append(list, fmt.Sprintf("%s %d", r.Sign, len(r.By)))
	}
	return list
}

func chatFiles(m core.ChatMessage) []string {
	list := []string{}
	for _, f := range m.Files {
		list = append(list, f.ID+" "+f.Name)
	}
	return list
}

func (a *app) chatSend() *cobra.Command {
	var draft core.ChatDraft
	var files []string
	var wait string
	c := &cobra.Command{
		Use: "send ROOM [TEXT]", Short: "Send a message to a room", Args: wants("ROOM", "[TEXT]"), ValidArgsFunction: a.completeRooms,
		Long: "Without TEXT, or with '-', it is read from standard input; '@file' reads a file. By default it\n" +
			"returns once the message is stored by the network; --until queued returns as soon as it is\nsafe on this node, also without a connection.",
		Example: "  debros chat send plans 'The boat leaves at nine.'\n  make 2>&1 | debros chat send builds\n  debros chat send plans 'the minutes' --file minutes.pdf",
		RunE: func(cmd *cobra.Command, args []string) error {
			if wait != core.ChatQueued && wait != core.ChatStored {
				return core.Errorf(core.Invalid, "--until is %s or %s", core.ChatQueued, core.ChatStored)
			}
			text, err := a.value(args, 1)
			if err != nil {
				return err
			}
			draft.Text = trimLine(text)
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				draft.Room = room.ID
				for _, path := range files {
					whole, errPath := filepath.Abs(path)
					if errPath != nil {
						return core.Wrap(core.Invalid, errPath, "the path %q cannot be read", path)
					}
					var f core.ChatAttachment
					if err = a.chat(ctx, r, "AttachFile", &f, room.ID, whole); err != nil {
						return err
					}
					draft.Files = append(draft.Files, f.ID)
				}
				var sent core.ChatMessage
				if err = a.chat(ctx, r, "Send", &sent, draft); err != nil {
					return err
				}
				return a.awaitStored(ctx, r, sent, wait)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&draft.ReplyTo, "reply-to", "", "id of the message that this one answers")
	f.StringArrayVar(&draft.Mentions, "mention", nil, "address of somebody who is to be told; may be repeated")
	f.StringArrayVar(&files, "file", nil, "file on the node's computer to send along; may be repeated")
	f.StringVar(&wait, "until", core.ChatStored, "return when it is queued or stored")
	return c
}

// awaitStored follows a message up its ladder, then shows how far it is.
func (a *app) awaitStored(ctx context.Context, r remote, sent core.ChatMessage, until string) error {
	ladder := core.ChatLadder{ID: sent.ID, Step: sent.Step}
	tick := time.NewTicker(chatWaitStep)
	defer tick.Stop()
	for {
		if err := a.chat(ctx, r, "Ladder", &ladder, sent.Room, sent.ID); err != nil {
			return err
		}
		switch {
		case ladder.Step == core.ChatFailed:
			return core.Errorf(core.Unavailable, "it was not delivered: %s", ladder.Failure)
		case until == core.ChatQueued, ladder.Step == core.ChatStored, ladder.Step == core.ChatSeen:
			return a.show(document{object: chatLadderRecord(ladder), raw: []byte(ladder.ID + "\n"), hasRaw: true})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return core.Wrap(core.OutcomeUnknown, ctx.Err(), "the message %s is kept here and goes on trying; it is %s now", ladder.ID, ladder.Step)
		}
	}
}

func chatLadderRecord(l core.ChatLadder) record {
	steps := []string{}
	for _, s := range l.Steps {
		steps = append(steps, s.Step+" "+s.At.UTC().Format(time.RFC3339Nano)+" "+s.Evidence)
	}
	people := []string{}
	for _, p := range l.People {
		people = append(people, p.Name+": "+p.State)
	}
	return record{
		{"id", l.ID},
		{"step", l.Step},
		{"place", l.Place},
		{"stored_by", l.StoredBy},
		{"replicas", l.Replicas},
		{"seen", l.Seen},
		{"received", l.Received},
		{"members", l.Members},
		{"people", people},
		{"steps", steps},
		{"failure", l.Failure},
		{"checked_at", l.CheckedAt},
	}
}

func (a *app) chatRead() *cobra.Command {
	var q core.ChatQuery
	var follow, mark bool
	c := &cobra.Command{
		Use: "read ROOM", Short: "Print the messages of a room, oldest first", Args: wants("ROOM"), ValidArgsFunction: a.completeRooms,
		Long:    "Prints the newest messages, or those around a position. With --follow it goes on with what\ncomes until Ctrl+C. Reading by command marks nothing as read unless --mark says so.",
		Example: "  debros chat read plans --limit 20\n  debros chat read plans --follow -o jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			do := func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				q.Room = room.ID
				var page core.ChatMessages
				if err = a.chat(ctx, r, "Messages", &page, q); err != nil {
					return err
				}
				if err = a.printChat(page.Messages); err != nil {
					return err
				}
				last := lastStored(page.Messages, 0)
				if mark && last > 0 {
					if err = a.chat(ctx, r, "MarkRead", nil, room.ID, last); err != nil {
						return err
					}
				}
				if !follow {
					return nil
				}
				return a.followChat(ctx, r, room.ID, last)
			}
			if follow {
				return a.inChatLong(cmd, do)
			}
			return a.inChat(cmd, do)
		},
	}
	f := c.Flags()
	f.IntVar(&q.Limit, "limit", 0, "how many (default 50)")
	f.Int64Var(&q.Before, "before", 0, "those before a position")
	f.Int64Var(&q.After, "after", 0, "those after a position")
	f.Int64Var(&q.Around, "around", 0, "those around a position")
	f.BoolVar(&follow, "follow", false, "go on with what comes")
	f.BoolVar(&mark, "mark", false, "mark as read what was printed")
	return c
}

// lastStored is the position after which new messages stand.
func lastStored(list []core.ChatMessage, last int64) int64 {
	for _, m := range list {
		if !m.StoredAt.IsZero() {
			last = max(last, m.Position)
		}
	}
	return last
}

// followChat prints what is stored after a position, until ctx ends.
func (a *app) followChat(ctx context.Context, r remote, room string, after int64) error {
	a.endsBySignal = true
	tick := time.NewTicker(chatFollowStep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		var page core.ChatMessages
		if err := a.chat(ctx, r, "Messages", &page, core.ChatQuery{Room: room, After: max(after, 1), Limit: core.MaxChatPage}); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		var stored []core.ChatMessage
		for _, m := range page.Messages {
			if !m.StoredAt.IsZero() && m.Position > after {
				stored = append(stored, m)
			}
		}
		if err := a.printChat(stored); err != nil {
			return err
		}
		after = lastStored(stored, after)
	}
}

// printChat prints lines for a person, else records.
func (a *app) printChat(list []core.ChatMessage) error {
	if a.opts.output != formatTable && (a.opts.output != "" || !a.env.Terminal.Stdout) {
		if len(list) == 0 && a.opts.output != formatJSON && a.opts.output != formatYAML {
			return nil
		}
		d := document{name: "messages"}
		for _, m := range list {
			d.rows = append(d.rows, chatMessageRecord(m))
		}
		return a.show(d)
	}
	for _, m := range list {
		at := m.StoredAt
		if at.IsZero() {
			at = m.SentAt
		}
		line := a.paintOut(colorFaint, chatTime(at)) + " " + printable(chatLine(m)) + "\n"
		if err := a.write([]byte(line)); err != nil {
			return err
		}
	}
	return nil
}

// chatLine is a message in one line.
func chatLine(m core.ChatMessage) string {
	switch {
	case m.Kind == core.ChatHole:
		return fmt.Sprintf("-- %d messages of %s are missing", m.Missing, m.FromName)
	case m.Kind == core.ChatNotice:
		return strings.TrimSpace("-- " + m.FromName + " " + m.Notice + " " + strings.Join(m.Targets, ", "))
	case m.Deleted:
		return m.FromName + ": (deleted)"
	case m.Waiting != "":
		return m.FromName + ": (waiting for the key from " + m.Waiting + ")"
	}
	parts := []string{m.FromName + ": " + m.Text}
	for _, f := range m.Files {
		parts = append(parts, "["+f.Name+"]")
	}
	if m.Edited {
		parts = append(parts, "(edited)")
	}
	switch m.Step {
	case core.ChatQueued, core.ChatSent, core.ChatFailed:
		parts = append(parts, "("+m.Step+")")
	}
	return strings.Join(parts, " ")
}

func (a *app) chatSearch() *cobra.Command {
	var s core.ChatSearch
	var room string
	var since, until timeFlag
	c := &cobra.Command{
		Use: "search WORDS", Short: "Find messages by their words, on this node", Args: wants("WORDS"),
		Example: "  debros chat search 'boat nine' --room plans\n  debros chat search invoice --since 2026-11-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				s.Words, s.Since, s.Until = args[0], time.Time(since), time.Time(until)
				if room != "" {
					found, err := a.chatRoom(ctx, r, room)
					if err != nil {
						return err
					}
					s.Room = found.ID
				}
				var hits []core.ChatHit
				if err := a.chat(ctx, r, "Search", &hits, s); err != nil {
					return err
				}
				d := document{name: "hits", columns: []string{"at", "room_name", "from_name", "text"}}
				for _, h := range hits {
					d.rows = append(d.rows, record{
						{"room", h.Room}, {"room_name", h.RoomName}, {"id", h.ID}, {"position", h.Position}, {"from", h.From}, {"from_name", h.FromName}, {"at", h.At}, {"text", h.Text},
					})
				}
				return a.show(d)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&room, "room", "", "only in this room")
	f.StringVar(&s.From, "from", "", "only of this wallet")
	f.Var(&since, "since", "only from this day or time on")
	f.Var(&until, "until", "only before this day or time")
	f.IntVar(&s.Limit, "limit", 0, "how many (default 50)")
	return c
}

// timeFlag is a day, in this computer's zone, or a time of RFC 3339.
type timeFlag time.Time

// String is for the help: there is no default.
func (*timeFlag) String() string { return "" }

// Type is for the help.
func (*timeFlag) Type() string { return "time" }

// Set reads it.
func (t *timeFlag) Set(text string) error {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			*t = timeFlag(at)
			return nil
		}
	}
	return core.Errorf(core.Invalid, "a time is written 2026-11-27, 2026-11-27T14:05 or 2026-11-27T14:05:00Z")
}

func (a *app) chatShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ROOM ID", Short: "Say how far a message of yours is: who stores it, who has seen it", Args: wants("ROOM", "ID"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				var l core.ChatLadder
				if err = a.chat(ctx, r, "Ladder", &l, room.ID, args[1]); err != nil {
					return err
				}
				return a.show(document{object: chatLadderRecord(l)})
			})
		},
	}
}

func (a *app) chatEdit() *cobra.Command {
	return &cobra.Command{
		Use: "edit ROOM ID [TEXT]", Short: "Change a message of yours; what it said before stays visible", Args: wants("ROOM", "ID", "[TEXT]"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.value(args, 2)
			if err != nil {
				return err
			}
			return a.chatActIn(cmd, args[0], "edited", "Edit", args[1], trimLine(text), []string{})
		},
	}
}

func (a *app) chatDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete ROOM ID", Short: "Take a message back, on every device that follows", Args: wants("ROOM", "ID"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.chatActIn(cmd, args[0], "deleted", "Delete", args[1])
		},
	}
}

func (a *app) chatReact() *cobra.Command {
	var off bool
	c := &cobra.Command{
		Use: "react ROOM ID SIGN", Short: "Put a sign on a message", Args: wants("ROOM", "ID", "SIGN"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.chatActIn(cmd, args[0], "changed", "React", args[1], args[2], !off)
		},
	}
	c.Flags().BoolVar(&off, "off", false, "take it away")
	return c
}

func (a *app) chatFetch() *cobra.Command {
	return &cobra.Command{
		Use: "fetch ROOM ID FILE PATH", Short: "Save a file of a message on the node's computer", Args: wants("ROOM", "ID", "FILE", "PATH"), ValidArgsFunction: a.completeRooms,
		Long: "FILE is the id of the file as 'debros chat read -o json' shows it. PATH must not be there yet.",
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[3])
			if err != nil {
				return core.Wrap(core.Invalid, err, "the path %q cannot be read", args[3])
			}
			return a.inChatLong(cmd, func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				if err = a.chat(ctx, r, "FetchFile", nil, room.ID, args[1], args[2], path); err != nil {
					return err
				}
				return a.show(document{object: record{{"saved", true}, {"path", path}}})
			})
		},
	}
}
