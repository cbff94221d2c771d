// This file looks through keys for the Keys screen: by filter, and by size. A
// call looks at a bounded number of keys and answers with a cursor, so that the
// page can show how far it is and stop by not asking again.

package api

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxScanKeys bounds the keys that one call looks at.
	MaxScanKeys = 20_000
	// MaxSizeChildren bounds the branches that are told apart in one answer about
	// sizes; the keys of the others are counted together.
	MaxSizeChildren = 1000

	// maxScanTime ends a call early, so that the page hears of it in time.
	maxScanTime     = time.Second
	maxPatternBytes = 256
	maxContentBytes = 256
)

// ScanRequest says which keys are looked for; what is empty or 0 does not matter.
type ScanRequest struct {
	Namespace string `json:"namespace"`
	Prefix    string `json:"prefix"`
	Pattern   string `json:"pattern"` // of the whole key: * is any text, ? any one character
	Content   string `json:"content"` // text in the value, upper and lower case alike
	MinBytes  int    `json:"min_bytes"`
	MaxBytes  int    `json:"max_bytes"`
	// ChangedAfter and ChangedBefore are times in RFC 3339.
	ChangedAfter  string `json:"changed_after"`
	ChangedBefore string `json:"changed_before"`
	Expiry        string `json:"expiry"`         // "", "never" or "some"
	ExpiresBefore string `json:"expires_before"` // RFC 3339
	Cursor        string `json:"cursor"`
}

// KVFound is what one call found among the keys that it looked at; Next is ""
// when it came to the end.
type KVFound struct {
	Items      []KVEntry  `json:"items"`
	Looked     int        `json:"looked"`
	Next       string     `json:"next"`
	Provenance Provenance `json:"provenance"`
}

// Scan looks at keys from the cursor on and returns those that the request
// describes. It ends after MaxScanKeys keys, a second, or a page with hits.
func (k *KV) Scan(r ScanRequest) (KVFound, error) {
	return guard(k.d, "KV.Scan", MaxCallTime, func(ctx context.Context) (KVFound, error) {
		b, ns, err := k.open(r.Namespace)
		if err != nil {
			return KVFound{}, err
		}
		f, err := r.filter()
		if err != nil {
			return KVFound{}, err
		}
		o := core.ListOptions{
			ReadOptions: core.ReadOptions{Level: core.LevelWeak}, Prefix: f.prefix, Cursor: r.Cursor, Limit: core.MaxListKeys, Values: len(f.content) > 0,
		}
		out := KVFound{Items: []KVEntry{}}
		for start := time.Now(); ; {
			page, err := b.Storage.List(ctx, ns, o)
			if err != nil {
				return KVFound{}, err
			}
			for _, i := range page.Items {
				if f.takes(i) {
					out.Items = append(out.Items, entryOf(i))
				}
			}
			out.Looked += len(page.Items)
			out.Next, o.Cursor, out.Provenance = page.Next, page.Next, provenanceOf(page.Provenance)
			if page.Next == "" || len(out.Items) > 0 || out.Looked >= MaxScanKeys || time.Since(start) > maxScanTime {
				return out, nil
			}
		}
	})
}

// filter is a request that was understood.
type filter struct {
	prefix        string
	pattern       *regexp.Regexp
	content       []byte
	min, max      int
	after, before time.Time
	expiry        string
	ends          time.Time
}

func (r ScanRequest) filter() (filter, error) {
	f := filter{prefix: r.Prefix, content: bytes.ToLower([]byte(r.Content)), min: r.MinBytes, max: r.MaxBytes, expiry: r.Expiry}
	switch {
	case len(r.Pattern) > maxPatternBytes:
		return f, core.Errorf(core.TooLarge, "A pattern has at most %d bytes.", maxPatternBytes)
	case len(r.Content) > maxContentBytes:
		return f, core.Errorf(core.TooLarge, "At most %d bytes of content can be looked for.", maxContentBytes)
	case r.MinBytes < 0 || r.MaxBytes < 0 || r.MaxBytes > 0 && r.MaxBytes < r.MinBytes:
		return f, core.Errorf(core.Invalid, "A size is 0 or more, and the smallest is not above the largest.")
	case r.Expiry != "" && r.Expiry != "never" && r.Expiry != "some":
		return f, core.Errorf(core.Invalid, "A key expires at some time or never; %q is neither.", r.Expiry)
	}
	for _, t := range []struct {
		text string
		to   *time.Time
	}{{r.ChangedAfter, &f.after}, {r.ChangedBefore, &f.before}, {r.ExpiresBefore, &f.ends}} {
		if t.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, t.text)
		if err != nil {
			return f, core.Wrap(core.Invalid, err, "%q is not a time of RFC 3339.", t.text)
		}
		*t.to = at
	}
	if r.Pattern != "" {
		// What stands before the first sign narrows the listing itself.
		if fixed := r.Pattern[:globPart(r.Pattern)]; strings.HasPrefix(fixed, f.prefix) {
			f.prefix = fixed
		}
		f.pattern = glob(r.Pattern)
	}
	return f, nil
}

// globPart is how many bytes of a pattern stand for themselves at its beginning.
func globPart(pattern string) int {
	if at := strings.IndexAny(pattern, "*?"); at >= 0 {
		return at
	}
	return len(pattern)
}

// glob turns a pattern into an expression. Those of this engine take linear time
// whatever a person writes.
func glob(pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(text, `\*`, `.*`)
	text = strings.ReplaceAll(text, `\?`, `.`)
	return regexp.MustCompile(`(?s)\A` + text + `\z`)
}

func (f filter) takes(i core.Item) bool {
	switch {
	case f.pattern != nil && !f.pattern.MatchString(i.Key),
		i.Size < f.min, f.max > 0 && i.Size > f.max,
		!f.after.IsZero() && !i.UpdatedAt.After(f.after),
		!f.before.IsZero() && !i.UpdatedAt.Before(f.before),
		f.expiry == "never" && !i.ExpiresAt.IsZero(),
		f.expiry == "some" && i.ExpiresAt.IsZero(),
		!f.ends.IsZero() && (i.ExpiresAt.IsZero() || !i.ExpiresAt.Before(f.ends)):
		return false
	}
	return len(f.content) == 0 || bytes.Contains(bytes.ToLower(i.Value), f.content)
}

// SizeRequest asks what lies behind a prefix, by its branches.
type SizeRequest struct {
	Namespace string `json:"namespace"`
	Prefix    string `json:"prefix"`
	Separator string `json:"separator"`
	Cursor    string `json:"cursor"`
}

// KVSize is what one branch holds. Prefix is "" for the keys that lie in no
// branch, and for those of too many branches with Other.
type KVSize struct {
	Prefix string `json:"prefix"`
	Other  bool   `json:"other"`
	Keys   int64  `json:"keys"`
	Bytes  int64  `json:"bytes"` // of keys and values
}

// KVSizes is what one call counted; sums of several calls are added up by branch.
type KVSizes struct {
	Children []KVSize `json:"children"`
	Looked   int      `json:"looked"`
	Next     string   `json:"next"`
}

// Sizes counts keys and bytes by branch, from the cursor on. It ends after
// MaxScanKeys keys or a second.
func (k *KV) Sizes(r SizeRequest) (KVSizes, error) {
	return guard(k.d, "KV.Sizes", MaxCallTime, func(ctx context.Context) (KVSizes, error) {
		b, ns, err := k.open(r.Namespace)
		if err != nil {
			return KVSizes{}, err
		}
		if r.Separator == "" {
			return KVSizes{}, core.Errorf(core.Invalid, "Branches are told apart by a separator; name one.")
		}
		o := core.ListOptions{ReadOptions: core.ReadOptions{Level: core.LevelWeak}, Prefix: r.Prefix, Cursor: r.Cursor, Limit: core.MaxListKeys}
		sums := sizes{byPrefix: map[string]int{}}
		out := KVSizes{}
		for start := time.Now(); ; {
			page, err := b.Storage.List(ctx, ns, o)
			if err != nil {
				return KVSizes{}, err
			}
			for _, i := range page.Items {
				sums.add(branchOf(i.Key, r.Prefix, r.Separator), int64(len(i.Key)+i.Size))
			}
			out.Looked += len(page.Items)
			out.Next, o.Cursor = page.Next, page.Next
			if page.Next == "" || out.Looked >= MaxScanKeys || time.Since(start) > maxScanTime {
				out.Children = list(sums.all)
				return out, nil
			}
		}
	})
}

// branchOf is the branch below prefix that key lies in, "" when it lies in none.
func branchOf(key, prefix, separator string) string {
	at := strings.Index(key[len(prefix):], separator)
	if at < 0 {
		return ""
	}
	return key[:len(prefix)+at+len(separator)]
}

type sizes struct {
	byPrefix map[string]int // place in all; at most MaxSizeChildren and the rest
	all      []KVSize
}

func (s *sizes) add(branch string, size int64) {
	id, other := "b"+branch, false // the mark keeps the rest apart from the keys in no branch
	if _, known := s.byPrefix[id]; !known && len(s.all) >= MaxSizeChildren {
		id, branch, other = "o", "", true
	}
	at, known := s.byPrefix[id]
	if !known {
		at = len(s.all)
		s.byPrefix[id] = at
		s.all = append(s.all, KVSize{Prefix: branch, Other: other})
	}
	s.all[at].Keys++
	s.all[at].Bytes += size
}
