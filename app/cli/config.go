package cli

// This file has the commands about the configuration.

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

func (a *app) configCommand() *cobra.Command {
	return a.group("config", "See and check the configuration",
		a.configShow(), a.configGet(), a.configSet(), a.configUnset(), a.configCheck(), a.configInit(), a.configPathCommand(), a.configReference())
}

func (a *app) configShow() *cobra.Command {
	given := map[string]string{}
	var changed bool
	c := &cobra.Command{
		Use: "show", Short: "Show every value and where it comes from", Args: wants(),
		Long: "Shows what a node started with the same flags and environment would use, and where\neach value comes from. Secrets are blanked.",
		RunE: func(*cobra.Command, []string) error {
			loaded, err := config.Load(a.sources(given))
			if err != nil {
				return err
			}
			a.notices(loaded)
			d := document{name: "values", columns: []string{"name", "value", "origin"}}
			for _, v := range loaded.Values() {
				if !changed || v.Origin != "default" {
					d.rows = append(d.rows, record{{"name", v.Name}, {"value", v.Value}, {"origin", v.Origin}, {"help", v.Help}})
				}
			}
			return a.show(d)
		},
	}
	configFlags(c, given)
	c.Flags().BoolVar(&changed, "changed", false, "only those that are not the default")
	return c
}

// notices tells of keys that were accepted but decide nothing.
func (a *app) notices(loaded config.Loaded) {
	for _, n := range loaded.Notices {
		a.note("notice: %s", n)
	}
}

func (a *app) configGet() *cobra.Command {
	return &cobra.Command{
		Use: "get KEY", Short: "Print one value", Args: wants("KEY"),
		Example: "  debros config get gateway.addr -o raw",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, k := range config.Keys() {
				names = append(names, k.Name+"\t"+k.Help)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			key, ok := config.FindKey(args[0])
			if !ok {
				var names []string
				for _, k := range config.Keys() {
					names = append(names, k.Name)
				}
				next := "'debros config show' lists all"
				if near := config.Nearest(args[0], names); near != "" {
					next = "did you mean " + near + "?"
				}
				return core.Errorf(core.NotFound, "there is no key %q; %s", args[0], next)
			}
			loaded, err := config.Load(a.sources(nil))
			if err != nil {
				return err
			}
			value := key.Text(loaded.Config)
			return a.show(document{
				object: record{{"name", key.Name}, {"value", value}, {"origin", loaded.Origins[key.Name].String()}, {"help", key.Help}, {"environment", key.Env}, {"flag", key.Flag}, {"default", key.Default}},
				raw:    []byte(value + "\n"), hasRaw: true, rawIs: true,
			})
		},
	}
}

func (a *app) configCheck() *cobra.Command {
	given := map[string]string{}
	c := &cobra.Command{
		Use: "check", Short: "Say what is wrong with the configuration, all at once", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			loaded, err := config.Load(a.sources(given))
			if faults, ok := errors.AsType[*config.FaultsError](err); ok && a.opts.output != "" && a.opts.output != formatTable {
				d := document{name: "faults", columns: []string{"key", "origin", "problem", "fix"}}
				for _, f := range faults.Faults {
					d.rows = append(d.rows, record{{"key", f.Key}, {"origin", f.Origin}, {"problem", f.Problem}, {"fix", f.Fix}})
				}
				return errors.Join(a.show(d), &exitError{status: core.Invalid.ExitStatus()})
			}
			if err != nil {
				return err
			}
			a.notices(loaded)
			path := loaded.Path
			if path == "" {
				path = "no file, defaults only"
			}
			return a.show(document{object: record{{"valid", true}, {"file", path}}})
		},
	}
	configFlags(c, given)
	return c
}

func (a *app) configInit() *cobra.Command {
	var onlyPrint bool
	c := &cobra.Command{
		Use: "init", Short: "Write a configuration file to start from", Args: wants(),
		Long: "Writes a file with every key, its meaning and its default, all commented out, so that\nit changes nothing yet. An existing file is not overwritten.",
		RunE: func(*cobra.Command, []string) error {
			if onlyPrint {
				return a.write([]byte(config.InitYAML()))
			}
			path, err := a.configPath()
			if err != nil {
				return err
			}
			if exists(path) {
				return core.Errorf(core.Conflict, "there is a file %s already, and it stays as it is; see the keys with --print", path)
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return core.Wrap(core.Unavailable, err, "the folder %s cannot be made; name another file with --config", filepath.Dir(path))
			}
			if err := disk.Write(path, []byte(config.InitYAML())); err != nil {
				return core.Wrap(core.Unavailable, err, "the file %s cannot be written; name another with --config", path)
			}
			return a.show(document{object: record{{"file", path}}, raw: []byte(path + "\n"), hasRaw: true})
		},
	}
	c.Flags().BoolVar(&onlyPrint, "print", false, "print it instead")
	return c
}

func (a *app) configPathCommand() *cobra.Command {
	return &cobra.Command{
		Use: "path", Short: "Print where the configuration file is or would be", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			path, err := a.configPath()
			if err != nil {
				return err
			}
			return a.show(document{object: record{{"file", path}, {"exists", exists(path)}}, raw: []byte(path + "\n"), hasRaw: true, rawIs: true})
		},
	}
}

func (a *app) configReference() *cobra.Command {
	return &cobra.Command{
		Use: "reference", Short: "Print the manual of all keys, in Markdown", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			return a.write([]byte(config.Reference()))
		},
	}
}
