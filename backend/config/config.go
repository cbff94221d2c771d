package config

// This file has the configuration's types and, in Default, every default with
// its reason.

import (
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Config is everything that a person may decide about a node. It is plain data:
// Load fills it, Check judges it, and package node copies what a part needs
// into that part's own settings.
type Config struct {
	Node      Node
	Database  Database
	Storage   Storage
	Anchat    Anchat
	Discovery Discovery
	Security  Security
	Logging   Logging
	Gateway   Gateway
	Auth      Auth
	Proxy     Proxy
	UI        UI
}

// Node is the peer itself.
type Node struct {
	ID              string   // a name for people; the peer id comes from the key
	Type            string   // of the original system; decides nothing
	ListenAddresses []string // multiaddresses
	DataDir         string   // "" in Default: Load fills in the system's own place
	MaxConnections  int
	DisableAnonRC   bool   // never use the SOCKS5 proxy, even when Proxy.Address is set
	KeyFile         string // "" means identity.key in the data folder; see Config.IdentityFile
	SolanaWallet    string // base58, "" when there is none
}

// Database is the replicated SQL database.
type Database struct {
	DataDir           string // "" means db in the data folder; see Config.DatabaseDir
	ReplicationFactor int
	MaxDatabaseSize   Size // all namespaces of this node together
	ReadTimeout       time.Duration
	IdleAfter         time.Duration  // a namespace that nobody used for so long is put to sleep
	MaxAwake          int            // namespaces that are open at the same time
	ShardCount        int            // of the original system; decides nothing
	BackupInterval    time.Duration  // between two rounds of backups; 0 is none
	BackupDir         string         // "" is backups in the data folder
	BackupKeep        int            // backups that are kept of each namespace
	RQLitePort        int            // of rqlite's HTTP API on 127.0.0.1; 0 is off
	RQLiteNamespace   core.Namespace // the one that rqlite's HTTP API serves
	RQLiteRaftPort    int            // of the original system; decides nothing
	RQLiteJoinAddress string         // a ticket, or the address of a member
	ReplaceAfter      time.Duration  // 1 minute or more
}

// Storage is key-value storage.
type Storage struct {
	MaxValueSize Size
}

// Anchat is what this node lets a wallet write into the network's chat.
type Anchat struct {
	MessagesPerMinute int
	MessagesPerDay    int
	FilesPerWallet    Size
}

// Discovery is how the node finds others.
type Discovery struct {
	BootstrapPeers    []string // multiaddresses that end with /p2p/<peer id>
	DiscoveryInterval time.Duration
	BootstrapPort     int    // added to a bootstrap peer that is named without a port
	MDNS              bool   // greet nodes on the local network
	NetworkName       string // only nodes with the same name greet each other there
	SharePaths        bool   // tell the members of the network how this node reaches whom
	HTTPAdvAddress    string // of the original system; decides nothing
	RaftAdvAddress    string // of the original system; decides nothing
	NodeNamespace     string // of the original system; decides nothing
}

// Security of the original system. What is decided today is in Gateway.
type Security struct {
	EnableTLS       bool   // must be false
	PrivateKeyFile  string // must be ""
	CertificateFile string // must be ""
	AuthEnabled     bool   // decides nothing; Gateway.RequireAuth does
	OpenJoin        bool   // admit nodes without a ticket
}

// Logging is the node's log.
type Logging struct {
	Level    string            // debug, info, warn or error
	Levels   map[string]string // part of the node → its own level
	Format   string            // console or json
	Color    string            // auto, always or never
	File     string            // "" writes none; see Config.LogFile
	MaxSize  Size              // of one file before the next is begun
	MaxFiles int               // finished files that are kept
	MaxAge   time.Duration     // how long they are kept; 0 is for ever
}

// Gateway is the HTTP face, and who may use the node besides its operator.
type Gateway struct {
	Enabled        bool
	Addr           string         // host:port
	Namespace      core.Namespace // of API keys that name none
	RequireAuth    bool
	APIKeys        []APIKey
	AllowedOrigins []string // of browser pages, exact
	AllowedHosts   []string // names besides loopback under which it may be called
	TLSCertificate string   // PEM file; "" is none; see Config.GatewayCertificate
	TLSKey         string   // PEM file that belongs to it
	AllowClear     bool     // may listen beyond loopback without a certificate
	TrustedProxies []string // addresses or networks whose X-Forwarded-For is believed
	MaxConnections int      // at the same time
	// WSQueryCredentials lets old clients put their credential into the query of
	// a WebSocket's address.
	WSQueryCredentials bool
}

// Auth is how people and programs prove who they are.
type Auth struct {
	OpenRegistration  bool // anybody may take a free namespace
	RequireSignInText bool // a signature over the nonce alone is not enough
	ExchangeOnly      bool // an API key is good for getting a token and nothing else
	OfflineReads      bool // a node without its network lets reads at level none go on
	// TokenAlgorithm is how this node signs tokens: EdDSA or ES256. Every node
	// accepts both.
	TokenAlgorithm string
}

// APIKey lets its holder use one namespace. Load fills in Gateway.Namespace
// where a key names none.
type APIKey struct {
	Key       core.Secret
	Namespace core.Namespace
}

// Proxy is the SOCKS5 proxy (Anyone, Tor) for outgoing connections.
type Proxy struct {
	Address  string // host:port, "" is off
	User     string
	Password core.Secret
}

// UI is the node's own page in an ordinary browser.
type UI struct {
	Enabled bool
	Addr    string // loopback host:port
}

// Default returns the configuration of a node that nobody configured. Only the
// data folder is missing, because it depends on the system; see DefaultDataDir.
func Default() Config {
	return Config{
		Node: Node{
			// 4001 is the port that libp2p programs are expected on; QUIC on the
			// same number needs one rule in a firewall. 0.0.0.0, because a peer
			// that cannot be dialled is of little use to the others.
			ListenAddresses: []string{"/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1"},
			// Enough for a well-meshed gossip network, at about 100 KB each.
			MaxConnections: 200,
		},
		Database: Database{
			ReplicationFactor: 3,                // survives the loss of one replica
			MaxDatabaseSize:   10 * GB,          // a desktop must not fill its disk unasked
			ReadTimeout:       10 * time.Second, // a longer reader holds up the log's truncation, then writes
			IdleAfter:         10 * time.Minute, // waking costs 10 ms and an election
			BackupKeep:        7,
			RQLiteNamespace:   core.DefaultNamespace, // rqlite's programs know of one database only
			ReplaceAfter:      10 * time.Minute,      // longer than a restart or an update takes
			MaxAwake:          100,                   // about 70 MB and a third of a core when all idle
		},
		Storage: Storage{MaxValueSize: core.MaxValueBytes},
		// More than people type, and little enough that one wallet fills nobody's disk.
		Anchat: Anchat{MessagesPerMinute: 60, MessagesPerDay: 5000, FilesPerWallet: 256 << 20},
		Discovery: Discovery{
			DiscoveryInterval: 15 * time.Second,
			BootstrapPort:     4001, // where nodes listen by default
			MDNS:              true, // two computers in one room find each other without typing
			NetworkName:       "debros",
			SharePaths:        true, // a matrix with holes explains nothing; ids and numbers only, to members only
		},
		Logging: Logging{
			Level:    "info", // one line per thing that a user would notice
			Format:   "console",
			Color:    "auto",
			File:     "logs/debros.log", // the evidence after a crash
			MaxSize:  20 * MB,           // opens in any editor
			MaxFiles: 5,                 // with MaxSize: at most 120 MB in all
			MaxAge:   30 * 24 * time.Hour,
		},
		Gateway: Gateway{
			Enabled:     true,
			Addr:        "127.0.0.1:6001", // loopback: nothing is open to the network unasked
			Namespace:   core.DefaultNamespace,
			RequireAuth: true,
			// Ten thousand idle sockets, some 300 MB, and others beside them. Where
			// the system lets the process open fewer files, it is fewer.
			MaxConnections:     11_000,
			WSQueryCredentials: true, // a browser's WebSocket can send no header, and old clients know no ticket
		},
		Auth: Auth{
			OpenRegistration: true,    // the first wallet that names a free namespace owns it
			TokenAlgorithm:   "EdDSA", // the simpler of the two, and fast; ES256 is for apps that know no other
		},
		UI: UI{Addr: "127.0.0.1:0"}, // any free port: the link is printed
	}
}

// IdentityFile is where the node's private key is.
func (c Config) IdentityFile() string { return c.inDataDir(c.Node.KeyFile, "identity.key") }

// DatabaseDir is the folder of the databases.
func (c Config) DatabaseDir() string { return c.inDataDir(c.Database.DataDir, "db") }

// BackupDir is the folder of the scheduled backups.
func (c Config) BackupDir() string { return c.inDataDir(c.Database.BackupDir, "backups") }

// GatewayCertificate is where the gateway's certificate and its key are, "" when
// it has none.
func (c Config) GatewayCertificate() (certificate, key string) {
	if c.Gateway.TLSCertificate == "" {
		return "", ""
	}
	return c.inDataDir(c.Gateway.TLSCertificate, ""), c.inDataDir(c.Gateway.TLSKey, "")
}

// LogFile is where the log is written, "" when it goes to no file.
func (c Config) LogFile() string {
	if c.Logging.File == "" {
		return ""
	}
	return c.inDataDir(c.Logging.File, "")
}

// ProxyAddress is the SOCKS5 proxy to use, "" when none is.
func (c Config) ProxyAddress() string {
	if c.Node.DisableAnonRC {
		return ""
	}
	return c.Proxy.Address
}

// inDataDir places a relative path in the data folder. fallback stands for "".
func (c Config) inDataDir(path, fallback string) string {
	if path == "" {
		path = fallback
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.Node.DataDir, path)
}
