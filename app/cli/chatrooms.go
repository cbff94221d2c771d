package cli

// This file has the commands about rooms and who is in them.

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func chatRoomRecord(room core.ChatRoom) record {
	return record{
		{"id", room.ID},
		{"name", room.Name},
		{"kind", room.Kind},
		{"state", room.State},
		{"role", room.Role},
		{"members", room.Members},
		{"unread", room.Unread},
		{"mentions", room.Mentions},
		{"muted", room.Muted},
		{"history", room.History},
		{"timer", room.Timer},
		{"topic", room.Topic},
		{"peer", room.Peer},
		{"last_at", room.LastAt},
		{"warning", room.Warning},
	}
}

func (a *app) chatRooms() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"rooms"}, Short: "List rooms, with what is unread in them", Args: wants(), Example: "  debros chat ls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				var rooms []core.ChatRoom
				if err := a.chat(ctx, r, "Rooms", &rooms); err != nil {
					return err
				}
				d := document{name: "rooms", columns: []string{"id", "name", "kind", "state", "unread", "mentions", "members", "last_at"}}
				for _, room := range rooms {
					d.rows = append(d.rows, chatRoomRecord(room))
				}
				return a.show(d)
			})
		},
	}
}

func (a *app) chatNew() *cobra.Command {
	var n core.ChatNewRoom
	var timer time.Duration
	c := &cobra.Command{
		Use: "new NAME [ADDRESS...]", Short: "Make a room and invite wallets to it", Args: cobra.MinimumNArgs(1),
		Example: "  debros chat new plans 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n  debros chat new archive --history all",
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Name, n.Timer = args[0], int64(timer/time.Second)
			for _, text := range args[1:] {
				address, err := chatAddress(text)
				if err != nil {
					return err
				}
				n.Members = append(n.Members, address)
			}
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				var room core.ChatRoom
				if err := a.chat(ctx, r, "NewRoom", &room, n); err != nil {
					return err
				}
				return a.show(document{object: chatRoomRecord(room)})
			})
		},
	}
	c.Flags().StringVar(&n.Topic, "topic", "", "what the room is about")
	c.Flags().StringVar(&n.History, "history", core.ChatHistoryJoined, "what new members read of before: joined (nothing) or all")
	c.Flags().BoolVar(&n.FreeInvite, "free-invite", false, "every member may invite")
	c.Flags().DurationVar(&timer, "timer", 0, "messages disappear after so long, 5m to 672h")
	return c
}

func (a *app) chatInvite() *cobra.Command {
	var o core.ChatLinkOptions
	var link, withQR bool
	c := &cobra.Command{
		Use: "invite ROOM [ADDRESS...]", Short: "Invite wallets to a room, or make a link that lets people in", Args: cobra.MinimumNArgs(1), ValidArgsFunction: a.completeRooms,
		Long:    "With --link a link is made: whoever has it may knock, until it has expired or was used up.\nHand it on as you would a password.",
		Example: "  debros chat invite plans 9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM\n  debros chat invite plans --link --uses 5 -o raw",
		RunE: func(cmd *cobra.Command, args []string) error {
			if link == (len(args) > 1) {
				return core.Errorf(core.Invalid, "give addresses of wallets, or --link")
			}
			var list []string
			for _, text := range args[1:] {
				address, err := chatAddress(text)
				if err != nil {
					return err
				}
				list = append(list, address)
			}
			if !link {
				return a.chatActIn(cmd, args[0], "invited", "Invite", list)
			}
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				o.Room = room.ID
				var made core.ChatLink
				if err = a.chat(ctx, r, "MakeLink", &made, o); err != nil {
					return err
				}
				if err = a.show(document{object: chatLinkRecord(made), raw: []byte(made.URL + "\n"), hasRaw: true}); err != nil {
					return err
				}
				if withQR || a.env.Terminal.Stderr && !a.opts.quiet {
					return a.drawQR(made.URL)
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&link, "link", false, "make a link")
	c.Flags().DurationVar(&o.ExpiresIn, "expires-in", 0, "of a link (default a week)")
	c.Flags().IntVar(&o.Uses, "uses", 0, "how many people a link lets in (default one)")
	c.Flags().BoolVar(&withQR, "qr", false, "draw the link as a QR code, also without a terminal")
	return c
}

func chatLinkRecord(l core.ChatLink) record {
	return record{
		{"id", l.ID}, {"room", l.Room}, {"name", l.RoomName}, {"by", l.ByName}, {"expires_at", l.ExpiresAt}, {"uses", l.Uses}, {"used", l.Used}, {"url", l.URL},
	}
}

func (a *app) chatLinks() *cobra.Command {
	var revoke string
	c := &cobra.Command{
		Use: "links ROOM", Short: "List the invite links of a room, or end one", Args: wants("ROOM"), ValidArgsFunction: a.completeRooms,
		Example: "  debros chat links plans\n  debros chat links plans --revoke 3f2a",
		RunE: func(cmd *cobra.Command, args []string) error {
			if revoke != "" {
				return a.chatActIn(cmd, args[0], "revoked", "RevokeLink", revoke)
			}
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				var links []core.ChatLink
				if err = a.chat(ctx, r, "Links", &links, room.ID); err != nil {
					return err
				}
				d := document{name: "links", columns: []string{"id", "by", "expires_at", "uses", "used"}}
				for _, l := range links {
					d.rows = append(d.rows, chatLinkRecord(l))
				}
				return a.show(d)
			})
		},
	}
	c.Flags().StringVar(&revoke, "revoke", "", "end the link with this id")
	return c
}

