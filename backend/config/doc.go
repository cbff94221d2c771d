// Package config holds the node's one configuration: plain data, read from
// flags, the environment, one YAML file and the defaults, in this order of
// precedence.
//
// One table of keys (see [Keys]) drives everything else: what the YAML file may
// hold, which environment variables and flags exist, what "config show" prints,
// the reference and the file that "config init" writes. A key that is added to
// the table exists everywhere at once.
//
// [Load] reads all sources and reports every fault at once, each with the key,
// the place where it was set and what to write instead. Keys of the original
// system that no longer decide anything are accepted with a notice; those whose
// meaning would be lost silently are refused with the new way.
//
// The package also knows the small files beside the configuration: the data
// folder's default place, run.json ([RunFile]) and the operator's key.
package config
