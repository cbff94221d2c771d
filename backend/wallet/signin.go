package wallet

// This file writes and reads the text that a person signs to sign in: EIP-4361
// for Ethereum, the same with other words for Solana.

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of a sign-in text.
const (
	// MaxSignInBytes bounds the whole text: hardware wallets take less than 1,212
	// bytes for Solana.
	MaxSignInBytes = 1211
	// MaxResources bounds the list at the end; people do not read longer ones.
	MaxResources = 16
	// MinNonceLetters of a nonce inside a sign-in text: EIP-4361 asks for 8.
	MinNonceLetters = 8
	// MaxNonceLetters of any nonce; a network's own have about 50.
	MaxNonceLetters = 128
)

const (
	ethereumGreeting = " wants you to sign in with your Ethereum account:"
	solanaGreeting   = " wants you to sign in with your Solana account:"

	signInVersion = "1"
	resourceMark  = "- "

	// signInTime is RFC 3339 in UTC and whole seconds. One instant has one
	// spelling, so that who verifies can build the text again.
	signInTime = "2006-01-02T15:04:05Z"

	maxChainIDLetters = 32
)

// SignIn is what a sign-in text says. Two equal ones give the same text, byte
// for byte.
type SignIn struct {
	Domain    string  // who asks: host, or host:port
	Account   Account // who is to sign; its chain decides the layout
	Statement string  // for people; may be ""
	URI       string  // what is signed in to
	Version   string  // "1"
	ChainID   string  // ETH: a decimal number; SOL: "mainnet" or another cluster's name
	Nonce     string  // letters and digits
	IssuedAt  time.Time
	// ExpirationTime is when the text is worth nothing any more; the zero time
	// leaves the line out. Both times are cut to seconds.
	ExpirationTime time.Time
	Resources      []string // URIs; none for a network's own texts
}

// Text builds the text. It returns core.Invalid when a value is missing, has the
// wrong form or holds anything but printable ASCII, and when the text would have
// more than MaxSignInBytes.
func (s SignIn) Text() (string, error) {
	s.IssuedAt, s.ExpirationTime = s.IssuedAt.UTC().Truncate(time.Second), s.ExpirationTime.UTC().Truncate(time.Second)
	if err := s.check(); err != nil {
		return "", err
	}
	greeting := ethereumGreeting
	if s.Account.chain == SOL {
		greeting = solanaGreeting
	}
	lines := []string{s.Domain + greeting, s.Account.String(), ""}
	if s.Statement != "" {
		lines = append(lines, s.Statement, "")
	} else if s.Account.chain == ETH {
		lines = append(lines, "") // EIP-4361 keeps both empty lines, Solana's wallets keep one
	}
	lines = append(
		lines,
		"URI: "+s.URI,
		"Version: "+s.Version,
		"Chain ID: "+s.ChainID,
		"Nonce: "+s.Nonce,
		"Issued At: "+s.IssuedAt.Format(signInTime),
	)
	if !s.ExpirationTime.IsZero() {
		lines = append(lines, "Expiration Time: "+s.ExpirationTime.Format(signInTime))
	}
	if len(s.Resources) > 0 {
		lines = append(lines, "Resources:")
		for _, r := range s.Resources {
			lines = append(lines, resourceMark+r)
		}
	}
	text := strings.Join(lines, "\n")
	if len(text) > MaxSignInBytes {
		return "", core.Errorf(core.Invalid, "a sign-in text has at most %d bytes, this one would have %d; shorten its statement", MaxSignInBytes, len(text))
	}
	return text, nil
}

// ParseSignIn reads what Text wrote, and nothing else: the text that the answer
// gives is text itself. Lines of EIP-4361 that no network of ours writes (scheme,
// Not Before, Request ID, fractions of seconds) are refused.
// It returns core.Invalid for all else.
func ParseSignIn(text string) (SignIn, error) {
	if len(text) > MaxSignInBytes {
		return SignIn{}, errNoSignIn("it is too long")
	}
	lines := lineReader(strings.Split(text, "\n"))
	var s SignIn
	if err := s.parseHead(&lines); err != nil {
		return SignIn{}, err
	}
	for _, field := range []struct {
		name  string
		value *string
	}{{"URI", &s.URI}, {"Version", &s.Version}, {"Chain ID", &s.ChainID}, {"Nonce", &s.Nonce}} {
		value, ok := lines.field(field.name)
		if !ok {
			return SignIn{}, errNoSignIn("the line " + strconv.Quote(field.name) + " is missing")
		}
		*field.value = value
	}
	var err error
	issued, ok := lines.field("Issued At")
	if s.IssuedAt, err = time.Parse(signInTime, issued); !ok || err != nil {
		return SignIn{}, errNoSignIn("the time of issue is missing or not in whole seconds of UTC")
	}
	if expires, there := lines.field("Expiration Time"); there {
		if s.ExpirationTime, err = time.Parse(signInTime, expires); err != nil {
			return SignIn{}, errNoSignIn("the time of expiry is not in whole seconds of UTC")
		}
	}
	s.Resources = lines.resources()
	// Whatever was skipped, doubled or spelt in another way shows here.
	again, err := s.Text()
	if err != nil {
		return SignIn{}, err
	}
	if again != text {
		return SignIn{}, errNoSignIn("its lines are not the ones that such a text has")
	}
	return s, nil
}

