package wallet

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/keystore"

	"git.debros.io/DeBros/network/backend/core"
)

// Files that other programs wrote. The first two are the vectors of Ethereum's
// own description of the format, which name no address; the third is ethers 6's.
const (
	vectorScrypt = `{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},"ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
		"kdf":"scrypt","kdfparams":{"dklen":32,"n":262144,"r":1,"p":8,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
		"mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}`
	vectorPBKDF2 = `{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
		"kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
		"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}`
	vectorEthers = `{"address":"2c7536e3605d9c16a7a3d7b1898e529396a65c23","id":"6e64ea4f-c4f8-4bf7-835f-93ca0757dd7e","version":3,"Crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"7c666f35fd10612e3e3cbe9194383f10"},
		"ciphertext":"4c6abcabcb6e791d2732ded5dcb511c059c3ce3e28ef797472d6e1e5f6dc2db7","kdf":"scrypt","kdfparams":{"salt":"0120431cce394f7bbd00c5b5808aa0343e8f8dd6c25b633f27a5f3f8f59ee9fe","n":4096,"dklen":32,"p":1,"r":8},
		"mac":"e8bb182e93c2b7303e42bb5ce0593a21b3824330ba307eb2175c9793c3bfd9a6"}}`

	vectorKey = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
	ethersKey = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
)

