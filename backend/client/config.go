// What a client is told, and how a configuration is checked.

package client

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/p2p"
)

const (
	// MaxBootstrapPeers bounds the list: each is tried in turn before a call fails.
	MaxBootstrapPeers = 64
	// MaxRetryAttempts bounds how often Connect goes through that list.
	MaxRetryAttempts = 100
	// MaxRetryDelay is the longest wait between two rounds, however many failed.
	MaxRetryDelay = 30 * time.Second
)

// ClientConfig says whom a client connects to and as whom. Start from
// DefaultClientConfig; what is zero there may stay so.
type ClientConfig struct { //nolint:revive // the name is the public API's since its first version
	// AppName names the application. The namespace is made from it unless
	// Namespace is set.
	AppName string
	// Namespace is where everything is stored and published.
	Namespace string
	// DatabaseName is kept for old programs and not used: each namespace has
	// exactly one database.
	DatabaseName string

	// BootstrapPeers are multiaddresses that end in /p2p/<peer id>; "debros
	// status" prints those of a node. They are tried in this order.
	BootstrapPeers []string
	// DatabaseEndpoints is kept for old programs and not used: SQL travels over
	// the connection to the bootstrap peer. NewClient logs when it is set.
	DatabaseEndpoints []string

	// ConnectTimeout bounds one attempt at one peer, and how long a call waits
	// for a connection that was lost.
	ConnectTimeout time.Duration
	// RetryAttempts is how often Connect tries all peers before it gives up. A
	// connection that is lost later is tried for again until Disconnect.
	RetryAttempts int
	// RetryDelay is the wait after the first failed round; it doubles with each,
	// up to MaxRetryDelay, and varies so that many clients do not come at once.
	RetryDelay time.Duration

	// APIKey is the credential of an application, for one namespace.
	APIKey core.Secret
	// Credential is another credential than an API key, such as the operator's
	// own. Only one of the two may be set.
	Credential core.Secret
	// JWT is kept for old programs. Nodes do not take tokens here yet, so a set
	// one is refused; use APIKey.
	JWT core.Secret

	// Identity is the key that signs this client's messages. nil makes a new one
	// for each Connect.
	Identity crypto.PrivKey
	// Logger gets what happens to the connection; nil logs nothing.
	Logger *slog.Logger
	// QuietMode keeps everything below a warning out of Logger.
	QuietMode bool
}

// DefaultClientConfig is the configuration of an application that only needs to
// add its bootstrap peers and its key. It reads nothing from the environment;
// see FromEnv.
func DefaultClientConfig(appName string) *ClientConfig {
	return &ClientConfig{
		AppName:        appName,
		DatabaseName:   appName + "_db",
		ConnectTimeout: 30 * time.Second, // a relayed peer on a phone line takes that long
		RetryAttempts:  3,
		RetryDelay:     time.Second, // a node restarts in about that
	}
}

// FromEnv fills in what is not set from BOOTSTRAP_PEERS and RQLITE_NODES, lists
// that are separated by commas or spaces, and returns c. lookup is os.LookupEnv
// in a program.
func (c *ClientConfig) FromEnv(lookup func(name string) (value string, found bool)) *ClientConfig {
	fill := func(list *[]string, name string) {
		if value, found := lookup(name); found && len(*list) == 0 {
			*list = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
		}
	}
	fill(&c.BootstrapPeers, "BOOTSTRAP_PEERS")
	fill(&c.DatabaseEndpoints, "RQLITE_NODES")
	return c
}

// settings is a configuration that was checked, and its own copy.
type settings struct {
	ClientConfig
	namespace  core.Namespace
	credential core.Secret
	peers      []bootstrapPeer
}

type bootstrapPeer struct {
	text string
	id   peer.ID
}

func (c ClientConfig) check() (settings, error) {
	s := settings{ClientConfig: c, credential: c.APIKey}
	s.BootstrapPeers = slices.Clone(c.BootstrapPeers)
	s.DatabaseEndpoints = slices.Clone(c.DatabaseEndpoints)
	switch {
	case c.JWT != "":
		return s, core.Errorf(core.Invalid, "a JWT is not accepted here yet; use ClientConfig.APIKey")
	case c.APIKey != "" && c.Credential != "":
		return s, core.Errorf(core.Invalid, "ClientConfig has an APIKey and a Credential; leave one out")
	case c.ConnectTimeout <= 0:
		return s, core.Errorf(core.Invalid, "ClientConfig.ConnectTimeout must be above 0; start from DefaultClientConfig")
	case c.RetryAttempts < 1 || c.RetryAttempts > MaxRetryAttempts:
		return s, core.Errorf(core.Invalid, "ClientConfig.RetryAttempts must be 1 to %d", MaxRetryAttempts)
	case c.RetryDelay < 0 || c.RetryDelay > MaxRetryDelay:
		return s, core.Errorf(core.Invalid, "ClientConfig.RetryDelay must be 0 to %v", MaxRetryDelay)
	}
	if c.Credential != "" {
		s.credential = c.Credential
	}
	name := c.Namespace
	if name == "" {
		name = namespaceOf(c.AppName)
	}
	var err error
	if s.namespace, err = core.ParseNamespace(name); err != nil {
		return s, core.Wrap(core.Invalid, err, "%s (ClientConfig.Namespace, or made from AppName)", core.Sentence(err))
	}
	s.peers, err = parsePeers(c.BootstrapPeers)
	return s, err
}

func parsePeers(texts []string) ([]bootstrapPeer, error) {
	if len(texts) == 0 {
		return nil, core.Errorf(core.Invalid, "a client needs at least one bootstrap peer; \"debros status\" on a node prints its addresses")
	}
	if len(texts) > MaxBootstrapPeers {
		return nil, core.Errorf(core.TooLarge, "a client takes at most %d bootstrap peers", MaxBootstrapPeers)
	}
	peers := make([]bootstrapPeer, len(texts))
	for i, text := range texts {
		info, err := p2p.ParseAddress(text)
		if err != nil {
			return nil, core.Wrap(core.CodeOf(err), err, "bootstrap peer %d: %s", i+1, core.Sentence(err))
		}
		peers[i] = bootstrapPeer{text: text, id: info.ID}
	}
	return peers, nil
}

// namespaceOf makes an application's name fit the rule for namespaces: small
// letters, and "-" for what is not allowed. "" stays "", which is refused.
func namespaceOf(app string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(app) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
	}
	name := strings.TrimLeft(b.String(), "-_")
	name = name[:min(len(name), core.MaxNamespaceBytes)]
	if ns := core.Namespace(name); ns == core.SystemNamespace || ns == core.ChatNamespace {
		name += "-app"
	}
	return name
}

// Limits lists the bounds that a user of the client may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "bootstrap peers of a client", Value: fmt.Sprint(MaxBootstrapPeers), Why: "each is tried in turn"},
		{Name: "rounds of a client's Connect", Value: fmt.Sprint(MaxRetryAttempts), Why: "a program should hear that nobody answers"},
		{Name: "wait between two rounds", Value: MaxRetryDelay.String(), Why: "a node that is back is found soon"},
		{Name: "keys of one Storage().List", Value: fmt.Sprint(MaxListed), Why: "they are held in memory at once; ListPage has no such limit"},
		{Name: "subscriptions of a client", Value: fmt.Sprint(MaxSubscriptions), Why: "each has a queue and a goroutine"},
	}
}
