package config

// This file is the table of keys: one row per key, all other forms are made of it.

// Reasons that several rows of the original system share.
const (
	oldAddresses = "addresses are found and told to others by libp2p"
	oldTransport = "traffic between nodes is always encrypted and authenticated"
)

// rows returns the table as written. Env holds only what Keys does not make of
// the name; an empty Flag likewise.
func rows() []Key {
	var table []Key
	for _, section := range [][]Key{
		nodeRows(), databaseRows(), storageRows(), anchatRows(), discoveryRows(), securityRows(),
		loggingRows(), gatewayRows(), authRows(), proxyRows(), uiRows(),
	} {
		table = append(table, section...)
	}
	return table
}

func nodeRows() []Key {
	return []Key{
		{
			Name: "node.id", Kind: KindText, Example: "kitchen", field: func(c *Config) any { return &c.Node.ID },
			Help: "A name for people, kept in the configuration; the peer id comes from the key file",
		},
		{
			Name: "node.type", Kind: KindText, Example: "node", Choices: []string{"node", "bootstrap"}, field: func(c *Config) any { return &c.Node.Type },
			Help: "Kind of node in the original system",
			Old:  "every node is the same; one becomes a bootstrap node when others name it in discovery.bootstrap_peers",
		},
		{
			Name: "node.listen_addresses", Kind: KindList, Flag: "listen", Example: "/ip4/0.0.0.0/tcp/4002", field: func(c *Config) any { return &c.Node.ListenAddresses },
			Help: "Multiaddresses to listen on, TCP or QUIC; port 0 takes a free one",
		},
		{
			Name: "node.data_dir", Kind: KindText, Flag: "data-dir", Env: []string{"DEBROS_DATA_DIR"}, Example: "~/debros", field: func(c *Config) any { return &c.Node.DataDir },
			Help: "Folder of everything that the node keeps; without it, the system's own place for data",
		},
		{
			Name: "node.max_connections", Kind: KindInteger, Flag: "max-connections", Example: "400", field: func(c *Config) any { return &c.Node.MaxConnections },
			Help: "Connections to other peers above which the least useful are closed",
		},
		{
			Name: "node.disable_anonrc", Kind: KindBool, Flag: "disable-anonrc", Example: "true", field: func(c *Config) any { return &c.Node.DisableAnonRC },
			Help: "Never use the SOCKS5 proxy, even when proxy.address is set",
		},
		{
			Name: "node.key_file", Kind: KindText, Flag: "key-file", Example: "identity.key", field: func(c *Config) any { return &c.Node.KeyFile },
			Help: "The node's private key; made when it is missing; without it, identity.key in the data folder",
		},
		{
			Name: "node.solana_wallet", Kind: KindText, Flag: "solana-wallet", Example: "8nCAfKVG1F5HucHBWKCihwQkuMTpPrX6KonjqqB7Ff6H", field: func(c *Config) any { return &c.Node.SolanaWallet },
			Help: "Address of the owner's Solana wallet, base58; kept for what is to come",
		},
	}
}

