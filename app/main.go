//go:build !bindings

// Command debros is a full node of a peer-to-peer network and everything one
// does with it. Without arguments it opens a window, or where there is no
// display serves the same page on loopback; with arguments it runs one command.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/app/bridge"
	"git.debros.io/DeBros/network/app/cli"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/node"
	"git.debros.io/DeBros/network/backend/sandbox"
	"git.debros.io/DeBros/network/frontend"
)

// Set by the linker; see LDFLAGS in the Makefile.
var (
	version   = "dev"
	commit    = "unknown" //nolint:gochecknoglobals // the linker writes variables only
	buildTime = ""        //nolint:gochecknoglobals // as above
)

// flagSafeGraphics is the one flag that may stand alone before a window.
const flagSafeGraphics = "--safe-graphics"

func main() { os.Exit(run(cli.SystemEnv())) }

// run is the program; it returns the exit status. Only main calls os.Exit, so
// the deferred calls below always happen.
func run(env cli.Env) int {
	ctx, stop := cli.NotifyContext(context.Background())
	defer stop()
	return runCommand(ctx, env)
}

// runCommand decides between the window and a command. A test calls it, without
// a process around it.
func runCommand(ctx context.Context, env cli.Env) int {
	env.Program = cli.Program{
		Build: cli.Build{Version: version, Commit: commit, Time: buildTime},
		Start: startNode, StartGateway: startGateway, Page: frontend.Dist, SplitSQL: node.SplitSQL, Limits: limits, OpenURL: openAddress,
		Executable: os.Executable,
	}
	if len(env.Args) > 0 && !slices.Equal(env.Args, []string{flagSafeGraphics}) {
		return cli.Main(ctx, env)
	}
	err := showWindow(ctx, env)
	switch {
	case errors.Is(err, node.ErrLocked): // the first start has a page already: show that one
		env.Args = []string{"ui", "--open"}
		return cli.Main(ctx, env)
	case errors.Is(err, errNoWindow) && running(env): // likewise, for whoever sees a terminal only
		env.Args = []string{"ui"}
		return cli.Main(ctx, env)
	case errors.Is(err, errNoWindow):
		env.Args = []string{"node", "start", "--ui"}
		return cli.Main(ctx, env)
	case err != nil:
		fmt.Fprintln(env.Stderr, "error:", core.Sentence(err))
		return core.CodeOf(err).ExitStatus()
	}
	return 0
}

// running tells whether a node runs on the data folder already.
func running(env cli.Env) bool {
	loaded, err := config.Load(config.Sources{Env: env.Lookup})
	if err != nil {
		return false // "node start" says what is wrong
	}
	folder, err := node.Claim(loaded.Config)
	if err != nil {
		return errors.Is(err, node.ErrLocked)
	}
	return folder.Release() != nil
}

// showWindow opens the window with the node beside it. It returns errNoWindow
// when none can be shown here and nothing was started.
func showWindow(ctx context.Context, env cli.Env) error {
	if err := displayProblem(env.Lookup); err != nil {
		return errors.Join(errNoWindow, err)
	}
	loaded, err := config.Load(config.Sources{Env: env.Lookup})
	if err != nil {
		return explain(ctx, env, loaded, err)
	}
	p, err := prepare(loaded, userDir(env), env.Stderr, env.Terminal.Stderr)
	if errors.Is(err, node.ErrLocked) {
		return err
	}
	if err != nil {
		return explain(ctx, env, loaded, err)
	}
	err = openWindow(ctx, window{
		API: p.page, Log: p.logs.Logger("window"), SafeGraphics: slices.Contains(env.Args, flagSafeGraphics),
		Node: func(ctx context.Context, in face) error { return p.run(ctx, in, func() {}) },
	})
	return errors.Join(err, p.close())
}

// userDir is the folder of the user's wallets, "" when there is no such place:
// the page says so where one is needed.
func userDir(env cli.Env) string {
	dir, err := cli.UserDir(env.Lookup)
	if err != nil {
		return ""
	}
	return dir
}

// explain shows in a window why there is no node: whoever started the program
// by its icon sees no terminal.
func explain(ctx context.Context, env cli.Env, loaded config.Loaded, reason error) error {
	log := slog.New(slog.NewTextHandler(env.Stderr, nil))
	page, err := api.New(pageProgram(loaded, userDir(env), log), log)
	if err != nil {
		return errors.Join(reason, err)
	}
	return openWindow(ctx, window{
		API: page, Log: log, Node: func(context.Context, face) error { return reason },
		SafeGraphics: slices.Contains(env.Args, flagSafeGraphics),
	})
}

// startNode runs a node for "node start", with the page in a browser when the
// configuration asks for it.
func startNode(ctx context.Context, s cli.NodeStart, ready func(link string)) (err error) {
	p, err := prepare(s.Loaded, s.UserDir, s.Console, s.Color)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if !s.Loaded.Config.UI.Enabled {
		return p.run(ctx, nil, func() { ready("") })
	}
	page, err := p.browserFace()
	if err != nil {
		return err
	}
	return p.run(ctx, page, func() {
		link, err := page.Open(ctx)
		if err == nil && s.Open {
			err = openAddress(ctx, link)
		}
		if err != nil {
			p.logs.Logger("bridge").Warn("the page was not opened", core.KeyError, err)
		}
		ready(link)
	})
}

// limits lists every bound that a user may meet.
func limits() []core.Limit {
	return slices.Concat(node.Limits(), api.Limits(), bridge.Limits(), sandbox.Limits())
}
