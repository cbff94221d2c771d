package core

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// A bundle is sent to strangers. Whatever secret stands in a log line or a value
// must not be in it, while what helps to find a fault stays.
func TestSupport_PlantedSecretsAreNotInIt(t *testing.T) {
	const (
		hex64  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
		base58 = "4NMwxzmYj2uvHuq8xoqhY8RXg63KSVJM1DXkpbmkUY7YQWuoyQgFnnzn6yo3CMnqZasnNPNuAT2TLwQsCaKkUddp"
		wallet = "8nCAfKVG1F5HucHBWKCihwQkuMTpPrX6KonjqqB7Ff6H"
		peer   = "12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk"
	)
	secrets := []string{
		"ak_3fJh8sK2mQ", "art_0123456789", "op_abcdef012345", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln", "debros1" + strings.Repeat("Ab", 30),
		"debros://join/debros1abc", "debros://room?network=x#c2Vj", hex64, "0x" + hex64, base58, "http://127.0.0.1:1/login?once=Zm9vYmFy",
		"password=hunter2", `passphrase: "correct horse"`, `{"access_token":"tokentoken"}`, "Authorization: Bearer abc.def", "https://ann:hunter2@proxy.example",
		"0x71C7656EC7ab88b098defB751B7401B5f6d8976F", "legal winner thank year wave sausage worth useful legal winner thank yellow",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----", wallet,
	}
	d := SupportData{
		Version: "v1.2.3", Commit: "abc1234", System: "linux/amd64", Now: time.Unix(0, 0),
		Status: Status{PeerID: peer, SolanaWallet: wallet, Addresses: []string{"/ip4/192.0.2.1/tcp/4001/p2p/" + peer}},
		Config: []ConfigValue{{Name: "proxy.password", Value: Secret("hunter2").String(), Origin: "default"}},
		Limits: []Limit{{Name: "calls at once", Value: "64"}},
		Logs:   []LogEntry{{Level: "info", Part: "p2p", Message: "peer connected", Attrs: map[string]string{"peer": peer, "key": "users/ann", "account": "carol"}}},
	}
	for _, s := range secrets {
		d.Logs = append(d.Logs, LogEntry{Level: "info", Part: "x", Message: "said " + s, Attrs: map[string]string{"error": "because of " + s}})
		d.Config = append(d.Config, ConfigValue{Name: "node.id", Value: s})
		d.Health.Checks = append(d.Health.Checks, Check{Name: "x", Detail: s})
	}
	files, err := Support(d)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := WriteSupport(&archive, files); err != nil {
		t.Fatal(err)
	}
	all := unzip(t, archive.Bytes())
	needles := append(secrets, "hunter2", "correct horse", "tokentoken", "abc.def", "Zm9vYmFy", "MC4CAQAw", "users/ann", "carol")
	for _, s := range needles {
		if strings.Contains(all, s) {
			t.Errorf("%q is in the bundle", s)
		}
	}
	for _, s := range []string{"v1.2.3", "peer connected", peer, "/ip4/192.0.2.1/tcp/4001", "calls at once: 64", "proxy.password = [secret]"} {
		if !strings.Contains(all, s) {
			t.Errorf("%q would help and is missing", s)
		}
	}
}

func unzip(t *testing.T, archive []byte) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range r.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
