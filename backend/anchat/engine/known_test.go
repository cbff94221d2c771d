package engine

// Known answers: what one version has saved and sealed, every later one reads.

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
)

// known is a conversation as it was saved: the records of a device, and rows for it.
type known struct {
	Records map[string]string // base64
	Room    string            // hex
	Tag     string            // hex, of its mailbox
	Head    string            // hex, of its last event
	Rows    []string          // base64, in the order of their storing
	Text    string            // of the message among them
	Letter  string            // that the envelope among them carries
	Session string            // hex, of a session whose key is among the records
}

var update = flag.Bool("update", false, "write the known answers anew")

// Records and rows of the first version have to open for ever, with the same bytes
// when they are saved again.
func TestKnownAnswers(t *testing.T) {
	path := filepath.Join("testdata", "v1.json")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, makeKnown(t), 0o600))
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	var k known
	must(t, json.Unmarshal(raw, &k))
	records := map[string][]byte{}
	for key, value := range k.Records {
		records[key] = fromBase64(t, value)
	}
	e, err := Load(records)
	must(t, err)
	for key, value := range records {
		if got := e.record(key); string(got) != string(value) {
			t.Errorf("%s is saved with other bytes", key)
		}
	}
	tag, err := wire.ParseTag(k.Tag)
	must(t, err)
	id, err := wire.ParseRoom(k.Room)
	must(t, err)
	head, err := wire.ParseSession(k.Head)
	must(t, err)
	c := &chain{id: id, history: "joined", boxes: []room.Mailbox{{Tag: tag}}, at: map[wire.Hash]int{wire.Hash(head): 0}}
	c.steps = []step{{head: wire.Hash(head), boxes: 1}}
	for a := range e.people {
		c.steps[0].members = append(c.steps[0].members, room.Member{Account: a})
	}
	for _, text := range k.Rows {
		row, decodeErr := wire.Decode(fromBase64(t, text))
		must(t, decodeErr)
		switch r := row.(type) {
		case wire.Envelope:
			s, _, openErr := e.OpenEnvelope(r, noon)
			must(t, openErr)
			if s.Kind == "note" && string(s.Body) != k.Letter {
				t.Errorf("the letter says %q", s.Body)
			}
		case wire.Announce:
			must(t, e.Accept(c.last(), r, noon))
		case wire.Message:
			o, openErr := e.Open(c.last(), r, noon)
			must(t, openErr)
			if read, readErr := o.Message.Text(); readErr != nil || read.Text != k.Text {
				t.Errorf("the message says %q, %v", read.Text, readErr)
			}
		}
	}
	session, err := wire.ParseSession(k.Session)
	must(t, err)
	if key, ok := e.Key(session); !ok || key.Index != 0 || len(key.Key) != exportBytes {
		t.Errorf("the saved key is %v, %v", key, ok)
	}
}

// makeKnown plays the conversation: bob has read one message, the rest waits for him.
func makeKnown(t *testing.T) []byte {
	w, alice, bob := pair(t)
	before := alice.send("before")
	bob.sync()
	alice.reads(bob.letterTo(alice, "hello"), "hello")
	bob.save()
	k := known{
		Records: map[string]string{}, Room: w.room.id.String(), Tag: w.room.boxes[0].Tag.Reveal(), Head: w.room.last().Head().String(),
		Text: "Tea?", Letter: "a letter", Session: before.Session.String(),
	}
	for key, value := range bob.records {
		k.Records[key] = base64.StdEncoding.EncodeToString(value)
	}
	letter := alice.letterTo(bob, k.Letter)
	alice.DropOutbound(w.room.id)
	rows, _, err := alice.Seal(w.room.last(), text(k.Text), w.now)
	must(t, err)
	for _, row := range append([]wire.Row{letter}, rows...) {
		k.Rows = append(k.Rows, base64.StdEncoding.EncodeToString(row.Encode()))
	}
	raw, err := json.MarshalIndent(k, "", "\t")
	must(t, err)
	return append(raw, '\n')
}

func fromBase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	must(t, err)
	return b
}
