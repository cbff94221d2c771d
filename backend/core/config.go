package core

// ConfigValue is one configuration key as people see it. Value never holds a
// secret.
type ConfigValue struct {
	Name   string `json:"name"`   // "database.rqlite_port"
	Value  string `json:"value"`  // as it would be written in the file; secrets as "[secret]"
	Origin string `json:"origin"` // "default", or the file, variable or flag it came from
	Help   string `json:"help"`   // one sentence
}
