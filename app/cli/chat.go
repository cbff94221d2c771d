package cli

// This file has what the commands of the chat share, and how the chat of a node is
// begun, opened and closed.

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// chatDomain is the loopback address that the text of a device's certificate
	// names when no page shows it.
	chatDomain = "127.0.0.1"
	// minRoomLetters is how many letters of a room's id are enough to name it.
	minRoomLetters = 4
)

func (a *app) chatCommand() *cobra.Command {
	c := a.group("chat", "Read and write end-to-end encrypted messages",
		a.chatStatus(), a.chatStart(), a.chatUnlock(), a.chatLock(),
		a.chatRooms(), a.chatNew(), a.chatInvite(), a.chatJoin(), a.chatAccept(), a.chatRefuse(), a.chatLeave(), a.chatRemove(), a.chatRole(), a.chatSet(), a.chatLinks(),
		a.chatSend(), a.chatRead(), a.chatSearch(), a.chatShow(), a.chatEdit(), a.chatDelete(), a.chatReact(), a.chatFetch(),
		a.chatMembers(), a.chatVerify(), a.chatBlock(), a.chatName(),
		a.chatDevices(), a.chatBackup(), a.chatRestore(), a.chatExport(),
	)
	c.Long = "Messages are sealed on this node and opened on the members' nodes; nobody between can read\n" +
		"them. Begin with 'debros chat start', which makes this node a device of your wallet.\n\n" +
		"ROOM is a room's name, the beginning of its id, or a wallet's address for a chat of two."
	return c
}

// chat asks the chat of the node. in are the arguments of the method, in order.
func (a *app) chat(ctx context.Context, r remote, method string, out any, in ...any) error {
	return r.Chat(ctx, method, in, out)
}

// inChat runs do with a connection to the node.
func (a *app) inChat(cmd *cobra.Command, do func(ctx context.Context, r remote) error) error {
	return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error { return do(ctx, r) })
}

// inChatLong is inChat without a time limit, for what moves much.
func (a *app) inChatLong(cmd *cobra.Command, do func(ctx context.Context, r remote) error) error {
	return a.stream(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error { return do(ctx, r) })
}

// chatRoom finds the room that a person means. An address finds or makes the chat
// of two.
func (a *app) chatRoom(ctx context.Context, r remote, text string) (core.ChatRoom, error) {
	var rooms []core.ChatRoom
	if err := a.chat(ctx, r, "Rooms", &rooms); err != nil {
		return core.ChatRoom{}, err
	}
	var found []core.ChatRoom
	for _, room := range rooms {
		switch {
		case room.ID == text:
			return room, nil
		case strings.EqualFold(room.Name, text), len(text) >= minRoomLetters && strings.HasPrefix(room.ID, strings.ToLower(text)):
			found = append(found, room)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if account, err := wallet.ParseAccount(text, ""); err == nil {
			var room core.ChatRoom
			err = a.chat(ctx, r, "Direct", &room, account.String())
			return room, err
		}
		return core.ChatRoom{}, core.Errorf(core.NotFound, "there is no room %q; 'debros chat ls' lists them", text)
	}
	return core.ChatRoom{}, core.Errorf(core.Invalid, "%d rooms are called %q; give the beginning of an id from 'debros chat ls'", len(found), text)
}

// chatAddress reads a wallet's address, and warns of a mistyped one.
func chatAddress(text string) (string, error) {
	account, err := wallet.ParseAccount(text, "")
	if err != nil {
		return "", err
	}
	if err = wallet.CheckEIP55(text); err != nil {
		return "", err
	}
	return account.String(), nil
}

// completeRooms completes names, and ids where a name is no word.
func (a *app) completeRooms(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	words := a.live(cmd, func(ctx context.Context, r remote, _ core.Namespace) ([]string, error) {
		var rooms []core.ChatRoom
		err := a.chat(ctx, r, "Rooms", &rooms)
		var list []string
		for _, room := range rooms {
			name := printable(room.Name)
			if name != room.Name || strings.ContainsAny(name, " \t\n") || name == "" {
				list = append(list, room.ID[:min(len(room.ID), 2*minRoomLetters)]+"\t"+name)
				continue
			}
			list = append(list, name)
		}
		return list, err
	})
	return words[:min(len(words), maxCompletions)], cobra.ShellCompDirectiveNoFileComp
}

func chatStateRecord(s core.ChatState) record {
	return record{
		{"state", s.State},
		{"wallet", s.Address},
		{"device", s.Device},
		{"online", s.Online},
		{"problem", s.Problem},
		{"unread", s.Unread},
		{"mentions", s.Mentions},
		{"requests", s.Requests},
		{"outbox", s.Outbox},
		{"expires_at", s.ExpiresAt},
		{"revoked", s.Revoked},
		{"approved", s.Approved},
		{"backup", s.Backup.Exists},
		{"backup_pending", s.Backup.Pending},
	}
}

func (a *app) showChatState(s core.ChatState) error {
	d := document{object: chatStateRecord(s)}
	switch {
	case s.State == core.ChatNone:
		d.footer = "Begin with 'debros chat start'."
	case s.State == core.ChatLocked:
		d.footer = "Open it with 'debros chat unlock'."
	case !s.Backup.Exists:
		d.footer = "There is no backup: a lost device would take the history with it. 'debros chat backup' makes one."
	}
	return a.show(d)
}

func (a *app) chatStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say how the chat of this node is", Args: wants(), Example: "  debros chat status",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				var s core.ChatState
				if err := a.chat(ctx, r, "State", &s); err != nil {
					return err
				}
				return a.showChatState(s)
			})
		},
	}
}

