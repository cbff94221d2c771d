package anchat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

func (d *device) export(e core.ChatExport) string {
	d.t.Helper()
	var out bytes.Buffer
	var last core.ChatProgress
	must(d.t, d.chat.Export(d.t.Context(), e, &out, func(p core.ChatProgress) { last = p }))
	if last.Done != last.Total || last.Total == 0 {
		d.t.Errorf("the progress ends at %d of %d", last.Done, last.Total)
	}
	return out.String()
}

// talk makes a room with a history: an edit, a deletion, a removal that moves it.
func talk(t *testing.T, nodes *memory) (ann *device, all []*device, id wire.Room) {
	t.Helper()
	ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
	carol := newDevice(t, nodes, 3, wallet.ETH).enrol()
	id = ann.make("plans <b>", bob, carol)
	ctx := t.Context()
	ann.say(id, "hello <script>alert(1)</script>")
	settle()
	bob.say(id, "helo ann")
	settle()
	carol.say(id, "a mistake")
	settle()
	for _, m := range bob.page(id).Messages {
		if m.Mine {
			must(t, bob.chat.Edit(ctx, id.String(), m.ID, "hello ann", nil))
		}
	}
	for _, m := range carol.page(id).Messages {
		if m.Mine {
			must(t, carol.chat.Delete(ctx, id.String(), m.ID))
		}
	}
	settle()
	must(t, ann.session().event(ctx, id, room.Body{Kind: room.BodyRemove, Account: carol.account}))
	settle()
	bob.say(id, "now we are two")
	settle()
	return ann, []*device{ann, bob, carol}, id
}

// What was written out could not be read by programs, or would run in a browser.
func TestExport_LinesAndPage(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, _, id := talk(t, nodes)
		texts, last := []string{}, ""
		lines := bufio.NewScanner(strings.NewReader(ann.export(core.ChatExport{Room: id.String(), Format: core.ChatExportJSON})))
		for lines.Scan() {
			var l exportLine
			must(t, json.Unmarshal(lines.Bytes(), &l))
			if l.Message != nil && l.Message.Kind == core.ChatText {
				texts = append(texts, l.Message.Text)
			}
			if l.Key != nil || l.Row != nil || l.Tag != "" {
				t.Errorf("an export in clear has a secret: %s", lines.Text())
			}
			last = l.Type
		}
		want := "hello <script>alert(1)</script>|hello ann||now we are two"
		if got := strings.Join(texts, "|"); got != want || last != lineComplete {
			t.Errorf("the lines say %q and end with %q; want %q", got, last, want)
		}
		html := ann.export(core.ChatExport{Format: core.ChatExportHTML})
		for text, want := range map[string]bool{
			"<script": false, "&lt;script&gt;alert(1)": true, "plans &lt;b&gt;": true, "hello ann": true, "(edited)": true, "helo ann": false,
			"deleted by": true, "a mistake": false, "http://": false, "https://": false, "</html>": true,
		} {
			if strings.Contains(html, text) != want {
				t.Errorf("the page has %q: %v", text, !want)
			}
		}
	})
}

// An export would prove nothing years later, or would pass after somebody changed it.
func TestExport_SealedCanBeChecked(t *testing.T) {
	const passphrase = "correct horse"
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, all, _ := talk(t, nodes)
		if err := ann.chat.Export(t.Context(), core.ChatExport{Format: core.ChatExportAge, Passphrase: "short"}, io.Discard, nil); core.CodeOf(err) != core.Invalid {
			t.Errorf("a short passphrase gave %v", err)
		}
		sealed := ann.export(core.ChatExport{Format: core.ChatExportAge, Passphrase: passphrase})
		if strings.Contains(sealed, "hello") {
			t.Error("a sealed export can be read")
		}
		for _, d := range all {
			d.shutdown()
		}
		time.Sleep(5 * 365 * 24 * time.Hour) // made-up time: all certificates have ended
		plain := unseal(t, sealed, passphrase)
		sealed = seal(t, plain, passphrase) // the same with less work for each try
		report, err := CheckExport(strings.NewReader(sealed), passphrase)
		must(t, err)
		if report.Messages != 3 || report.Proved != 3 || len(report.Faults) > 0 || report.Rooms != 2 || report.Address != ann.account.String() {
			t.Errorf("the report is %+v", report)
		}
		if _, err = CheckExport(strings.NewReader(sealed), "another horse"); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("a wrong passphrase gave %v", err)
		}
		if _, err = CheckExport(strings.NewReader(sealed[:len(sealed)-20]), passphrase); core.CodeOf(err) != core.Invalid {
			t.Errorf("a file that is cut gave %v", err)
		}
		for name, change := range map[string]func(string) string{
			"another text":   func(s string) string { return strings.Replace(s, `"text":"hello ann"`, `"text":"goodbye ann"`, 1) },
			"another author": func(s string) string { return strings.ReplaceAll(s, `"from":"`+ann.account.String(), `"from":"0x`) },
			"another row":    changeRow,
		} {
			report, err = CheckExport(strings.NewReader(seal(t, change(plain), passphrase)), passphrase)
			if err == nil && report.Proved == 3 && len(report.Faults) == 0 {
				t.Errorf("%s: nobody noticed", name)
			}
		}
	})
}

// changeRow flips a bit of the last row that is a message.
func changeRow(plain string) string {
	lines := strings.Split(plain, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		var l exportLine
		if json.Unmarshal([]byte(lines[i]), &l) != nil || l.Type != lineRow || wire.Kind(l.Row[0]) != wire.KindMessage {
			continue
		}
		l.Row[100] ^= 1
		raw, err := json.Marshal(l)
		if err != nil {
			panic(err)
		}
		lines[i] = string(raw)
		break
	}
	return strings.Join(lines, "\n")
}

func unseal(t *testing.T, sealed, passphrase string) string {
	t.Helper()
	identity, err := age.NewScryptIdentity(passphrase)
	must(t, err)
	r, err := age.Decrypt(strings.NewReader(sealed), identity)
	must(t, err)
	plain, err := io.ReadAll(r)
	must(t, err)
	return string(plain)
}

func seal(t *testing.T, plain, passphrase string) string {
	t.Helper()
	to, err := age.NewScryptRecipient(passphrase)
	must(t, err)
	to.SetWorkFactor(10)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	must(t, err)
	_, err = io.WriteString(w, plain)
	must(t, err)
	must(t, w.Close())
	return out.String()
}

// A file that somebody sends to be checked would end the program.
func FuzzExportCheck(f *testing.F) {
	f.Add([]byte(`{"type":"mailbox","tag":"00000000000000000000000000000000","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
{"type":"room","room":{"id":"` + strings.Repeat("00", 32) + `"}}
{"type":"mailbox","tag":"00000000000000000000000000000000","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
{"type":"key","session":"` + strings.Repeat("00", 32) + `","index":1,"key":"AAAA"}
{"type":"row","row":"BgEA"}
{"type":"message","message":{"kind":"text","id":"x"}}
{"type":"complete"}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		c := &exportCheck{}
		must(t, c.line(exportLine{Type: lineExport, Format: exportFormat, Address: "0x00000000000000000000000000000000000000aa", At: time.Unix(1e9, 0)}))
		for line := range bytes.Lines(lines) {
			var l exportLine
			if json.Unmarshal(line, &l) == nil {
				_ = c.line(l) //nolint:errcheck // any error will do
			}
		}
	})
}