func databaseRows() []Key {
	return []Key{
		{
			Name: "database.data_dir", Kind: KindText, Example: "/srv/debros/db", field: func(c *Config) any { return &c.Database.DataDir },
			Help: "Folder of the databases; without it, db in the data folder",
		},
		{
			Name: "database.replication_factor", Kind: KindInteger, Flag: "replication-factor", Example: "5", field: func(c *Config) any { return &c.Database.ReplicationFactor },
			Help: "Nodes that keep a copy of each namespace, 1 to 9",
		},
		{
			Name: "database.max_database_size", Kind: KindSize, Flag: "max-database-size", Example: "50GB", field: func(c *Config) any { return &c.Database.MaxDatabaseSize },
			Help: "Disk space of all namespaces together; writes are refused above it",
		},
		{
			Name: "database.read_timeout", Kind: KindDuration, Example: "5s", field: func(c *Config) any { return &c.Database.ReadTimeout },
			Help: "A read that takes longer is interrupted, 100ms to 1m",
		},
		{
			Name: "database.idle_after", Kind: KindDuration, Example: "30m", field: func(c *Config) any { return &c.Database.IdleAfter },
			Help: "A namespace that nobody used for so long is put to sleep, 10s or more",
		},
		{
			Name: "database.max_awake", Kind: KindInteger, Example: "200", field: func(c *Config) any { return &c.Database.MaxAwake },
			Help: "Namespaces that are open at the same time",
		},
		{
			Name: "database.replace_after", Kind: KindDuration, Example: "30m", field: func(c *Config) any { return &c.Database.ReplaceAfter },
			Help: "A member that is away for so long has its replicas made anew on others, 1m or more",
		},
		{
			Name: "database.rqlite_join_address", Kind: KindText, Flag: "join", field: func(c *Config) any { return &c.Database.RQLiteJoinAddress },
			Example: "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk",
			Help:    "Network to join at the first start: a ticket of \"debros invite\", or the address of a member that admits everybody",
		},
		{
			Name: "database.shard_count", Kind: KindInteger, Example: "16", field: func(c *Config) any { return &c.Database.ShardCount },
			Help: "Shards in the original system",
			Old:  "each namespace is a database of its own, which takes the place of shards",
		},
		{
			Name: "database.backup_interval", Kind: KindDuration, Example: "24h", field: func(c *Config) any { return &c.Database.BackupInterval },
			Help: "Time between two backups of each namespace that has changed; 0 makes none",
		},
		{
			Name: "database.backup_dir", Kind: KindText, Example: "/srv/backups", field: func(c *Config) any { return &c.Database.BackupDir },
			Help: "Folder of the scheduled backups; without it, backups in the data folder",
		},
		{
			Name: "database.backup_keep", Kind: KindInteger, Example: "30", field: func(c *Config) any { return &c.Database.BackupKeep },
			Help: "Scheduled backups that are kept of each namespace, 1 to 10000",
		},
		{
			Name: "database.rqlite_port", Kind: KindInteger, Flag: "rqlite-port", Example: "5001", field: func(c *Config) any { return &c.Database.RQLitePort },
			Help: "Port, on 127.0.0.1 only, under which programs made for rqlite find one namespace; 0 is off",
		},
		{
			Name: "database.rqlite_namespace", Kind: KindText, Flag: "rqlite-namespace", Example: "shop", field: func(c *Config) any { return &c.Database.RQLiteNamespace },
			Help: "Namespace that database.rqlite_port serves",
		},
		{
			Name: "database.rqlite_raft_port", Kind: KindInteger, Flag: "rqlite-raft-port", Example: "7001", field: func(c *Config) any { return &c.Database.RQLiteRaftPort },
			Help: "Port of Raft in the original system",
			Old:  "Raft runs on libp2p, over the addresses of node.listen_addresses",
		},
	}
}

func storageRows() []Key {
	return []Key{
		{
			Name: "storage.max_value_size", Kind: KindSize, Example: "512KiB", field: func(c *Config) any { return &c.Storage.MaxValueSize },
			Help: "Largest value of one key, 1KiB to 4MiB",
		},
	}
}

func anchatRows() []Key {
	return []Key{
		{
			Name: "anchat.messages_per_minute", Kind: KindInteger, Example: "120", field: func(c *Config) any { return &c.Anchat.MessagesPerMinute },
			Help: "Chat messages of one wallet that this node stores in a minute",
		},
		{
			Name: "anchat.messages_per_day", Kind: KindInteger, Example: "20000", field: func(c *Config) any { return &c.Anchat.MessagesPerDay },
			Help: "Chat messages of one wallet that this node stores in a day",
		},
		{
			Name: "anchat.files_per_wallet", Kind: KindSize, Example: "1GiB", field: func(c *Config) any { return &c.Anchat.FilesPerWallet },
			Help: "What the files of one wallet may take in the chat, as they are stored",
		},
	}
}