// Whoever comes with a key file of another program must not be left outside.
func TestKeystore_OtherPrograms(t *testing.T) {
	for name, c := range map[string]struct{ file, key string }{
		"scrypt vector": {vectorScrypt, vectorKey}, "pbkdf2 vector": {vectorPBKDF2, vectorKey}, "ethers": {vectorEthers, ethersKey},
	} {
		m, err := parseSecret(FormKeystore, core.Secret(c.file), "testpassword")
		if err != nil || m.kind != KindEthereum || hex.EncodeToString(m.raw) != c.key {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parseSecret(FormKeystore, vectorEthers, "testpassworD"); !errors.Is(err, ErrPassphrase) {
		t.Error(err)
	}
	// The library panics at some of these and gives others all the memory there is.
	swap := func(from, to string) string {
		if !strings.Contains(vectorEthers, from) {
			t.Fatal(from)
		}
		return strings.Replace(vectorEthers, from, to, 1)
	}
	for name, file := range map[string]string{
		"no JSON":                       "{",
		"another version":               swap(`"version":3`, `"version":1`),
		"no crypto":                     `{"version":3}`,
		"no parameters":                 swap(`"kdfparams":{"salt":"0120431cce394f7bbd00c5b5808aa0343e8f8dd6c25b633f27a5f3f8f59ee9fe","n":4096,"dklen":32,"p":1,"r":8},`, ""),
		"a salt that is a number":       swap(`"salt":"0120431cce394f7bbd00c5b5808aa0343e8f8dd6c25b633f27a5f3f8f59ee9fe"`, `"salt":7`),
		"no n":                          swap(`"n":4096,`, ""),
		"n of 0":                        swap(`"n":4096`, `"n":0`),
		"n below 0":                     swap(`"n":4096`, `"n":-4096`),
		"n no power of two":             swap(`"n":4096`, `"n":4095`),
		"n with a fraction":             swap(`"n":4096`, `"n":4096.5`),
		"n for 4 TB":                    swap(`"n":4096`, `"n":4294967296`),
		"n for 1 GB":                    swap(`"n":4096`, `"n":1048576`),
		"n without end":                 swap(`"n":4096`, `"n":1e300`),
		"p for an hour":                 swap(`"p":1`, `"p":16777216`),
		"r for all memory":              swap(`"r":8`, `"r":16777216`),
		"a derived key that is short":   swap(`"dklen":32`, `"dklen":16`),
		"a derived key without end":     swap(`"dklen":32`, `"dklen":1e9`),
		"another cipher":                swap("aes-128-ctr", "aes-128-cbc"),
		"another derivation":            swap(`"kdf":"scrypt"`, `"kdf":"argon2"`),
		"pbkdf2 with scrypt's numbers":  swap(`"kdf":"scrypt"`, `"kdf":"pbkdf2"`),
		"pbkdf2 for an hour":            strings.Replace(vectorPBKDF2, `"c":262144`, `"c":1e12`, 1),
		"pbkdf2 with MD5":               strings.Replace(vectorPBKDF2, "hmac-sha256", "hmac-md5", 1),
		"a short start value":           swap("7c666f35fd10612e3e3cbe9194383f10", "7c66"),
		"a start value that is no hex":  swap("7c666f35fd10612e3e3cbe9194383f10", "zz666f35fd10612e3e3cbe9194383f10"),
		"a short checksum":              swap("e8bb182e", ""),
		"no text":                       swap("4c6abcabcb6e791d2732ded5dcb511c059c3ce3e28ef797472d6e1e5f6dc2db7", ""),
		"another start value":           swap("7c666f35", "7c666f36"),
		"the address of somebody else":  swap("2c7536e3", "2c7536e4"),
		"more than a key file may have": vectorEthers + strings.Repeat(" ", MaxKeyFileBytes) + "{",
	} {
		if m, err := parseSecret(FormKeystore, core.Secret(file), "testpassword"); core.CodeOf(err) != core.Invalid || m.raw != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A wallet that only this program opens is a trap: the file of an Ethereum key is
// a keystore file as it lies there.
func TestKeyFile_OtherProgramsOpenIt(t *testing.T) {
	s := testStore(t, nil)
	info, err := s.Import(t.Context(), Import{Secret: ethersKey, Passphrase: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.load(info.ID, walletSuffix)
	if err != nil {
		t.Fatal(err)
	}
	exported, err := s.Export(t.Context(), info.ID, Export{Passphrase: "correct horse", Form: FormKeystore, FilePassphrase: "battery staple"})
	if err != nil {
		t.Fatal(err)
	}
	for passphrase, file := range map[string]string{"correct horse": string(data), "battery staple": exported.Reveal()} {
		key, wrong := keystore.DecryptKey([]byte(file), passphrase)
		if wrong != nil || key.Address.Hex() != info.Accounts[0].String() {
			t.Errorf("%s: %v", passphrase, wrong)
		}
	}
	// A Solana key has as many bytes. No other tool may take it for Ethereum's.
	info, err = s.Import(t.Context(), Import{Secret: naclSecret, Passphrase: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	if data, err = s.load(info.ID, walletSuffix); err != nil {
		t.Fatal(err)
	}
	if key, err := keystore.DecryptKey(data, "correct horse"); err == nil {
		t.Errorf("a Solana key was opened as %v", key.Address)
	}
}

// Foreign key files come from the net. Whatever is in them, the answer is an error.
func FuzzKeyFile(f *testing.F) {
	for _, file := range []string{vectorEthers, vectorPBKDF2, strings.Replace(vectorEthers, "4096", "2", 1)} {
		f.Add([]byte(file))
	}
	sealed, err := seal(make([]byte, 16), "passphrase", 2)
	if err != nil {
		f.Fatal(err)
	}
	part := &walletPart{Kind: KindWords, Label: "a"}
	own, err := keyFile{ID: "6e64ea4f-c4f8-4bf7-835f-93ca0757dd7e", Crypto: sealed, Wallet: part}.marshal([]Account{account(f, aliceETH), account(f, aliceSOL)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(own)
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, accounts, err := parseKeyFile(data); err == nil {
			if again, bad := file.marshal(accounts); bad != nil || len(again) == 0 {
				t.Fatal(bad)
			}
		} else if core.CodeOf(err) != core.Invalid {
			t.Fatal(err)
		}
		// Dear ones are right and slow; the limits have a table of their own.
		var file keyFile
		if json.Unmarshal(data, &file) != nil || param(file.Crypto, "n")*param(file.Crypto, "r")*param(file.Crypto, "p") > 1<<12 || param(file.Crypto, "c") > 1000 {
			return
		}
		if _, err := keystoreKey(data, "passphrase"); err == nil {
			t.Fatal("opened without its passphrase")
		} else if code := core.CodeOf(err); code != core.Invalid && code != core.Unauthenticated {
			t.Fatal(err)
		}
	})
}

func FuzzSecret(f *testing.F) {
	for _, secret := range []string{ethersKey, naclSecret, naclIDJSON(), "[]", "[256]", `"AA=="`, "legal winner"} {
		f.Add(secret)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		form := GuessForm(core.Secret(secret))
		if form == FormKeystore {
			return // FuzzKeyFile's
		}
		m, err := parseSecret(form, core.Secret(secret), "")
		if err != nil {
			if core.CodeOf(err) != core.Invalid {
				t.Fatal(err)
			}
			return
		}
		k, err := m.keys(0)
		if err != nil {
			t.Fatal(err)
		}
		written, err := writeSecret(m, k, form, "", 2, "")
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseSecret(form, written, "")
		if err != nil || again.kind != m.kind || string(again.raw) != string(m.raw) {
			t.Fatalf("%s: what was written reads otherwise: %v", form, err)
		}
	})
}

// naclSecret is the full key whose address is naclAddress.
const naclSecret = "99eUso3aSbE9tqGSTXzo3TLfKb9RkMTURrHKQ1K7Zh3StnzFNUx8FKCPPPPpR479qsw5zv2WNBKmgiz7WqgAJfM"

func naclIDJSON() string {
	m, err := parseSecret(FormBase58, naclSecret, "")
	if err != nil {
		return fmt.Sprint(err)
	}
	k, err := m.keys(0)
	if err != nil {
		return fmt.Sprint(err)
	}
	text, err := writeSecret(m, k, FormIDJSON, "", 2, "")
	if err != nil {
		return fmt.Sprint(err)
	}
	return text.Reveal()
}
