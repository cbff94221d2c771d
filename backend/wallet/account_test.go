package wallet

import (
	"bytes"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	aliceETH = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
	aliceSOL = "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96"
)

func account(t testing.TB, text string) Account {
	t.Helper()
	a, err := ParseAccount(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// One wallet written in two ways must not be two people, one of them without rights.
func TestParseAccount_BytesDecide(t *testing.T) {
	lower, upper := strings.ToLower(aliceETH), "0x"+strings.ToUpper(aliceETH[2:])
	for _, text := range []string{aliceETH, lower, upper} {
		for _, chain := range []Chain{"", ETH} {
			a, err := ParseAccount(text, chain)
			if err != nil || a != account(t, aliceETH) || a.String() != aliceETH || a.Chain() != ETH || len(a.Bytes()) != 20 {
				t.Errorf("%s as %q: %v, %v", text, chain, a, err)
			}
		}
	}
	a, err := ParseAccount(aliceSOL, SOL)
	if err != nil || a != account(t, aliceSOL) || a.String() != aliceSOL || a.Chain() != SOL || len(a.Bytes()) != 32 {
		t.Error(a, err)
	}
	for _, text := range []string{aliceETH, aliceSOL} {
		a := account(t, text)
		if again, err := AccountFromBytes(a.Chain(), a.Bytes()); err != nil || again != a {
			t.Errorf("%s from its bytes: %v, %v", text, again, err)
		}
	}
}

func TestParseAccount_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		chain Chain
	}{
		"nothing":                      {"", ""},
		"the zero address":             {"0x" + strings.Repeat("0", 40), ""},
		"Solana's zero address":        {strings.Repeat("1", 32), ""},
		"a digit too few":              {aliceETH[:41], ""},
		"a digit too many":             {aliceETH + "0", ETH},
		"no prefix":                    {aliceETH[2:], ETH},
		"a capital X":                  {"0X" + aliceETH[2:], ETH},
		"no hexadecimal digit":         {aliceETH[:41] + "g", ""},
		"a space behind":               {aliceETH + " ", ""},
		"an Ethereum address as SOL":   {aliceETH, SOL},
		"a Solana address as ETH":      {aliceSOL, ETH},
		"another chain":                {aliceETH, "BTC"},
		"a letter base58 does not use": {"0" + aliceSOL[1:], ""},
		"31 bytes of base58":           {aliceSOL[:len(aliceSOL)-2], ""},
		"33 bytes of base58":           {"1" + aliceSOL, SOL},
		"a megabyte of base58":         {strings.Repeat("z", 1<<20), SOL},
		"letters that are not ASCII":   {strings.Repeat("é", 20), SOL},
	} {
		if a, err := ParseAccount(c.text, c.chain); core.CodeOf(err) != core.Invalid || a != (Account{}) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	for name, c := range map[string]struct {
		chain Chain
		raw   []byte
	}{"chain": {"BTC", make([]byte, 20)}, "length": {ETH, make([]byte, 32)}, "zero": {SOL, make([]byte, 32)}} {
		if _, err := AccountFromBytes(c.chain, c.raw); core.CodeOf(err) != core.Invalid {
			t.Errorf("bytes of another %s: %v", name, err)
		}
	}
}

// Who mistypes one letter of an address grants rights to nobody, for ever.
func TestCheckEIP55(t *testing.T) {
	for text, fine := range map[string]bool{
		aliceETH:                                 true,
		strings.ToLower(aliceETH):                true,
		"0x" + strings.ToUpper(aliceETH[2:]):     true,
		strings.Replace(aliceETH, "f", "F", 1):   false,
		strings.Replace(aliceETH, "9F", "9f", 1): false,
		aliceSOL:                                 true,
		// The examples of EIP-55 itself.
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed": true,
		"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359": true,
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB": true,
		"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb": true,
		"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDB": false,
	} {
		if err := CheckEIP55(text); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseAccount(f *testing.F) {
	for _, text := range []string{aliceETH, aliceSOL, "0x", strings.Repeat("1", 32), strings.Repeat("1", 44)} {
		f.Add(text, "")
	}
	f.Fuzz(func(t *testing.T, text, chain string) {
		a, err := ParseAccount(text, Chain(chain))
		if err != nil {
			if core.CodeOf(err) != core.Invalid {
				t.Fatal(err)
			}
			return
		}
		again, err := ParseAccount(a.String(), a.Chain())
		if err != nil || again != a {
			t.Fatalf("%q reads as %v, which reads as %v: %v", text, a, again, err)
		}
		if other, err := AccountFromBytes(a.Chain(), bytes.Clone(a.Bytes())); err != nil || other != a {
			t.Fatal(other, err)
		}
		if a.Chain() == SOL && a.String() != text || a.Chain() == ETH && !strings.EqualFold(a.String(), text) {
			t.Fatalf("%q and %q are the same address", text, a)
		}
	})
}
