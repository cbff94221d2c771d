package config

// This file holds the rules that a configuration must keep. A rule names the
// key and what to write instead, and never shows a secret.

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of values that a person may set.
const (
	MaxConnectionsBound = 10_000           // descriptors run out before
	MaxReplicas         = 9                // more voters make every write slower and nothing safer
	MaxReadTimeout      = time.Minute      // a longer reader blocks the truncation of the log
	MaxValueBound       = 4 << 20          // one Raft entry and one frame of the RPC hold it
	maxMessages         = 1_000_000_000    // of a wallet in the chat: without a bound, in effect
	MaxNameLength       = 64               // of a node's or network's name
	MinAPIKeyLength     = 20               // shorter keys can be guessed
	MaxGatewaySockets   = 100_000          // each is a descriptor and some 40 KB
	minDatabaseSize     = 10 * MB          // below, not even the system database fits
	minReadTimeout      = time.Second / 10 // below, nothing is ever read
)

// Check reports every fault at once in a *FaultsError, nil when there is none.
// It changes nothing.
func (c Config) Check() error {
	f := c.faults()
	return f.err()
}

func (c Config) faults() faults {
	var f faults
	c.checkChoices(&f)
	c.checkNode(&f)
	c.checkDatabase(&f)
	c.checkDiscovery(&f)
	c.checkSecurity(&f)
	c.checkLogging(&f)
	c.checkGateway(&f)
	c.checkAddresses(&f)
	return f
}

// checkChoices compares keys that have few values with their list.
func (c Config) checkChoices(f *faults) {
	for _, k := range Keys() {
		value := k.Text(c)
		if k.Choices == nil || slices.Contains(k.Choices, value) || (value == "" && k.Old != "") {
			continue
		}
		f.add(k.Name, "", fmt.Sprintf("%q is not one of its values", shorten(value)), "write "+orList(k.Choices))
	}
}

func (c Config) checkNode(f *faults) {
	n := c.Node
	if len(n.ID) > MaxNameLength || strings.ContainsFunc(n.ID, isControl) {
		f.add("node.id", "", fmt.Sprintf("a name has at most %d printable characters", MaxNameLength), "choose a shorter one")
	}
	if n.DataDir == "" {
		f.add("node.data_dir", "", "it is empty", "name a folder with --data-dir")
	}
	if n.MaxConnections < 4 || n.MaxConnections > MaxConnectionsBound {
		f.add("node.max_connections", "", fmt.Sprintf("%d is out of range", n.MaxConnections), fmt.Sprintf("write 4 to %d", MaxConnectionsBound))
	}
	if n.SolanaWallet != "" {
		if _, err := solana.PublicKeyFromBase58(n.SolanaWallet); err != nil {
			f.add("node.solana_wallet", "", "it is not a Solana address", "write the wallet's public key: 32 bytes in base58, 32 to 44 letters and digits")
		}
	}
	if len(n.ListenAddresses) == 0 {
		f.add("node.listen_addresses", "", "it is empty", "write at least /ip4/127.0.0.1/tcp/0")
	}
	for i, addr := range n.ListenAddresses {
		if problem := listenProblem(addr); problem != "" {
			f.add("node.listen_addresses", "", fmt.Sprintf("%q %s", shorten(addr), problem), "write an address such as /ip4/0.0.0.0/tcp/4001 or /ip4/0.0.0.0/udp/4001/quic-v1")
		}
		if slices.Contains(n.ListenAddresses[:i], addr) {
			f.add("node.listen_addresses", "", fmt.Sprintf("%q is listed twice", shorten(addr)), "remove one of the two")
		}
	}
}

