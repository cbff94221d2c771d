package rqliteapi

// This file reads the parameters behind the '?'.

import (
	"net/url"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// params are the parameters of one request. Those that decide nothing here
// (redirect, retries, noleader and the like) are accepted and not kept.
type params struct {
	values                            url.Values
	pretty, timings, associative      bool
	blobArray, transaction, raftIndex bool
	queue                             bool
	sql                               string // of q, "" when there is none
	read                              core.ReadOptions
	timeout                           time.Duration // of the whole request
	readTimeout                       time.Duration // of one read; 0 is the database's own
}

// parseParams returns Invalid with the parameter's name for a value that cannot
// be read. A parameter that is given twice counts once, the first time.
func parseParams(query string) (params, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return params{}, core.Wrap(core.Invalid, err, "the parameters behind the ? cannot be read; encode them")
	}
	p := params{
		values: values, pretty: values.Has("pretty"), timings: values.Has("timings"), associative: values.Has("associative"),
		blobArray: values.Has("blob_array"), transaction: values.Has("transaction"), raftIndex: values.Has("raft_index"),
		queue: values.Has("queue"), sql: values.Get("q"), timeout: defaultTimeout,
	}
	if values.Has("q") && p.sql == "" {
		return p, core.Errorf(core.Invalid, "q is empty; write the statement there")
	}
	if p.read.Level, err = parseLevel(values.Get("level")); err != nil {
		return p, err
	}
	for name, to := range map[string]*time.Duration{"timeout": &p.timeout, "db_timeout": &p.readTimeout, "freshness": &p.read.Freshness} {
		if !values.Has(name) {
			continue
		}
		d, err := time.ParseDuration(values.Get(name))
		if err != nil || d < 0 {
			return p, core.Errorf(core.Invalid, "%s is not a duration; write it as in 500ms or 10s", name)
		}
		*to = d
	}
	if p.timeout <= 0 || p.timeout > MaxTimeout {
		return p, core.Errorf(core.Invalid, "timeout is more than 0 and at most %s", MaxTimeout)
	}
	if values.Has("freshness_strict") && !values.Has("freshness") {
		return p, core.Errorf(core.Invalid, "freshness_strict wants a freshness")
	}
	if p.read.Level != core.LevelNone {
		p.read.Freshness = 0 // rqlite looks at it with level none only
	}
	return p, nil
}

// parseLevel gives rqlite's levels their place among the database's. A read
// through the log sees what a linearizable one sees; auto is weak on a voter.
func parseLevel(s string) (core.Level, error) {
	switch strings.ToLower(s) {
	case "", "weak", "auto":
		return core.LevelWeak, nil
	case "strong", "linearizable":
		return core.LevelLinearizable, nil
	case "none":
		return core.LevelNone, nil
	}
	return "", core.Errorf(core.Invalid, "level %q is not known; use none, weak, linearizable, strong or auto", s)
}