func (a *app) chatJoin() *cobra.Command {
	return &cobra.Command{
		Use: "join [LINK]", Short: "Ask to be let into a room by a link", Args: wants("[LINK]"),
		Long:    "Without LINK, or with '-', it is read from standard input: a link is a secret, and arguments\nare seen by other programs. An admin's device lets you in as soon as one is up.",
		Example: "  debros chat join - < link",
		RunE: func(cmd *cobra.Command, args []string) error {
			link, err := a.value(args, 0)
			if err != nil {
				return err
			}
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				var room core.ChatRoom
				if err := a.chat(ctx, r, "Join", &room, trimLine(link)); err != nil {
					return err
				}
				return a.show(document{object: chatRoomRecord(room)})
			})
		},
	}
}

func (a *app) chatAccept() *cobra.Command {
	return &cobra.Command{
		Use: "accept ROOM", Short: "Accept an invitation", Args: wants("ROOM"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.chatActIn(cmd, args[0], "accepted", "Accept")
		},
	}
}

func (a *app) chatRefuse() *cobra.Command {
	return &cobra.Command{
		Use: "refuse ROOM", Short: "Refuse an invitation; who invited is not told", Args: wants("ROOM"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.chatActIn(cmd, args[0], "refused", "Refuse")
		},
	}
}

func (a *app) chatLeave() *cobra.Command {
	return &cobra.Command{
		Use: "leave ROOM", Short: "Leave a room; what you have read stays here", Args: wants("ROOM"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.confirm("Leave the room "+args[0]+"?", args[0]); err != nil {
				return err
			}
			return a.chatActIn(cmd, args[0], "left", "Leave")
		},
	}
}

func (a *app) chatRemove() *cobra.Command {
	var ban bool
	c := &cobra.Command{
		Use: "remove ROOM ADDRESS", Short: "Remove somebody from a room; the room's keys change", Args: wants("ROOM", "ADDRESS"), ValidArgsFunction: a.completeRooms,
		RunE: func(cmd *cobra.Command, args []string) error {
			address, err := chatAddress(args[1])
			if err != nil {
				return err
			}
			return a.chatActIn(cmd, args[0], "removed", "Remove", address, ban)
		},
	}
	c.Flags().BoolVar(&ban, "ban", false, "they may not come back by a link")
	return c
}

func (a *app) chatRole() *cobra.Command {
	return &cobra.Command{
		Use: "role ROOM ADDRESS ROLE", Short: "Make somebody owner, admin or member of a room", Args: wants("ROOM", "ADDRESS", "ROLE"), ValidArgsFunction: a.completeRooms,
		Example: "  debros chat role plans 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 admin",
		RunE: func(cmd *cobra.Command, args []string) error {
			address, err := chatAddress(args[1])
			if err != nil {
				return err
			}
			return a.chatActIn(cmd, args[0], "changed", "SetRole", address, args[2])
		},
	}
}

func (a *app) chatSet() *cobra.Command {
	var name, topic, history, notify, myName string
	var timer time.Duration
	var freeInvite, muted, receipts, typing, presence bool
	c := &cobra.Command{
		Use: "set ROOM", Short: "Change a room for all, or how it is for you", Args: wants("ROOM"), ValidArgsFunction: a.completeRooms,
		Example: "  debros chat set plans --name 'Plans 2027' --timer 168h\n  debros chat set plans --muted --notify mentions",
		RunE: func(cmd *cobra.Command, args []string) error {
			f := cmd.Flags()
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				change, own := core.ChatRoomChange{Room: room.ID}, core.ChatRoomSettings{Room: room.ID}
				seconds := int64(timer / time.Second)
				forAll := given(f.Changed("name"), &change.Name, name) + given(f.Changed("topic"), &change.Topic, topic) +
					given(f.Changed("history"), &change.History, history) + given(f.Changed("timer"), &change.Timer, seconds) +
					given(f.Changed("free-invite"), &change.FreeInvite, freeInvite)
				forMe := given(f.Changed("muted"), &own.Muted, muted) + given(f.Changed("notify"), &own.Notify, notify) +
					given(f.Changed("receipts"), &own.Receipts, receipts) + given(f.Changed("typing"), &own.Typing, typing) +
					given(f.Changed("presence"), &own.Presence, presence) +
					given(f.Changed("my-name"), &own.MyName, myName)
				if forAll+forMe == 0 {
					return core.Errorf(core.Invalid, "say what to change; 'debros chat set --help' lists it")
				}
				if forAll > 0 {
					if err = a.chat(ctx, r, "ChangeRoom", nil, change); err != nil {
						return err
					}
				}
				if forMe > 0 {
					if err = a.chat(ctx, r, "SetRoom", nil, own); err != nil {
						return err
					}
				}
				if err = a.chat(ctx, r, "Room", &room, room.ID); err != nil {
					return err
				}
				return a.show(document{object: chatRoomRecord(room)})
			})
		},
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "for all: name")
	f.StringVar(&topic, "topic", "", "for all: what the room is about")
	f.StringVar(&history, "history", "", "for all: what new members read of before, joined or all")
	f.DurationVar(&timer, "timer", 0, "for all: messages disappear after so long; 0 ends it")
	f.BoolVar(&freeInvite, "free-invite", false, "for all: every member may invite")
	f.BoolVar(&muted, "muted", false, "for you: count nothing, notify of nothing")
	f.StringVar(&notify, "notify", "", "for you: all, mentions or none")
	f.BoolVar(&receipts, "receipts", false, "for you: tell what you have read")
	f.BoolVar(&typing, "typing", false, "for you: tell when you type")
	f.BoolVar(&presence, "presence", false, "for you: tell that you are there")
	f.StringVar(&myName, "my-name", "", "for you: what the others here are told that you are called")
	return c
}