func (c Config) checkDatabase(f *faults) {
	d := c.Database
	if d.ReplicationFactor < 1 || d.ReplicationFactor > MaxReplicas {
		f.add("database.replication_factor", "", fmt.Sprintf("%d is out of range", d.ReplicationFactor), fmt.Sprintf("write 1 to %d; 3 survives the loss of one node", MaxReplicas))
	}
	if d.MaxDatabaseSize < minDatabaseSize {
		f.add("database.max_database_size", "", fmt.Sprintf("%s is too small", d.MaxDatabaseSize), "write 10MB or more")
	}
	if d.ReadTimeout < minReadTimeout || d.ReadTimeout > MaxReadTimeout {
		f.add("database.read_timeout", "", fmt.Sprintf("%s is out of range", formatDuration(d.ReadTimeout)), "write 100ms to 1m")
	}
	if d.IdleAfter < 10*time.Second {
		f.add("database.idle_after", "", fmt.Sprintf("%s is too short", formatDuration(d.IdleAfter)), "write 10s or more")
	}
	if to := d.RQLiteJoinAddress; to != "" && !strings.HasPrefix(to, "debros") && (!strings.HasPrefix(to, "/") || !strings.Contains(to, "/p2p/")) {
		f.add("database.rqlite_join_address", "", "this is neither a ticket nor the address of a member", "write the ticket that \"debros invite\" printed, or a multiaddress that ends with /p2p/ and the peer id")
	}
	if d.BackupInterval < 0 || (d.BackupInterval > 0 && d.BackupInterval < time.Minute) {
		f.add("database.backup_interval", "", fmt.Sprintf("%s is out of range", formatDuration(d.BackupInterval)), "write 1m or more, or 0 for none")
	}
	if d.BackupKeep < 1 || d.BackupKeep > 10_000 {
		f.add("database.backup_keep", "", fmt.Sprintf("%d is out of range", d.BackupKeep), "write 1 to 10000")
	}
	if d.ReplaceAfter < time.Minute {
		f.add("database.replace_after", "", fmt.Sprintf("%s is too short", formatDuration(d.ReplaceAfter)), "write 1m or more: a restart takes a while too")
	}
	if d.MaxAwake < 2 || d.MaxAwake > 10_000 {
		f.add("database.max_awake", "", fmt.Sprintf("%d is out of range", d.MaxAwake), "write 2 to 10000")
	}
	if d.RQLitePort < 0 || d.RQLitePort > 65535 {
		f.add("database.rqlite_port", "", fmt.Sprintf("%d is not a port", d.RQLitePort), "write 1 to 65535, or 0 for none")
	}
	if _, err := core.ParseNamespace(string(d.RQLiteNamespace)); err != nil {
		f.add("database.rqlite_namespace", "", core.Sentence(err), "")
	}
	if d.RQLiteRaftPort < 0 || d.RQLiteRaftPort > 65535 {
		f.add("database.rqlite_raft_port", "", fmt.Sprintf("%d is not a port", d.RQLiteRaftPort), "remove the key")
	}
	if v := c.Storage.MaxValueSize; v < 1024 || v > MaxValueBound {
		f.add("storage.max_value_size", "", fmt.Sprintf("%s is out of range", v), "write 1KiB to 4MiB; larger things go in parts")
	}
	for name, v := range map[string]int{"anchat.messages_per_minute": c.Anchat.MessagesPerMinute, "anchat.messages_per_day": c.Anchat.MessagesPerDay} {
		if v < 1 || v > maxMessages {
			f.add(name, "", fmt.Sprintf("%d is out of range", v), fmt.Sprintf("write 1 to %d", maxMessages))
		}
	}
	if v := c.Anchat.FilesPerWallet; v < 1<<20 || v > 1<<40 {
		f.add("anchat.files_per_wallet", "", fmt.Sprintf("%s is out of range", v), "write 1MiB to 1TiB")
	}
}

