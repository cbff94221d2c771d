package cli

// This file has the commands that change the configuration file.

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) configSet() *cobra.Command {
	return &cobra.Command{
		Use: "set KEY VALUE [KEY VALUE]...", Short: "Set values in the configuration file",
		Long: "Changes the lines of these keys and nothing else in the file, after a look at what would\n" +
			"come of it: a file that the next start would refuse is not written. A node that runs\n" +
			"reads it when it starts again. Of a secret the value is '-' (standard input) or '@FILE'.",
		Example: "  debros config set database.backup_interval 24h\n  debros config set gateway.tls_certificate c.pem gateway.tls_key k.pem",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args)%2 != 0 {
				return core.Errorf(core.Invalid, "each key needs a value: debros config set KEY VALUE")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var changes []core.ConfigChange
			for i := 0; i < len(args); i += 2 {
				value := args[i+1]
				if key, ok := config.FindKey(args[i]); ok && key.Secret {
					if value != "-" && !strings.HasPrefix(value, "@") {
						return core.Errorf(core.Invalid, "%s is a secret, which every program here could read among the arguments; write '-' and give it on standard input, or '@FILE'", key.Name)
					}
					text, err := a.value(args, i+1)
					if err != nil {
						return err
					}
					value = strings.TrimRight(string(text), "\r\n")
				}
				changes = append(changes, core.ConfigChange{Name: args[i], Value: value})
			}
			return a.saveConfig(changes)
		},
	}
}

func (a *app) configUnset() *cobra.Command {
	return &cobra.Command{
		Use: "unset KEY...", Short: "Take values out of the configuration file, so that the defaults hold", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var changes []core.ConfigChange
			for _, name := range args {
				changes = append(changes, core.ConfigChange{Name: name, Reset: true})
			}
			return a.saveConfig(changes)
		},
	}
}

func (a *app) saveConfig(changes []core.ConfigChange) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	loaded, err := config.Load(a.sources(nil))
	if err != nil && !faulty(err) { // a fault is what somebody may be mending
		return err
	}
	loaded.Path = path
	if err := config.NewFile(loaded).Save(changes); err != nil {
		return err
	}
	a.note("a node that runs reads it when it starts again")
	return a.show(document{object: record{{"file", path}, {"changed", len(changes)}}})
}

// faulty says whether the configuration could be read but has faults.
func faulty(err error) bool {
	faults, ok := errors.AsType[*config.FaultsError](err)
	return ok && len(faults.Faults) > 0
}
