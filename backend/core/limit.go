package core

// Limit is a bound that a user may meet. Every package with bounds returns its
// own list; "debros limits" prints them all.
type Limit struct {
	Name  string `json:"name"`  // what is bounded, in words
	Value string `json:"value"` // with its unit
	Why   string `json:"why"`
	Key   string `json:"key,omitempty"` // configuration key that changes it, "" when fixed
}