func (c Config) checkDiscovery(f *faults) {
	d := c.Discovery
	if d.DiscoveryInterval < time.Second || d.DiscoveryInterval > time.Hour {
		f.add("discovery.discovery_interval", "", fmt.Sprintf("%s is out of range", formatDuration(d.DiscoveryInterval)), "write 1s to 1h")
	}
	if d.BootstrapPort < 1 || d.BootstrapPort > 65535 {
		f.add("discovery.bootstrap_port", "", fmt.Sprintf("%d is not a port", d.BootstrapPort), "write 1 to 65535")
	}
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`).MatchString(d.NetworkName) {
		f.add("discovery.network_name", "", fmt.Sprintf("%q is not a network's name", shorten(d.NetworkName)), "write up to 40 characters a-z, 0-9 and -")
	}
	for _, addr := range d.BootstrapPeers {
		if problem := bootstrapProblem(addr); problem != "" {
			f.add("discovery.bootstrap_peers", "", fmt.Sprintf("%q %s", shorten(addr), problem), "write what 'debros node status' prints there: /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW…")
		}
	}
}

func (c Config) checkSecurity(f *faults) {
	s := c.Security
	if s.EnableTLS {
		f.add("security.enable_tls", "", oldTransport, "remove the key; for HTTPS name gateway.tls_certificate and gateway.tls_key")
	}
	if s.PrivateKeyFile != "" {
		f.add("security.private_key_file", "", "there is no such file any more", "name the node's key in node.key_file")
	}
	if s.CertificateFile != "" {
		f.add("security.certificate_file", "", "there are no certificates: peers prove themselves by their peer id", "remove the key")
	}
	if s.AuthEnabled && !c.Gateway.RequireAuth {
		f.add("security.auth_enabled", "", "it contradicts gateway.require_auth, which decides", "remove one of the two")
	}
}

func (c Config) checkLogging(f *faults) {
	l := c.Logging
	for part, level := range l.Levels {
		k, _ := FindKey("logging.level")
		if !slices.Contains(k.Choices, level) {
			f.add("logging.levels", "", fmt.Sprintf("%q of the part %q is not a level", shorten(level), shorten(part)), "write "+orList(k.Choices))
		}
		if !regexp.MustCompile(`^[a-z0-9_]{1,32}$`).MatchString(part) {
			f.add("logging.levels", "", fmt.Sprintf("%q is not a part of the node", shorten(part)), "'debros node logs' shows the parts")
		}
	}
	if l.MaxSize < MB || l.MaxSize > GB {
		f.add("logging.max_size", "", fmt.Sprintf("%s is out of range", l.MaxSize), "write 1MB to 1GB")
	}
	if l.MaxFiles < 0 || l.MaxFiles > 100 {
		f.add("logging.max_files", "", fmt.Sprintf("%d is out of range", l.MaxFiles), "write 0 to 100")
	}
}

func (c Config) checkGateway(f *faults) {
	g := c.Gateway
	if _, err := core.ParseNamespace(string(g.Namespace)); err != nil {
		f.add("gateway.namespace", "", core.Sentence(err), "")
	}
	for i, k := range g.APIKeys {
		// The key itself is never shown, only its place.
		which := fmt.Sprintf("key %d", i+1)
		if len(k.Key) < MinAPIKeyLength {
			f.add("gateway.api_keys", "", fmt.Sprintf("%s has fewer than %d characters and can be guessed", which, MinAPIKeyLength), "make one with 'openssl rand -hex 24'")
		}
		if _, err := core.ParseNamespace(string(k.Namespace)); err != nil {
			f.add("gateway.api_keys", "", fmt.Sprintf("%s: %s", which, core.Sentence(err)), "write key:namespace")
		}
	}
	for _, origin := range g.AllowedOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Scheme+"://"+u.Host != origin {
			f.add("gateway.allowed_origins", "", fmt.Sprintf("%q is not an origin", shorten(origin)), "write https://host or https://host:port; there are no wildcards")
		}
	}
	for _, host := range g.AllowedHosts {
		if host == "" || host != strings.ToLower(host) || strings.ContainsAny(host, ":/ *@") {
			f.add("gateway.allowed_hosts", "", fmt.Sprintf("%q is not a host name", shorten(host)), "write a name in lower case without port, such as node.example")
		}
	}
	if !g.RequireAuth {
		c.checkOpenNode(f)
	}
	c.checkCarrier(f)
}

// checkCarrier looks at what the gateway's connections run through.
func (c Config) checkCarrier(f *faults) {
	g := c.Gateway
	switch {
	case g.TLSCertificate != "" && g.TLSKey == "":
		f.add("gateway.tls_certificate", "", "its key is missing", "name the PEM file in gateway.tls_key")
	case g.TLSCertificate == "" && g.TLSKey != "":
		f.add("gateway.tls_key", "", "its certificate is missing", "name the PEM file in gateway.tls_certificate")
	case g.Enabled && g.TLSCertificate == "" && !g.AllowClear && hostPortProblem(g.Addr, 0) == "" && !isLoopback(g.Addr):
		f.add("gateway.addr", "", fmt.Sprintf("%s is not loopback, and keys and tokens would travel in clear", g.Addr),
			"name gateway.tls_certificate and gateway.tls_key, or set gateway.allow_clear when a proxy before it encrypts")
	}
	for _, text := range g.TrustedProxies {
		if _, err := netip.ParsePrefix(text); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(text); err != nil {
			f.add("gateway.trusted_proxies", "", fmt.Sprintf("%q is not an address", shorten(text)), "write 10.0.0.7 or 10.0.0.0/8")
		}
	}
	if g.MaxConnections < 1 || g.MaxConnections > MaxGatewaySockets {
		f.add("gateway.max_connections", "", fmt.Sprintf("%d is out of range", g.MaxConnections), fmt.Sprintf("write 1 to %d", MaxGatewaySockets))
	}
}

// checkOpenNode keeps a node that asks for no credential away from the network:
// everything that it listens on must be loopback.
func (c Config) checkOpenNode(f *faults) {
	const fix = "set it to true, or listen on 127.0.0.1 only (gateway.addr and node.listen_addresses)"
	if c.Gateway.Enabled && !isLoopback(c.Gateway.Addr) {
		f.add("gateway.require_auth", "", fmt.Sprintf("false would let everyone in who reaches gateway.addr %s", c.Gateway.Addr), fix)
	}
	for _, addr := range c.Node.ListenAddresses {
		if m, err := multiaddr.NewMultiaddr(addr); err == nil && !loopbackMultiaddr(m) {
			f.add("gateway.require_auth", "", fmt.Sprintf("false would let everyone in who reaches %s of node.listen_addresses", addr), fix)
		}
	}
}

func (c Config) checkAddresses(f *faults) {
	if problem := hostPortProblem(c.Gateway.Addr, 0); problem != "" {
		f.add("gateway.addr", "", problem, "write host:port, such as 127.0.0.1:6001; port 0 takes a free one")
	}
	if problem := hostPortProblem(c.UI.Addr, 0); problem != "" {
		f.add("ui.addr", "", problem, "write host:port, such as 127.0.0.1:0")
	} else if !isLoopback(c.UI.Addr) {
		f.add("ui.addr", "", fmt.Sprintf("%s is not loopback; whoever reaches the page can do everything", c.UI.Addr), "write 127.0.0.1:port, and reach it from elsewhere through a tunnel such as ssh -L")
	}
	if c.Proxy.Address != "" {
		if problem := hostPortProblem(c.Proxy.Address, 1); problem != "" {
			f.add("proxy.address", "", problem, "write host:port, such as 127.0.0.1:9050")
		}
	} else if c.Proxy.User != "" || c.Proxy.Password != "" {
		f.add("proxy.address", "", "it is empty, but a user or password for it is set", "write the proxy's host:port, or remove the others")
	}
}

// hostPortProblem says what is wrong with host:port, "" when nothing is.
func hostPortProblem(addr string, lowest int) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Sprintf("%q is not host:port", shorten(addr))
	}
	if n, err := strconv.Atoi(port); err != nil || n < lowest || n > 65535 {
		return fmt.Sprintf("%q is not a port", shorten(port))
	}
	return ""
}

// isLoopback says whether only this computer reaches host:port. A name other
// than localhost may be resolved to anything, so it is not.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func loopbackMultiaddr(m multiaddr.Multiaddr) bool {
	for _, code := range []int{multiaddr.P_IP4, multiaddr.P_IP6} {
		if host, err := m.ValueForProtocol(code); err == nil {
			ip, err := netip.ParseAddr(host)
			return err == nil && ip.IsLoopback()
		}
	}
	return false
}

// listenProblem says what is wrong with an address to listen on.
func listenProblem(addr string) string {
	m, err := multiaddr.NewMultiaddr(addr)
	if err != nil {
		return "is not a multiaddress"
	}
	var names []string
	for _, p := range m.Protocols() {
		names = append(names, p.Name)
	}
	switch path := strings.Join(names, "/"); path {
	case "ip4/tcp", "ip6/tcp", "ip4/udp/quic-v1", "ip6/udp/quic-v1":
		return ""
	}
	return "is not an IP address with TCP or QUIC"
}

// bootstrapProblem says what is wrong with the address of a bootstrap peer.
func bootstrapProblem(addr string) string {
	m, err := multiaddr.NewMultiaddr(addr)
	if err != nil {
		return "is not a multiaddress"
	}
	protocols := m.Protocols()
	if len(protocols) < 2 || protocols[len(protocols)-1].Code != multiaddr.P_P2P {
		return "does not end with /p2p/ and a peer id"
	}
	return ""
}

// withPort adds the TCP port to a bootstrap peer that is named without one:
// /ip4/203.0.113.7/p2p/<id>. Everything else is returned as it is.
func withPort(addr string, port int) string {
	parts := strings.Split(addr, "/")
	if len(parts) != 5 || parts[3] != "p2p" || !slices.Contains([]string{"ip4", "ip6", "dns", "dns4", "dns6"}, parts[1]) {
		return addr
	}
	return fmt.Sprintf("/%s/%s/tcp/%d/p2p/%s", parts[1], parts[2], port, parts[4])
}

// orList is "a, b or c".
func orList(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " or " + items[len(items)-1]
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }
