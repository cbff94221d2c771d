package gateway

// This file lists the bounds that a caller of the gateway may meet.

import (
	"fmt"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Limits lists the bounds of this package that a user may meet.
func Limits() []core.Limit {
	list := []core.Limit{
		{Name: "header of an HTTP request", Value: fmt.Sprintf("%d KiB, within %v", MaxHeaderBytes>>10, MaxHeaderTime), Why: "nobody holds a connection by sending slowly"},
		{Name: "JSON body of an HTTP request", Value: fmt.Sprintf("%d MiB", MaxJSONBytes>>20), Why: "it is read whole before it is understood; larger values go as they are, with ?key="},
		{Name: "time for the body of an HTTP request", Value: MaxBodyTime.String(), Why: "streams such as an import have none"},
		{Name: "time for an HTTP answer", Value: MaxAnswerTime.String(), Why: "streams such as an export have none"},
		{Name: "time of an idle HTTP connection", Value: MaxIdleTime.String(), Why: "descriptors are few"},
		{Name: "connections to the gateway", Value: fmt.Sprint(MaxConnections), Why: "descriptors are few; more are told to wait, and a node with few descriptors allows fewer", Key: "gateway.max_connections"},
		{Name: "requests through the SOCKS5 proxy at the same time", Value: fmt.Sprint(MaxAnonRequests), Why: "each has an answer in memory"},
		{Name: "answer through the SOCKS5 proxy", Value: fmt.Sprintf("%d MiB, within %v", MaxAnonBytes>>20, MaxAnonTime), Why: "it is held in memory"},
		{Name: "addresses and accounts whose rates are remembered", Value: fmt.Sprintf("%d each", MaxBuckets), Why: "strangers have many addresses"},
	}
	for _, r := range []struct{ name, what string }{
		{rateCommon, "requests without a credential"},
		{rateChallenge, "challenges"},
		{rateVerify, "proofs of a wallet"},
		{rateRefresh, "refreshes of a session"},
		{rateToken, "tokens for an API key"},
		{rateTicket, "tickets for WebSockets"},
		{rateAnon, "requests through the SOCKS5 proxy"},
		{rateWrongKey, "keys that nobody has"},
		{rateDevices, "lists of somebody's chat devices"},
	} {
		q := quotaOf(r.name)
		if q.address.burst > 0 {
			list = append(list, core.Limit{
				Name: r.what + " per address", Value: q.address.String(), Why: fmt.Sprintf("strangers must not keep a gateway busy; an address is a /24, with IPv6 a /56; this computer may %d times as many", sharedFactor),
			})
		}
		if q.account.burst > 0 {
			list = append(list, core.Limit{Name: r.what + " per account", Value: q.account.String(), Why: "anybody can try in somebody's name; a name that is not proven yet is counted at each address by itself"})
		}
	}
	return slices.Concat(list, dataLimits(), socketLimits())
}

// String says how many at once, and how many come back each second or minute.
func (a allowance) String() string {
	if a.period == time.Minute {
		return fmt.Sprintf("%d a minute", a.burst)
	}
	return fmt.Sprintf("%d at once, then %d a second", a.burst, int(float64(a.burst)/a.period.Seconds()))
}
