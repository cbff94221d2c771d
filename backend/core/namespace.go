package core

import "strings"

// MaxNamespaceBytes bounds a namespace's name; it ends up in folder names,
// topics and protocol ids, which have limits of their own.
const MaxNamespaceBytes = 63

// Namespace names one tenant's data. Only [ParseNamespace] makes one from foreign text.
type Namespace string

// The namespaces that exist without being made.
const (
	// DefaultNamespace belongs to whoever runs the node.
	DefaultNamespace Namespace = "default"
	// SystemNamespace holds what the network itself must agree on. It never
	// runs a tenant's SQL, and ParseNamespace refuses its name.
	SystemNamespace Namespace = "system"
	// ChatNamespace holds the sealed rows of Anchat, which its service alone reads
	// and writes. No tenant, owner or operator reaches it by another way, and
	// ParseNamespace refuses its name.
	ChatNamespace Namespace = "anchat"
)

// ParseNamespace accepts [a-z0-9][a-z0-9_-]{0,62} and refuses the reserved
// names "system" and "anchat". It returns Invalid with the rule otherwise.
func ParseNamespace(s string) (Namespace, error) {
	switch s {
	case string(SystemNamespace):
		return "", Errorf(Invalid, "the namespace %q is reserved for the network itself; choose another name", s)
	case string(ChatNamespace):
		return "", Errorf(Invalid, "the namespace %q is reserved for the network's chat, which debros chat and /v1/anchat reach; choose another name", s)
	}
	if !validNamespace(s) {
		return "", Errorf(Invalid, "a namespace has 1 to %d characters a-z, 0-9, _ and -, and starts with a letter or digit", MaxNamespaceBytes)
	}
	return Namespace(s), nil
}

func validNamespace(s string) bool {
	if s == "" || len(s) > MaxNamespaceBytes || s[0] == '_' || s[0] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// Group is the name of the namespace's Raft group: "ns::<namespace>".
func (n Namespace) Group() string { return "ns::" + string(n) }

// Qualify is the full name that an item or topic has inside the network:
// "ns::<namespace>::<name>".
func (n Namespace) Qualify(name string) string { return n.Group() + "::" + name }

// Unqualify undoes Qualify; ok is false when full is not of this namespace.
func (n Namespace) Unqualify(full string) (name string, ok bool) {
	return strings.CutPrefix(full, n.Group()+"::")
}
