package node

// This file keeps the page in front of the node: set once when Run starts.

import (
	"context"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

// facing is the page in front of the node, if there is one.
type facing struct {
	mu   sync.Mutex
	face Face
}

func (f *facing) set(face Face) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.face = face
}

func (f *facing) get() Face {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.face
}

func (f *facing) url() string {
	if face := f.get(); face != nil {
		return face.URL()
	}
	return ""
}

// Open shows the node's page: it raises the window, or returns a link that
// works once. The page asks about the debros: link if there is one. A node
// without a page answers unavailable.
func (n *Node) Open(ctx context.Context, link string) (string, error) {
	face := n.face.get()
	if face == nil {
		return "", core.Errorf(core.Unavailable, "this node has no page; start it with: debros node start --ui")
	}
	return face.Open(ctx, link)
}