// chatSeal are the flags that say what seals the chat on this computer.
type chatSeal struct {
	file     string
	keychain bool
}

func (s *chatSeal) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.file, "chat-passphrase-file", "", "file with the chat's own passphrase, readable by you only")
	c.Flags().BoolVar(&s.keychain, "chat-keychain", false, "seal the chat by the system's keychain")
	c.MarkFlagsMutuallyExclusive("chat-passphrase-file", "chat-keychain")
}

func (a *app) chatStart() *cobra.Command {
	var name, chain, file, device string
	var keychain, paste bool
	var seal chatSeal
	c := &cobra.Command{
		Use: "start", Aliases: []string{"enrol"}, Short: "Make this node a device of your wallet, or renew its certificate", Args: wants(),
		Long: "The wallet signs one text, which is shown in full. After that it is not needed for chatting:\n" +
			"the node has keys of its own, sealed by a passphrase or the system's keychain.",
		Example: "  debros chat start\n  debros chat start --wallet work --chain SOL --device-name laptop",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inChatLong(cmd, func(ctx context.Context, r remote) error {
				return a.enrolChat(ctx, r, chatEnrolment{wallet: name, chain: chain, file: file, keychain: keychain, paste: paste, device: device, seal: seal})
			})
		},
	}
	c.Flags().StringVar(&name, "wallet", "", "the wallet; without it, the one in use")
	c.Flags().StringVar(&chain, "chain", "", "ETH or SOL, where a wallet has both (default ETH)")
	c.Flags().StringVar(&device, "device-name", "", "name of this device, which your other devices see")
	c.Flags().BoolVar(&paste, "paste", false, "print the text and read the signature: for a wallet elsewhere, whose address is --wallet")
	a.passphraseFlags(c, &file, &keychain)
	seal.flags(c)
	_ = c.RegisterFlagCompletionFunc("wallet", a.completeWallets) //nolint:errcheck // the flag was just made
	return c
}

// chatEnrolment is what "chat start" was told.
type chatEnrolment struct {
	wallet, chain, file, device string
	keychain, paste             bool
	seal                        chatSeal
}