// given sets to where a flag was used, and counts it.
func given[T any](changed bool, to **T, value T) int {
	if !changed {
		return 0
	}
	*to = &value
	return 1
}

func chatPersonRecord(p core.ChatPerson) record {
	return record{
		{"address", p.Address},
		{"name", p.Name},
		{"role", p.Role},
		{"me", p.Me},
		{"invited", p.Invited},
		{"banned", p.Banned},
		{"verified", p.Verified},
		{"changed", p.Changed},
		{"look_alike", p.LookAlike},
		{"blocked", p.Blocked},
		{"devices", len(p.Devices)},
		{"seen_at", p.SeenAt},
	}
}

func (a *app) chatMembers() *cobra.Command {
	return &cobra.Command{
		Use: "members ROOM", Short: "List who is in a room", Args: wants("ROOM"), ValidArgsFunction: a.completeRooms, Example: "  debros chat members plans",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				room, err := a.chatRoom(ctx, r, args[0])
				if err != nil {
					return err
				}
				var people []core.ChatPerson
				if err = a.chat(ctx, r, "People", &people, room.ID); err != nil {
					return err
				}
				d := document{name: "members", columns: []string{"address", "name", "role", "verified", "devices", "seen_at"}}
				for _, p := range people {
					d.rows = append(d.rows, chatPersonRecord(p))
				}
				return a.show(d)
			})
		},
	}
}

func (a *app) chatVerify() *cobra.Command {
	var yes, no, withQR bool
	c := &cobra.Command{
		Use: "verify ADDRESS", Short: "Show the safety number that you and somebody else compare, and say that it fits", Args: wants("ADDRESS"),
		Example: "  debros chat verify 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n  debros chat verify 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --fits",
		RunE: func(cmd *cobra.Command, args []string) error {
			address, err := chatAddress(args[0])
			if err != nil {
				return err
			}
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				if yes || no {
					if err := a.chat(ctx, r, "Verify", nil, address, yes); err != nil {
						return err
					}
				}
				var s core.ChatSafety
				if err := a.chat(ctx, r, "Safety", &s, address); err != nil {
					return err
				}
				if err := a.show(document{
					object: record{{"address", s.Address}, {"number", s.Number}, {"verified", s.Verified}, {"devices", len(s.Devices)}},
					raw:    []byte(s.Number + "\n"), hasRaw: true,
				}); err != nil {
					return err
				}
				if withQR {
					return a.drawQR(s.QR)
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&yes, "fits", false, "you have compared the number: it is the same on both sides")
	c.Flags().BoolVar(&no, "differs", false, "they are not verified any more")
	c.Flags().BoolVar(&withQR, "qr", false, "draw what the other side can scan")
	c.MarkFlagsMutuallyExclusive("fits", "differs")
	return c
}

func (a *app) chatBlock() *cobra.Command {
	var off bool
	c := &cobra.Command{
		Use: "block ADDRESS", Short: "Hear nothing of somebody any more; they are not told", Args: wants("ADDRESS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			address, err := chatAddress(args[0])
			if err != nil {
				return err
			}
			if off {
				return a.chatAct(cmd, "unblocked", "Block", address, false)
			}
			return a.chatAct(cmd, "blocked", "Block", address, true)
		},
	}
	c.Flags().BoolVar(&off, "off", false, "hear of them again")
	return c
}

func (a *app) chatName() *cobra.Command {
	return &cobra.Command{
		Use: "name ADDRESS [NAME]", Short: "Give somebody a name that only you see; without NAME it is taken away", Args: wants("ADDRESS", "[NAME]"),
		Example: "  debros chat name 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 Ann",
		RunE: func(cmd *cobra.Command, args []string) error {
			address, err := chatAddress(args[0])
			if err != nil {
				return err
			}
			name := ""
			if len(args) > 1 {
				name = args[1]
			}
			return a.chatAct(cmd, "named", "Nickname", address, name)
		},
	}
}