func discoveryRows() []Key {
	return []Key{
		{
			Name: "discovery.bootstrap_peers", Kind: KindList, Flag: "bootstrap-peers", Env: []string{"BOOTSTRAP_PEERS", "GATEWAY_BOOTSTRAP_PEERS"},
			Example: "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk", field: func(c *Config) any { return &c.Discovery.BootstrapPeers },
			Help: "Nodes to connect to first: multiaddresses that end with /p2p/ and the peer id",
		},
		{
			Name: "discovery.discovery_interval", Kind: KindDuration, Flag: "discovery-interval", Example: "1m", field: func(c *Config) any { return &c.Discovery.DiscoveryInterval },
			Help: "Time between two searches for peers, 1s to 1h",
		},
		{
			Name: "discovery.bootstrap_port", Kind: KindInteger, Flag: "bootstrap-port", Example: "4002", field: func(c *Config) any { return &c.Discovery.BootstrapPort },
			Help: "Port, over TCP, of bootstrap peers that are named without one",
		},
		{
			Name: "discovery.mdns", Kind: KindBool, Flag: "mdns", Example: "false", field: func(c *Config) any { return &c.Discovery.MDNS },
			Help: "Find nodes on the local network",
		},
		{
			Name: "discovery.network_name", Kind: KindText, Flag: "network-name", Example: "office", field: func(c *Config) any { return &c.Discovery.NetworkName },
			Help: "Nodes on the local network find each other when this name is the same",
		},
		{
			Name: "discovery.share_paths", Kind: KindBool, Flag: "share-paths", Example: "false", field: func(c *Config) any { return &c.Discovery.SharePaths },
			Help: "Tell the members of the network how this node reaches other nodes: ids, ways and milliseconds, never an address",
		},
		{
			Name: "discovery.http_adv_address", Kind: KindText, Example: "203.0.113.7:5001", field: func(c *Config) any { return &c.Discovery.HTTPAdvAddress },
			Help: "Advertised HTTP address in the original system", Old: oldAddresses,
		},
		{
			Name: "discovery.raft_adv_address", Kind: KindText, Example: "203.0.113.7:7001", field: func(c *Config) any { return &c.Discovery.RaftAdvAddress },
			Help: "Advertised Raft address in the original system", Old: oldAddresses,
		},
		{
			Name: "discovery.node_namespace", Kind: KindText, Example: "default", field: func(c *Config) any { return &c.Discovery.NodeNamespace },
			Help: "Namespace of the node in the original system",
			Old:  "a node serves every namespace; which one is used comes with each call",
		},
	}
}

func securityRows() []Key {
	return []Key{
		{
			Name: "security.open_join", Kind: KindBool, Flag: "open-join", field: func(c *Config) any { return &c.Security.OpenJoin },
			Example: "true",
			Help:    "Admit nodes to the network without a ticket; for sandboxes and trusted local networks",
		},
		{
			Name: "security.enable_tls", Kind: KindBool, field: func(c *Config) any { return &c.Security.EnableTLS },
			Help: "TLS in the original system; must be false: " + oldTransport,
		},
		{
			Name: "security.private_key_file", Kind: KindText, field: func(c *Config) any { return &c.Security.PrivateKeyFile },
			Help: "Private key in the original system; must be empty: the key is node.key_file",
		},
		{
			Name: "security.certificate_file", Kind: KindText, field: func(c *Config) any { return &c.Security.CertificateFile },
			Help: "Certificate in the original system; must be empty: peers prove themselves by their peer id",
		},
		{
			Name: "security.auth_enabled", Kind: KindBool, Example: "true", field: func(c *Config) any { return &c.Security.AuthEnabled },
			Help: "Authentication in the original system", Old: "gateway.require_auth decides it, and is true unless set otherwise",
		},
	}
}

