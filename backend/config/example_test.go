package config_test

import (
	"fmt"
	"os"
	"path/filepath"

	"git.debros.io/DeBros/network/backend/config"
)

// A file sets the level of the log, the environment overrules it, and the
// origin of each value is known.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "config")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a left-over temporary folder harms nobody
	path := filepath.Join(dir, "node.yaml")
	if err = os.WriteFile(path, []byte("logging:\n  level: warn\n  format: json\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	env := map[string]string{"LOG_LEVEL": "debug"}
	loaded, err := config.Load(config.Sources{
		Path:  path,
		Env:   func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Flags: map[string]string{"data-dir": dir},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(loaded.Config.Logging.Level, "from", loaded.Origins["logging.level"])
	fmt.Println(loaded.Config.Logging.Format, "from", loaded.Origins["logging.format"])
	fmt.Println(loaded.Config.Gateway.Addr, "from", loaded.Origins["gateway.addr"])
	// Output:
	// debug from environment LOG_LEVEL
	// json from node.yaml line 3
	// 127.0.0.1:6001 from default
}
