package rqliteapi

// This file tells about the node and its cluster, as far as rqlite's programs
// ask, and names the debros command for all that is done elsewhere.

import (
	"cmp"
	"context"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// lookTime bounds finding out who leads; a status must not hang.
const lookTime = 5 * time.Second

type object = map[string]any

// nodeAnswer is one replica. Its API is this one, which passes requests on.
type nodeAnswer struct {
	ID        string `json:"id"`
	APIAddr   string `json:"api_addr"`
	Addr      string `json:"addr"`
	Version   string `json:"version"`
	Voter     bool   `json:"voter"`
	Reachable bool   `json:"reachable"`
	Leader    bool   `json:"leader"`
}

func (a *API) root(w http.ResponseWriter, r *http.Request, _ params) error {
	http.Redirect(w, r, "/status", http.StatusFound)
	return nil
}

// placement asks the node within lookTime. It wakes a sleeping namespace.
func (a *API) placement(r *http.Request, p params) (core.Placement, error) {
	ctx, cancel := context.WithTimeout(r.Context(), min(lookTime, p.timeout))
	defer cancel()
	return a.node.Placement(ctx, a.settings.Namespace)
}

// status has the fields of rqlite's that its programs read; a node that knows no
// leader still answers.
func (a *API) status(w http.ResponseWriter, r *http.Request, p params) error {
	place, err := a.placement(r, p)
	if err != nil {
		a.log.DebugContext(r.Context(), "no leader to tell of", core.KeyError, err)
	}
	state := "Follower"
	if place.Leader == a.settings.PeerID {
		state = "Leader"
	}
	now := a.settings.Now()
	var found any = object{
		"build": object{"version": apiVersion, "debros": a.settings.Version},
		"store": object{
			"node_id": a.settings.PeerID, "leader": object{"node_id": place.Leader, "addr": place.Leader},
			"namespace": a.settings.Namespace, "group": a.settings.Namespace.Group(),
			"raft": object{"state": state, "commit_index": place.Index}, "sqlite3": object{"fk_constraints": "enabled"},
		},
		"http":       object{"bind_addr": a.Address(), "tls": object{"enabled": "false"}},
		"node":       object{"start_time": a.started, "current_time": now, "uptime": now.Sub(a.started).Round(time.Second).String()},
		"runtime":    object{"GOOS": runtime.GOOS, "GOARCH": runtime.GOARCH, "version": runtime.Version()},
		"extensions": object{"names": []string{}},
	}
	if key := p.values.Get("key"); key != "" {
		for name := range strings.SplitSeq(key, ".") {
			in, is := found.(object)
			if !is {
				break
			}
			if found, is = in[name]; !is {
				found = object{}
			}
		}
	}
	a.write(w, r, p, http.StatusOK, found)
	return nil
}

func (a *API) replicas(r *http.Request, p params) ([]nodeAnswer, error) {
	place, err := a.placement(r, p)
	if err != nil {
		return nil, err
	}
	list := make([]nodeAnswer, 0, len(place.Replicas))
	for _, replica := range place.Replicas {
		list = append(list, nodeAnswer{
			ID: replica.Node, APIAddr: "http://" + a.Address(), Addr: replica.Node, Version: apiVersion,
			Voter: replica.Role == core.ReplicaVoter, Reachable: replica.State != "unreachable", Leader: replica.Node == place.Leader,
		})
	}
	slices.SortFunc(list, func(x, y nodeAnswer) int { return cmp.Compare(x.ID, y.ID) })
	return list, nil
}

// nodes lists the voters, or with nonvoters all replicas.
func (a *API) nodes(w http.ResponseWriter, r *http.Request, p params) error {
	list, err := a.replicas(r, p)
	if err != nil {
		return err
	}
	if !p.values.Has("nonvoters") {
		list = slices.DeleteFunc(list, func(n nodeAnswer) bool { return !n.Voter })
	}
	if p.values.Get("ver") == "2" {
		a.write(w, r, p, http.StatusOK, object{"nodes": list})
		return nil
	}
	byID := make(map[string]nodeAnswer, len(list))
	for _, n := range list {
		byID[n.ID] = n
	}
	a.write(w, r, p, http.StatusOK, byID)
	return nil
}

func (a *API) leader(w http.ResponseWriter, r *http.Request, p params) error {
	list, err := a.replicas(r, p)
	if err != nil {
		return err
	}
	for _, n := range list {
		if n.Leader {
			a.write(w, r, p, http.StatusOK, n)
			return nil
		}
	}
	return core.Errorf(core.Unavailable, "leader not found")
}

// ready is plain text, as in rqlite.
func (a *API) ready(w http.ResponseWriter, r *http.Request, p params) error {
	text, status := "[+]node ok", http.StatusOK
	if !p.values.Has("noleader") {
		place, err := a.placement(r, p)
		switch {
		case err != nil:
			text, status = text+"\n[-]"+core.Sentence(err), http.StatusServiceUnavailable
		case place.Leader == "":
			text, status = text+"\n[-]leader does not exist", http.StatusServiceUnavailable
		default:
			text += "\n[+]leader ok\n[+]store ok"
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write([]byte(text)); err != nil { //nolint:gosec // plain text, and nosniff says so
		a.log.DebugContext(r.Context(), "answer not delivered", core.KeyError, err)
	}
	return nil
}

// elsewhere names what to use instead.
func (a *API) elsewhere(w http.ResponseWriter, r *http.Request, _ params) error {
	switch {
	case r.URL.Path == "/boot":
		return errUnsupported("a node is not booted from a file here; store one with: debros sql import, or a whole backup with: debros ns restore")
	case r.URL.Path == "/snapshot" || r.URL.Path == "/reap":
		return errUnsupported("each replica takes snapshots by itself; there is nothing to ask for")
	case strings.HasPrefix(r.URL.Path, "/remove"):
		return errUnsupported("members are removed with: debros network member rm")
	case r.URL.Path == "/leader":
		return errUnsupported("the replicas choose their leader themselves; a node hands over when it ends or leaves: debros leave")
	case strings.HasPrefix(r.URL.Path, "/debug"):
		return errUnsupported("what the node does is shown by: debros status, debros health, and its log")
	case r.URL.Path == "/db/sql":
		return errUnsupported("statements are not taken apart here; debros sql says of each what is wrong")
	}
	switch r.URL.Path {
	case "/", "/db/query", "/db/execute", "/db/request", "/db/backup", "/db/load", "/status", "/nodes", "/readyz":
		allowed := "GET"
		switch r.URL.Path {
		case "/db/query":
			allowed = "GET, POST"
		case "/db/execute", "/db/request", "/db/load":
			allowed = "POST"
		}
		w.Header().Set("Allow", allowed)
		a.write(w, r, params{}, http.StatusMethodNotAllowed, errorAnswer{Error: r.URL.Path + " takes " + allowed})
		return nil
	}
	return core.Errorf(core.NotFound, "rqlite's HTTP API has no %s here", r.URL.Path)
}
