package wallet

// The official vectors of the standards, and addresses that other wallets show.

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"git.debros.io/DeBros/network/backend/core"
)

const vectorSeed = "000102030405060708090a0b0c0d0e0f"

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// BIP-39, the list of vectors with the passphrase TREZOR.
func TestSeed_BIP39(t *testing.T) {
	for _, v := range []struct{ phrase, passphrase, seed string }{
		{
			strings.Repeat("abandon ", 11) + "about", "TREZOR",
			"c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
		},
		{
			"  legal winner thank year\twave sausage worth useful legal winner thank yellow\n", "TREZOR",
			"2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607",
		},
	} {
		if got := hex.EncodeToString(Seed(v.phrase, v.passphrase)); got != v.seed {
			t.Errorf("%q: %s", v.phrase, got)
		}
	}
}

// BIP-32, test vectors 1 and 2: key and chain code are the end of the text.
func TestSecp256k1_BIP32(t *testing.T) {
	second := "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542"
	for _, v := range []struct {
		seed string
		path []uint32
		xprv string
	}{
		{vectorSeed, nil, "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"},
		{vectorSeed, []uint32{hardened}, "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7"},
		{vectorSeed, []uint32{hardened, 1}, "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs"},
		{vectorSeed, []uint32{hardened, 1, hardened + 2}, "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM"},
		{second, nil, "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U"},
		{second, []uint32{0}, "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt"},
	} {
		raw, err := base58.Decode(v.xprv)
		if err != nil || len(raw) != 82 {
			t.Fatalf("the vector itself: %d bytes, %v", len(raw), err)
		}
		n, err := secp256k1Path(unhex(t, v.seed), v.path...)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(n.chain, raw[13:45]) || !bytes.Equal(n.key, raw[46:78]) {
			t.Errorf("path %v: chain %x, key %x", v.path, n.chain, n.key)
		}
	}
}

// SLIP-0010, test vector 1 for ed25519.
func TestEd25519_SLIP10(t *testing.T) {
	for _, v := range []struct {
		path       []uint32
		chain, key string
	}{
		{nil, "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb", "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7"},
		{[]uint32{0}, "8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69", "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3"},
		{[]uint32{0, 1}, "a320425f77d1b5c2505a6b1b27382b37368ee640e3557c315416801243552f14", "b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2"},
	} {
		n, err := ed25519Path(unhex(t, vectorSeed), v.path...)
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(n.chain) != v.chain || hex.EncodeToString(n.key) != v.key {
			t.Errorf("path %v: chain %x, key %x", v.path, n.chain, n.key)
		}
	}
}

// What other wallets show for the same well known phrases.
func TestAddresses(t *testing.T) {
	junk := Seed("test test test test test test test test test test test junk", "")
	about := Seed(strings.Repeat("abandon ", 11)+"about", "")
	for _, v := range []struct {
		seed         []byte
		account      uint32
		want, solana string
	}{
		{junk, 0, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96"},
		{junk, 1, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", ""},
		{about, 0, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94", "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"},
	} {
		eth, err := Ethereum(v.seed, v.account)
		if err != nil {
			t.Fatal(err)
		}
		sol, err := Solana(v.seed, v.account)
		if err != nil {
			t.Fatal(err)
		}
		if eth.Address() != v.want || v.solana != "" && sol.Address() != v.solana {
			t.Errorf("account %d: %s, %s", v.account, eth.Address(), sol.Address())
		}
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(format+format, eth, sol); !strings.Contains(text, eth.Address()) || len(text) > 300 {
				t.Errorf("%s shows more than the address: %s", format, text)
			}
		}
	}
}

func TestDerive_Refuses(t *testing.T) {
	for name, err := range map[string]error{
		"short seed": second(Ethereum(make([]byte, 15), 0)), "long seed": second(Solana(make([]byte, 65), 0)),
		"account": second(Ethereum(make([]byte, 32), hardened)), "solana account": second(Solana(make([]byte, 32), hardened)),
	} {
		if core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
