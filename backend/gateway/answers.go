package gateway

// This file holds the shapes of answers. Their field names are fixed by the
// HTTP contract: existing clients read them.

import "git.debros.io/DeBros/network/backend/core"

type errorAnswer struct {
	Error     string    `json:"error"`
	Code      core.Code `json:"code"`
	RequestID string    `json:"request_id"`
}

type serverAnswer struct {
	Status    string `json:"status,omitempty"`
	StartedAt string `json:"started_at"`
	Uptime    string `json:"uptime"`
}

type clientAnswer struct {
	Status       string            `json:"status"`
	Checks       map[string]string `json:"checks"`
	LastUpdated  string            `json:"last_updated"`
	ResponseTime string            `json:"response_time"`
}

type healthAnswer struct {
	Status string       `json:"status"`
	Server serverAnswer `json:"server"`
	Client clientAnswer `json:"client"`
}

type networkAnswer struct {
	NodeID       string `json:"node_id"`
	Connected    bool   `json:"connected"`
	PeerCount    int    `json:"peer_count"`
	DatabaseSize int64  `json:"database_size"`
	Uptime       string `json:"uptime"`
}

type statusAnswer struct {
	Healthy bool          `json:"healthy"`
	Peers   int           `json:"peers"`
	Server  serverAnswer  `json:"server"`
	Network networkAnswer `json:"network"`
}

type versionAnswer struct {
	Version   string `json:"version"`
	Commit    string `json:"commit"`
	BuildTime string `json:"build_time"`
	StartedAt string `json:"started_at"`
	Uptime    string `json:"uptime"`
}
