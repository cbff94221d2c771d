package node_test

// Row T13 of the chat: what people write and what opens it, looked for in all that
// the nodes of a network write, say to each other and log.

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/node"
)

// Words that stand on one disk in clear, or that a length gives away, are read by
// whoever runs a node.
func TestCanary_ChatIsSealed(t *testing.T) {
	printed := redirected(t)
	logged := func(c *config.Config, dir string) *running {
		t.Helper()
		n, err := tryStartLogging(t, dir, func(to *config.Config) {
			if c != nil {
				to.Discovery = c.Discovery
			}
			to.Discovery.MDNS = false
		}, logging.Settings{Level: "debug", File: filepath.Join(dir, "logs", "node.log")}, printed)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := logged(nil, t.TempDir())
	nodes := []*running{first}
	for range 2 {
		next := logged(nil, t.TempDir())
		ticket, err := first.Invite(t.Context(), core.InviteOptions{})
		if err == nil {
			err = next.Join(t.Context(), ticket.Text)
		}
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, next)
	}
	asGuest := config.Default()
	asGuest.Discovery.BootstrapPeers = first.file.P2P
	guest := logged(&asGuest, t.TempDir())
	nodes = append(nodes, guest)

	s := secrets{texts: map[string]string{
		"the passphrase": chatWords, "a device's name": "Canary-device-name", "the room's name": "Canary-room-of-secrets", "the topic": "Canary-topic-of-the-room",
		"a short message": "Canary-one", "a longer message": "Canary-message-with-more-in-it-than-the-other", "an edit": "Canary-it-was-edited",
		"a nickname": "Canary-nickname", "a draft": "Canary-draft-unsent", "a file's name": "Canary-file-name.txt", "a file's text": strings.Repeat("Canary-file-text ", 40),
	}}
	ann, bob := first.enrolled(t, ethereumPerson(t)), guest.enrolled(t, solanaPerson(t))
	room := ann.makes(t, core.ChatNewRoom{Name: s.texts["the room's name"], Topic: s.texts["the topic"], Members: []string{bob.wallet()}, History: core.ChatHistoryAll})
	bob.invited(t, room.ID)
	heard := nodes[2].tap(t)
	ann.says(t, room.ID, s.texts["a short message"])
	ann.says(t, room.ID, s.texts["a longer message"])
	reads(t, room.ID, []string{s.texts["a short message"], s.texts["a longer message"]}, ann, bob)
	list, err := ann.at.Chat().Messages(t.Context(), core.ChatQuery{Room: room.ID})
	if err != nil {
		t.Fatal(err)
	}
	chat, ctx := ann.at.Chat(), t.Context()
	file, err := chat.Attach(ctx, room.ID, s.texts["a file's name"], int64(len(s.texts["a file's text"])), strings.NewReader(s.texts["a file's text"]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = chat.Send(ctx, core.ChatDraft{Room: room.ID, Text: s.texts["a short message"], Files: []string{file.ID}}); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"edit":  chat.Edit(ctx, room.ID, list.Messages[len(list.Messages)-1].ID, s.texts["an edit"], nil),
		"name":  chat.Nickname(ctx, bob.wallet(), s.texts["a nickname"]),
		"draft": chat.SaveDraft(ctx, room.ID, s.texts["a draft"]),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	link, err := chat.MakeLink(ctx, core.ChatLinkOptions{Room: room.ID})
	if err != nil {
		t.Fatal(err)
	}
	_, s.texts["the secret of a link"], _ = strings.Cut(link.URL, "#")
	backup, err := chat.MakeBackup(ctx, chatWords)
	if err != nil {
		t.Fatal(err)
	}
	s.texts["the recovery code"] = backup.Code.Reveal()
	reads(t, room.ID, []string{s.texts["a short message"], s.texts["an edit"], s.texts["a short message"]}, ann, bob)
	if hits, errSearch := bob.at.Chat().Search(ctx, core.ChatSearch{Words: s.texts["an edit"]}); errSearch != nil || len(hits) != 1 {
		t.Errorf("found %d, %v", len(hits), errSearch)
	}
	// A device that comes over HTTP shows its tags in paths.
	d := newChatDevice(t, ethereumPerson(t))
	for _, n := range []*running{first, guest} {
		tag := wire.NewTag()
		v := d.enter(t, n.visit(), n == first)
		session := d.begin(t, tag)
		putRows(t, v, session.announce(t), session.message(t))
		readRows(t, v, tag, 0)
		v.must(t, http.StatusNotFound, http.MethodGet, "/v1/anchat/mailboxes/"+wire.NewTag().Reveal(), nil)
		s.texts[fmt.Sprintf("a tag at %s", n.file.PeerID)] = tag.Reveal()
		s.texts[fmt.Sprintf("a token at %s", n.file.PeerID)] = v.credential
	}
	rows := heard()
	for _, n := range slices.Backward(nodes) {
		n.stop(t)
	}
	s.search(t, printed.Name())
	for _, n := range nodes {
		s.search(t, n.dir)
	}
	if !found(t, first.dir, string(filepath.Separator)+"anchat"+string(filepath.Separator), strings.ToLower(ann.wallet())) {
		t.Error("not even a wallet is found, which is public: too little was looked at")
	}
	// On the wire: no word, no wallet, and of messages only the sizes that there are.
	s.texts["a wallet"], s.texts["another wallet"] = ann.wallet(), bob.wallet()
	sizes := map[int]int{}
	for i, raw := range rows {
		s.find(t, fmt.Sprintf("row %d of the gossip", i), raw)
		row, errRow := wire.Decode(raw)
		if errRow != nil {
			t.Fatalf("row %d: %v", i, errRow)
		}
		if m, is := row.(wire.Message); is {
			index, errCheck := m.Check() // it knows the sizes
			if errCheck != nil || index > 127 {
				t.Errorf("row %d: index %d, %v", i, index, errCheck)
			}
			sizes[len(raw)]++
		}
	}
	if len(rows) < 4 || len(sizes) > len(wire.Sizes()) {
		t.Errorf("heard %d rows, of the sizes %v", len(rows), sizes)
	}
	t.Logf("%d rows of gossip, messages by size: %v", len(rows), sizes)
}

// tap listens at all mailboxes that this node carries; its answer ends it.
func (r *running) tap(t testing.TB) (heard func() [][]byte) {
	t.Helper()
	var ends []func() [][]byte
	until(t, "the node carries a mailbox", func() error {
		g, err := r.Gossip(t.Context())
		if err != nil {
			return err
		}
		_, gossip, err := node.OpenRows(r.Node, wire.Caller{}, nil)
		if err != nil {
			return err
		}
		for _, one := range g.Topics {
			text, ours := strings.CutPrefix(one.Topic, "ns::anchat::")
			name, errName := wire.ParseName(text)
			if !ours || errName != nil {
				continue
			}
			rows, end, errListen := gossip.Listen(t.Context(), name)
			if errListen != nil {
				return errListen
			}
			got := make(chan [][]byte, 1)
			go func() {
				var list [][]byte
				for row := range rows {
					list = append(list, row)
				}
				got <- list
			}()
			ends = append(ends, func() [][]byte {
				if errEnd := end(); errEnd != nil {
					t.Error(errEnd)
				}
				return <-got
			})
		}
		if len(ends) == 0 {
			return fmt.Errorf("it carries %+v", g.Topics)
		}
		return nil
	})
	return func() (all [][]byte) {
		for _, end := range ends {
			all = append(all, end()...)
		}
		return all
	}
}

// search looks for the secrets in a file, or in all files of a folder.
func (s secrets) search(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil && len(bytes.TrimSpace(raw)) > 0 {
			files++
			s.find(t, path, raw)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%s: %d files, %v", dir, files, err)
	}
}