func loggingRows() []Key {
	levels := []string{"debug", "info", "warn", "error"}
	return []Key{
		{
			Name: "logging.level", Kind: KindText, Flag: "log-level", Env: []string{"LOG_LEVEL"}, Choices: levels, Example: "debug", field: func(c *Config) any { return &c.Logging.Level },
			Help: "Least level that is logged",
		},
		{
			Name: "logging.levels", Kind: KindLevels, Flag: "log-levels", Example: "p2p=debug", field: func(c *Config) any { return &c.Logging.Levels },
			Help: "Levels of single parts of the node",
		},
		{
			Name: "logging.format", Kind: KindText, Flag: "log-format", Env: []string{"LOG_FORMAT"}, Choices: []string{"console", "json"}, Example: "json", field: func(c *Config) any { return &c.Logging.Format },
			Help: "Form of the log on the console",
		},
		{
			Name: "logging.color", Kind: KindText, Flag: "log-color", Env: []string{"NO_COLOR"}, Choices: []string{"auto", "always", "never"}, Example: "never", field: func(c *Config) any { return &c.Logging.Color },
			Help: "Colours of the log on the console; auto is on a terminal only",
		},
		{
			Name: "logging.file", Aliases: []string{"logging.output_file"}, Kind: KindText, Flag: "log-file", Example: "/var/log/debros.log", field: func(c *Config) any { return &c.Logging.File },
			Help: "File of the log, in JSON; a relative path is in the data folder; empty writes none",
		},
		{
			Name: "logging.max_size", Kind: KindSize, Example: "100MB", field: func(c *Config) any { return &c.Logging.MaxSize },
			Help: "Size at which a new log file is begun, 1MB to 1GB",
		},
		{
			Name: "logging.max_files", Kind: KindInteger, Example: "10", field: func(c *Config) any { return &c.Logging.MaxFiles },
			Help: "Finished log files that are kept, 0 to 100",
		},
		{
			Name: "logging.max_age", Kind: KindDuration, Example: "7d", field: func(c *Config) any { return &c.Logging.MaxAge },
			Help: "Time for which finished log files are kept; 0 is for ever",
		},
	}
}

func gatewayRows() []Key {
	return []Key{
		{
			Name: "gateway.enabled", Kind: KindBool, Flag: "gateway", Example: "false", field: func(c *Config) any { return &c.Gateway.Enabled },
			Help: "Serve HTTP",
		},
		{
			Name: "gateway.addr", Aliases: []string{"gateway.listen_addr"}, Kind: KindText, Flag: "gateway-addr", Env: []string{"GATEWAY_ADDR"}, Example: "127.0.0.1:0", field: func(c *Config) any { return &c.Gateway.Addr },
			Help: "host:port of the HTTP gateway; port 0 takes a free one",
		},
		{
			Name: "gateway.namespace", Aliases: []string{"gateway.client_namespace"}, Kind: KindText, Flag: "gateway-namespace", Env: []string{"GATEWAY_NAMESPACE"}, Example: "shop", field: func(c *Config) any { return &c.Gateway.Namespace },
			Help: "Namespace of API keys that name none",
		},
		{
			Name: "gateway.require_auth", Kind: KindBool, Flag: "require-auth", Env: []string{"GATEWAY_REQUIRE_AUTH"}, Example: "true", field: func(c *Config) any { return &c.Gateway.RequireAuth },
			Help: "Ask every caller for a credential; false only where everything listens on loopback",
		},
		{
			Name: "gateway.api_keys", Kind: KindSecret, Env: []string{"GATEWAY_API_KEYS"}, Secret: true, Example: "a-long-random-secret-key:shop", field: func(c *Config) any { return &c.Gateway.APIKeys },
			Help: "Keys for one namespace each: key or key:namespace",
		},
		{
			Name: "gateway.allowed_origins", Kind: KindList, Flag: "allowed-origins", Env: []string{"GATEWAY_ALLOWED_ORIGINS"}, Example: "https://shop.example", field: func(c *Config) any { return &c.Gateway.AllowedOrigins },
			Help: "Origins of browser pages that may call the gateway",
		},
		{
			Name: "gateway.allowed_hosts", Kind: KindList, Flag: "allowed-hosts", Example: "node.example", field: func(c *Config) any { return &c.Gateway.AllowedHosts },
			Help: "Host names, besides loopback, under which the gateway may be called",
		},
		{
			Name: "gateway.tls_certificate", Kind: KindText, Flag: "tls-certificate", Example: "/etc/debros/gateway.crt", field: func(c *Config) any { return &c.Gateway.TLSCertificate },
			Help: "PEM file with the certificate for HTTPS; a relative path is in the data folder; it is read again when it changes",
		},
		{
			Name: "gateway.tls_key", Kind: KindText, Flag: "tls-key", Example: "/etc/debros/gateway.key", field: func(c *Config) any { return &c.Gateway.TLSKey },
			Help: "PEM file with the certificate's private key",
		},
		{
			Name: "gateway.allow_clear", Kind: KindBool, Flag: "allow-clear", Example: "true", field: func(c *Config) any { return &c.Gateway.AllowClear },
			Help: "Listen beyond loopback without a certificate, because a proxy before the gateway encrypts",
		},
		{
			Name: "gateway.trusted_proxies", Kind: KindList, Flag: "trusted-proxies", Example: "10.0.0.0/8", field: func(c *Config) any { return &c.Gateway.TrustedProxies },
			Help: "Addresses or networks of proxies whose X-Forwarded-For is believed",
		},
		{
			Name: "gateway.max_connections", Kind: KindInteger, Example: "500", field: func(c *Config) any { return &c.Gateway.MaxConnections },
			Help: "Connections to the gateway at the same time, 1 to 100000; more are refused",
		},
		{
			Name: "gateway.ws_query_credentials", Kind: KindBool, Example: "false", field: func(c *Config) any { return &c.Gateway.WSQueryCredentials },
			Help: "Accept api_key and token in the query of a WebSocket, for older clients",
		},
	}
}

