package gateway

// This file keeps anybody from asking too often. A bucket is an address's or an
// account's; what is refused is told when to come back.

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of the buckets.
const (
	// MaxBuckets bounds the addresses that are remembered, and likewise the
	// accounts: 50,000 are about 10 MB.
	MaxBuckets = 50_000
	// sharedFactor makes the buckets of this computer and of a peer larger: all its
	// programs share one, and all callers of a guest's gateway.
	sharedFactor = 20
	// maxAccountBytes bounds what an account is remembered by: strangers write it.
	// Wallets and the families of tokens are shorter.
	maxAccountBytes = 64
	// limitNotice is how often the log tells that one bucket is empty.
	limitNotice = time.Minute
)

// quota is how often one kind of thing may be asked. 0 is not limited.
type quota struct {
	address, account allowance
}

// allowance is a bucket of burst tokens that fills up again in period.
type allowance struct {
	burst  int
	period time.Duration
}

// Names of the rates; a row of the table says which is its own.
const (
	rateCommon    = ""          // requests without a credential
	rateChallenge = "challenge" // per wallet and address: nobody has proven that it is his
	rateVerify    = "verify"    // with register and api-key; likewise
	rateRefresh   = "refresh"   // per family of the token and address
	rateToken     = "token"     // per account: the key
	rateTicket    = "ticket"
	rateAnon      = "anon"      // through the proxy, which is slow and shared
	rateWrongKey  = "wrong_key" // keys that nobody has
	rateDevices   = "devices"   // of somebody in the chat: much to read, for nobody in particular
)

func quotaOf(name string) quota {
	minute := func(n int) allowance { return allowance{n, time.Minute} }
	switch name {
	case rateCommon:
		return quota{address: allowance{500, 5 * time.Second}}
	case rateChallenge, rateRefresh, rateToken:
		return quota{address: minute(10), account: minute(10)}
	case rateVerify:
		return quota{address: minute(20), account: minute(20)}
	case rateTicket:
		return quota{address: minute(60), account: minute(60)}
	case rateDevices:
		return quota{address: minute(300)}
	case rateAnon:
		return quota{account: minute(120)}
	case rateWrongKey:
		return quota{address: minute(30)}
	}
	return quota{}
}

type bucketKey struct{ rate, who string }

type bucket struct {
	*rate.Limiter
	told atomic.Int64 // when the log was told that it is empty, Unix nanoseconds
}

// rates holds all buckets. It may be used from any goroutine. The least used
// bucket goes when there are too many; who comes back then has a full one.
type rates struct {
	now       func() time.Time
	addresses *lru.Cache[bucketKey, *bucket]
	accounts  *lru.Cache[bucketKey, *bucket]
}

func newRates(now func() time.Time) (*rates, error) {
	addresses, err := lru.New[bucketKey, *bucket](MaxBuckets)
	if err != nil {
		return nil, fmt.Errorf("make buckets: %w", err)
	}
	accounts, err := lru.New[bucketKey, *bucket](MaxBuckets)
	if err != nil {
		return nil, fmt.Errorf("make buckets: %w", err)
	}
	return &rates{now: now, addresses: addresses, accounts: accounts}, nil
}

// draw takes a token. It returns how long to wait when there is none, and
// whether this is worth a line of the log.
func (r *rates) draw(cache *lru.Cache[bucketKey, *bucket], key bucketKey, a allowance) (wait time.Duration, tell bool) {
	if a.burst == 0 {
		return 0, false
	}
	b, ok := cache.Get(key)
	if !ok {
		b = &bucket{Limiter: rate.NewLimiter(rate.Limit(float64(a.burst)/a.period.Seconds()), a.burst)}
		if before, there, _ := cache.PeekOrAdd(key, b); there {
			b = before
		}
	}
	now := r.now()
	reserved := b.ReserveN(now, 1)
	if wait = reserved.DelayFrom(now); wait <= 0 {
		return 0, false
	}
	reserved.CancelAt(now)
	last := b.told.Load()
	tell = now.UnixNano()-last >= int64(limitNotice) && b.told.CompareAndSwap(last, now.UnixNano())
	return wait, tell
}

// empty says whether a bucket has no token left, without taking one.
func (r *rates) empty(cache *lru.Cache[bucketKey, *bucket], key bucketKey) bool {
	b, ok := cache.Peek(key)
	return ok && b.TokensAt(r.now()) < 1
}

// network is whom an address's bucket belongs to: the neighbours that one
// customer of a provider usually has. What is no IP address is a peer id.
func network(address string) (who string, loopback bool) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address, false
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsLoopback() {
		return "loopback", true
	}
	bits := 24
	if ip.Is6() {
		bits = 56
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return address, false
	}
	return prefix.String(), false
}

func (a allowance) times(n int) allowance { a.burst *= n; return a }

// limitAddress takes a token of the caller's address. It returns Limited, and
// says when to come back.
func (c *call) limitAddress(name string) error {
	who, loopback := network(c.address())
	a := quotaOf(name).address
	if loopback || c.peer() {
		a = a.times(sharedFactor)
	}
	wait, tell := c.g.rates.draw(c.g.rates.addresses, bucketKey{name, who}, a)
	return c.limited(name, who, wait, tell)
}

// limitAccount likewise takes one of an account: a wallet, a key, a family of
// tokens. "" is no account.
func (c *call) limitAccount(name, account string) error {
	if account == "" {
		return nil
	}
	who := strings.Clone(strings.ToLower(account[:min(len(account), maxAccountBytes)])) // keeps no long text alive
	wait, tell := c.g.rates.draw(c.g.rates.accounts, bucketKey{name, who}, quotaOf(name).account)
	return c.limited(name, "", wait, tell)
}

// limitClaimed is limitAccount for a name that the caller has not proven: a wallet
// that is to sign, the family of a token. Each address draws from a bucket of its
// own, or anybody could keep the owner of the name out by asking in it.
func (c *call) limitClaimed(name, account string) error {
	if account == "" {
		return nil
	}
	who, _ := network(c.address())
	a := quotaOf(name).account
	if c.peer() {
		a = a.times(sharedFactor)
	}
	key := bucketKey{name, who + " " + strings.ToLower(account[:min(len(account), maxAccountBytes)])}
	wait, tell := c.g.rates.draw(c.g.rates.accounts, key, a)
	return c.limited(name, "", wait, tell)
}

// checkWrongKeys refuses an address that has tried too many keys that nobody has.
func (c *call) checkWrongKeys() error {
	who, _ := network(c.address())
	if !c.g.rates.empty(c.g.rates.addresses, bucketKey{rateWrongKey, who}) {
		return nil
	}
	return c.limited(rateWrongKey, who, time.Minute/time.Duration(quotaOf(rateWrongKey).address.burst), false)
}

func (c *call) limited(name, who string, wait time.Duration, tell bool) error {
	if wait <= 0 {
		return nil
	}
	if name == rateCommon {
		name = "common"
	}
	c.g.metrics.limited.WithLabelValues(name).Inc()
	if tell {
		c.g.log.Info("somebody asks too often and is told to wait", "rate", name, core.KeyAddress, who, core.KeyRequestID, c.id)
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	c.w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	return core.Errorf(core.Limited, "too many requests; come back in %d s", seconds)
}