func (a *app) enrolChat(ctx context.Context, r remote, e chatEnrolment) error {
	var account wallet.Account
	var sign func(text string) (string, error)
	if e.paste {
		var err error
		if account, err = wallet.ParseAccount(e.wallet, wallet.Chain(strings.ToUpper(e.chain))); err != nil {
			return core.Wrap(core.Invalid, err, "with --paste give the wallet's address: --wallet 0x…")
		}
		sign = func(text string) (string, error) {
			a.tell("Sign this text with %s, then paste the signature:\n\n%s\n", account, text)
			return a.question("Signature: ")
		}
	} else {
		store, info, err := a.findWallet(e.wallet)
		if err != nil {
			return err
		}
		if account, err = accountOf(info, e.chain); err != nil {
			return err
		}
		sign = func(text string) (string, error) {
			signer, err := a.unlock(ctx, store, info, e.file, e.keychain)
			if err != nil {
				return "", err
			}
			defer signer.Lock()
			return signer.Sign(ctx, account, text, a.agree)
		}
	}
	var asked core.ChatEnrolment
	if err := a.chat(ctx, r, "Enrolment", &asked, account.String(), string(account.Chain()), chatDomain); err != nil {
		return err
	}
	a.tell("Check code: %s", asked.Code)
	signature, err := sign(asked.Text)
	if err != nil {
		return err
	}
	var passphrase core.Secret
	if !e.seal.keychain && !asked.Renewal {
		if passphrase, err = a.newPassphrase(e.seal.file, "Passphrase of the chat on this computer: "); err != nil {
			return err
		}
	}
	var state core.ChatState
	// A map: a Secret would travel as what is printed of it.
	err = a.chat(ctx, r, "Enrol", &state, map[string]any{
		"id": asked.ID, "signature": strings.TrimSpace(signature), "passphrase": passphrase.Reveal(), "keychain": e.seal.keychain, "device_name": e.device,
	})
	if err != nil {
		return err
	}
	return a.showChatState(state)
}

func (a *app) chatUnlock() *cobra.Command {
	var seal chatSeal
	c := &cobra.Command{
		Use: "unlock [ADDRESS]", Short: "Open the chat of a wallet on this node", Args: wants("[ADDRESS]"),
		Example: "  debros chat unlock\n  debros chat unlock --chat-passphrase-file pass",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inChat(cmd, func(ctx context.Context, r remote) error {
				address, err := a.chatWallet(ctx, r, args)
				if err != nil {
					return err
				}
				var passphrase core.Secret
				if !seal.keychain {
					if passphrase, err = a.passphrase(seal.file, "Passphrase of the chat: "); err != nil {
						return err
					}
				}
				var s core.ChatState
				if err = a.chat(ctx, r, "Unlock", &s, address, passphrase.Reveal()); err != nil {
					return err
				}
				return a.showChatState(s)
			})
		},
	}
	seal.flags(c)
	return c
}

// chatWallet is the wallet that was named, else the only one with a device on the node.
func (a *app) chatWallet(ctx context.Context, r remote, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	var s core.ChatState
	if err := a.chat(ctx, r, "State", &s); err != nil {
		return "", err
	}
	switch len(s.Accounts) {
	case 0:
		return "", core.Errorf(core.NotFound, "no wallet has a chat on this node; begin with 'debros chat start'")
	case 1:
		return s.Accounts[0].Address, nil
	}
	return "", core.Errorf(core.Invalid, "%d wallets have a chat on this node; say which: debros chat unlock %s", len(s.Accounts), s.Accounts[0].Address)
}

func (a *app) chatLock() *cobra.Command {
	return &cobra.Command{
		Use: "lock", Short: "Close the chat: its keys leave the memory of the node", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.chatAct(cmd, "locked", "Lock") },
	}
}

// chatAct asks for what has no answer, and says that it is done.
func (a *app) chatAct(cmd *cobra.Command, done, method string, in ...any) error {
	return a.inChat(cmd, func(ctx context.Context, r remote) error {
		if err := a.chat(ctx, r, method, nil, in...); err != nil {
			return err
		}
		return a.show(document{object: record{{done, true}}})
	})
}

// chatActIn is chatAct for what happens in a room.
func (a *app) chatActIn(cmd *cobra.Command, room, done, method string, in ...any) error {
	return a.inChat(cmd, func(ctx context.Context, r remote) error {
		found, err := a.chatRoom(ctx, r, room)
		if err != nil {
			return err
		}
		if err = a.chat(ctx, r, method, nil, append([]any{found.ID}, in...)...); err != nil {
			return err
		}
		return a.show(document{object: record{{done, true}, {"room", found.ID}, {"name", found.Name}}})
	})
}

// chatTime shows a time for a person, as of today where it is.
func chatTime(t time.Time) string {
	t = t.Local()
	if now := time.Now(); t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}