// parseHead reads who asks whom, and the statement.
func (s *SignIn) parseHead(lines *lineReader) error {
	first := lines.next()
	domain, isEthereum := strings.CutSuffix(first, ethereumGreeting)
	chain := ETH
	if !isEthereum {
		var isSolana bool
		if domain, isSolana = strings.CutSuffix(first, solanaGreeting); !isSolana {
			return errNoSignIn("its first line does not say who asks")
		}
		chain = SOL
	}
	account, err := ParseAccount(lines.next(), chain)
	if err != nil {
		return err
	}
	s.Domain, s.Account = domain, account
	lines.next() // empty, or Text will differ
	if statement := lines.peek(); !strings.HasPrefix(statement, "URI: ") {
		s.Statement = statement
		lines.next()
		if statement != "" {
			lines.next()
		}
	}
	return nil
}

func (s SignIn) check() error {
	switch {
	case s.Account == Account{}:
		return errField("account", "is the wallet that is to sign")
	case !isAuthority(s.Domain):
		return errField("domain", "is a host, or host:port")
	case !isPrintable(s.Statement) || strings.HasPrefix(s.Statement, "URI: "):
		return errField("statement", "is one line of printable ASCII")
	case !isURI(s.URI):
		return errField("URI", "is an absolute address")
	case s.Version != signInVersion:
		return errField("version", `is "1"`)
	case !isChainID(s.Account.chain, s.ChainID):
		return errField("chain id", `is a number for Ethereum, and a name such as "mainnet" for Solana`)
	case len(s.Nonce) < MinNonceLetters || len(s.Nonce) > MaxNonceLetters || !isBase62(s.Nonce):
		return errField("nonce", "has "+strconv.Itoa(MinNonceLetters)+" to "+strconv.Itoa(MaxNonceLetters)+" letters and digits")
	case !isWritable(s.IssuedAt):
		return errField("time of issue", "is a time of the years 1 to 9999")
	case !s.ExpirationTime.IsZero() && (!isWritable(s.ExpirationTime) || !s.ExpirationTime.After(s.IssuedAt)):
		return errField("time of expiry", "is later than the time of issue")
	case len(s.Resources) > MaxResources:
		return errField("list of resources", "has at most "+strconv.Itoa(MaxResources)+" entries")
	}
	for _, r := range s.Resources {
		if !isURI(r) {
			return errField("list of resources", "holds absolute addresses")
		}
	}
	return nil
}

// lineReader hands out lines one by one; after the last one come empty ones.
type lineReader []string

func (l *lineReader) peek() string {
	if len(*l) == 0 {
		return ""
	}
	return (*l)[0]
}

func (l *lineReader) next() string {
	line := l.peek()
	if len(*l) > 0 {
		*l = (*l)[1:]
	}
	return line
}

// field takes the next line if it is "name: value".
func (l *lineReader) field(name string) (string, bool) {
	value, ok := strings.CutPrefix(l.peek(), name+": ")
	if ok {
		l.next()
	}
	return value, ok
}

func (l *lineReader) resources() []string {
	if l.peek() != "Resources:" {
		return nil
	}
	l.next()
	var all []string
	for len(*l) > 0 && len(all) <= MaxResources {
		all = append(all, strings.TrimPrefix(l.next(), resourceMark))
	}
	return all
}

// isPrintable holds for ASCII that people can see, spaces included.
func isPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func isBase62(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return text != ""
}

// isAuthority holds for host and host:port. A user part is refused: with
// "gateway.example@evil.example" it is the wrong half that people read.
func isAuthority(text string) bool {
	if !isPrintable(text) || strings.ContainsAny(text, ` "<>\^{|}%`+"`") {
		return false
	}
	u, err := url.Parse("https://" + text)
	return err == nil && u.Host == text && u.Hostname() != "" && !strings.HasSuffix(text, ":")
}

func isURI(text string) bool {
	if !isPrintable(text) || strings.ContainsAny(text, ` "<>\^{|}`+"`") {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "")
}

func isChainID(chain Chain, id string) bool {
	if id == "" || len(id) > maxChainIDLetters {
		return false
	}
	if chain == ETH {
		n, err := strconv.ParseUint(id, 10, 64)
		return err == nil && strconv.FormatUint(n, 10) == id
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789:-") == ""
}

// isWritable holds for a time that signInTime can spell.
func isWritable(t time.Time) bool {
	return !t.IsZero() && t.Year() >= 1 && t.Year() <= 9999
}

func errField(name, rule string) error {
	return core.Errorf(core.Invalid, "the %s of a sign-in text %s", name, rule)
}

func errNoSignIn(why string) error {
	return core.Errorf(core.Invalid, "this is no sign-in text: %s; sign only the text that the gateway gave, unchanged", why)
}
