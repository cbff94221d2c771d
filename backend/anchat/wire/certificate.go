package wire

// This file has what a wallet signs for a device, and how that is judged.

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// CertificateURI is what the text is for. No gateway signs in to it.
	CertificateURI = "anchat://link-device/v1"
	// CertificateLife is how long a certificate lasts.
	CertificateLife = 365 * 24 * time.Hour
	// RenewBefore is how long before its end a device asks for the next one.
	RenewBefore = 30 * 24 * time.Hour
	// MaxSkew is how far a device's clock may be ahead of ours.
	MaxSkew = 24 * time.Hour

	deviceResource = "anchat://device/"
	listResource   = "anchat://list/"
	codeDigits     = 6
	// Short, because a hardware wallet shows less than 500 characters of all.
	statementHead = "Add a device to my chats. Code "
	statementTail = ". No money moves."
)

// Request is what a certificate's text says.
type Request struct {
	Device   Statement
	List     List   // that adds the device
	Domain   string // a loopback address, as the page has it that shows the text
	Code     string // six digits, also on the screen of the device
	Nonce    string // letters and digits
	IssuedAt time.Time
}

// Text is what the wallet is shown. It returns core.Invalid for another domain
// than loopback, another code than six digits, and a device or a list of another
// account.
func (r Request) Text() (string, error) {
	switch {
	case !isLoopback(r.Domain):
		return "", core.Errorf(core.Invalid, "a device is certified on a loopback address only")
	case !isCode(r.Code):
		return "", core.Errorf(core.Invalid, "a check code has %d digits", codeDigits)
	case r.List.Account != r.Device.Account || !slices.Contains(r.List.Live, r.Device.Fingerprint()):
		return "", core.Errorf(core.Invalid, "the list of devices does not name the device that it is to add")
	}
	return wallet.SignIn{
		Domain: r.Domain, Account: r.Device.Account, Statement: statementHead + r.Code + statementTail,
		URI: CertificateURI, Version: "1", ChainID: chainID(r.Device.Account), Nonce: r.Nonce,
		IssuedAt: r.IssuedAt, ExpirationTime: r.IssuedAt.Add(CertificateLife),
		Resources: []string{
			deviceResource + r.Device.Fingerprint().String(),
			listResource + strconv.FormatUint(r.List.Version, 10) + "/" + r.List.Hash().String(),
		},
	}.Text()
}

// Certified is what a certificate that holds says.
type Certified struct {
	Device      Fingerprint
	ListVersion uint64
	ListHash    Hash
	Code        string
	IssuedAt    time.Time
	ExpiresAt   time.Time
}

// Covers tells whether the certificate held at a time, which is the one that a
// session was announced at, not the present.
func (c Certified) Covers(at time.Time) bool {
	return !at.Before(c.IssuedAt.Add(-MaxSkew)) && at.Before(c.ExpiresAt)
}

// Check judges all of a certificate but whether it is still good: every field of
// its text, and the wallet's signature. It returns core.Denied.
func (c Certificate) Check() (Certified, error) {
	s, err := wallet.ParseSignIn(c.Text)
	if err != nil {
		return Certified{}, core.Wrap(core.Denied, err, "the text of this device's certificate is none")
	}
	refuse := func(why string) (Certified, error) {
		return Certified{}, core.Errorf(core.Denied, "the certificate of this device does not hold: %s", why)
	}
	out := Certified{Device: c.Fingerprint(), IssuedAt: s.IssuedAt, ExpiresAt: s.ExpirationTime}
	code, okHead := strings.CutPrefix(s.Statement, statementHead)
	code, okTail := strings.CutSuffix(code, statementTail)
	out.Code = code
	switch {
	case s.Account != c.Account:
		return refuse("it is of another wallet")
	case s.ChainID != chainID(c.Account):
		return refuse("its text is for another chain")
	case s.URI != CertificateURI:
		return refuse("its text is for another purpose")
	case !isLoopback(s.Domain):
		return refuse("its text was signed for another site")
	case !okHead || !okTail || !isCode(code):
		return refuse("its text says something else")
	case !s.ExpirationTime.Equal(s.IssuedAt.Add(CertificateLife)):
		return refuse("its life is not a year")
	case len(s.Resources) != 2 || s.Resources[0] != deviceResource+out.Device.String():
		return refuse("it is for other keys")
	}
	version, hash, ok := strings.Cut(strings.TrimPrefix(s.Resources[1], listResource), "/")
	if out.ListVersion, err = strconv.ParseUint(version, 10, 63); err != nil || !ok || out.ListVersion == 0 ||
		parseHex(out.ListHash[:], hash, "list") != nil ||
		s.Resources[1] != listResource+strconv.FormatUint(out.ListVersion, 10)+"/"+out.ListHash.String() {
		return refuse("it names no list of devices")
	}
	if err = wallet.Verify(c.Account, c.Text, c.Signature); err != nil {
		return Certified{}, core.Wrap(core.Denied, err, "the certificate of this device is not signed by its wallet")
	}
	return out, nil
}

// chainID is what the text says of the account's chain.
func chainID(a wallet.Account) string {
	if a.Chain() == wallet.SOL {
		return "mainnet"
	}
	return "1"
}

// Backs tells whether the certificate is the wallet's signature for a list.
func (c Certified) Backs(l List) bool {
	return l.Signer == Fingerprint{} && len(l.Signature) == 0 && c.ListVersion == l.Version && c.ListHash == l.Hash() && slices.Contains(l.Live, c.Device)
}

func isCode(text string) bool {
	return len(text) == codeDigits && strings.Trim(text, "0123456789") == ""
}

// isLoopback holds for 127.0.0.1 and localhost with a port or without.
func isLoopback(domain string) bool {
	if a, err := netip.ParseAddrPort(domain); err == nil {
		return a.Addr() == netip.AddrFrom4([4]byte{127, 0, 0, 1}) && a.Port() > 0
	}
	host, port, ok := strings.Cut(domain, ":")
	if ok {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' || port[0] == '+' {
			return false
		}
	}
	return host == "localhost" || host == "127.0.0.1"
}
