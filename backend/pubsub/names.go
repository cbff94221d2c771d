// Names of topics on the wire.

package pubsub

import (
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// The two topics of this package itself. They are in the system namespace,
// which no tenant can name. Every node is in the first, every client in the
// second; so a greeting is never empty and tells what its sender is.
const (
	nodesTopic   = "ns::system::topics"
	clientsTopic = "ns::system::clients"
)

// presenceMark begins the name of the topic beside a topic in which is told who
// is present there. A tenant's topic has no control character, so nobody can
// subscribe to it or publish in it by name.
const presenceMark = "\x01"

// parseTopic takes a wire name apart. ok is false for everything that
// Namespace.Qualify could not have made of a valid namespace and topic.
func parseTopic(full string) (ns core.Namespace, topic string, ok bool) {
	rest, ok := strings.CutPrefix(full, "ns::")
	if !ok {
		return "", "", false
	}
	name, topic, ok := strings.Cut(rest, "::")
	if !ok || core.CheckTopic(strings.TrimPrefix(topic, presenceMark)) != nil {
		return "", "", false
	}
	if name == string(core.SystemNamespace) {
		return core.SystemNamespace, topic, full == nodesTopic || full == clientsTopic
	}
	if name == string(core.ChatNamespace) { // nobody is present there: who is, is sealed
		return core.ChatNamespace, topic, !hidden(topic)
	}
	ns, err := core.ParseNamespace(name)
	return ns, topic, err == nil
}

// hidden says whether a topic is one that this package made for itself.
func hidden(topic string) bool { return strings.HasPrefix(topic, presenceMark) }

// qualify checks what a tenant names and makes the wire name of it.
func qualify(ns core.Namespace, topic string) (string, error) {
	if _, err := core.ParseNamespace(string(ns)); err != nil {
		return "", err
	}
	return qualifyOwn(ns, topic)
}

// qualifyOwn is qualify for the packages of this program.
func qualifyOwn(ns core.Namespace, topic string) (string, error) {
	if err := core.CheckTopic(topic); err != nil {
		return "", err
	}
	return ns.Qualify(topic), nil
}