func authRows() []Key {
	return []Key{
		{
			Name: "auth.open_registration", Kind: KindBool, Flag: "open-registration", Example: "false", field: func(c *Config) any { return &c.Auth.OpenRegistration },
			Help: "Let the first wallet that names a free namespace own it; without it the operator makes namespaces",
		},
		{
			Name: "auth.require_signin_text", Kind: KindBool, Example: "true", field: func(c *Config) any { return &c.Auth.RequireSignInText },
			Help: "Refuse wallets that sign the nonce alone, as older clients do",
		},
		{
			Name: "auth.exchange_only", Kind: KindBool, Example: "true", field: func(c *Config) any { return &c.Auth.ExchangeOnly },
			Help: "Let an API key get access tokens and do nothing else",
		},
		{
			Name: "auth.offline_reads", Kind: KindBool, Example: "true", field: func(c *Config) any { return &c.Auth.OfflineReads },
			Help: "Let reads at level none go on while the node cannot learn what was revoked",
		},
		{
			Name: "auth.token_algorithm", Kind: KindText, Choices: []string{"EdDSA", "ES256"}, Example: "ES256", field: func(c *Config) any { return &c.Auth.TokenAlgorithm },
			Help: "How this node signs access tokens; all nodes accept both",
		},
	}
}

func proxyRows() []Key {
	return []Key{
		{
			Name: "proxy.address", Kind: KindText, Flag: "proxy", Env: []string{"ANYONE_SOCKS5"}, Example: "127.0.0.1:9050", field: func(c *Config) any { return &c.Proxy.Address },
			Help: "host:port of a SOCKS5 proxy (Anyone, Tor) for outgoing connections; empty is off",
		},
		{
			Name: "proxy.user", Kind: KindText, Example: "alice", field: func(c *Config) any { return &c.Proxy.User },
			Help: "User name at the proxy",
		},
		{
			Name: "proxy.password", Kind: KindSecret, Secret: true, Example: "correct-horse", field: func(c *Config) any { return &c.Proxy.Password },
			Help: "Password at the proxy",
		},
	}
}

func uiRows() []Key {
	return []Key{
		{
			Name: "ui.enabled", Kind: KindBool, Flag: "ui", Example: "true", field: func(c *Config) any { return &c.UI.Enabled },
			Help: "Serve the page for an ordinary browser",
		},
		{
			Name: "ui.addr", Kind: KindText, Flag: "ui-addr", Example: "127.0.0.1:6002", field: func(c *Config) any { return &c.UI.Addr },
			Help: "host:port of the page, loopback only; port 0 takes a free one",
		},
	}
}
