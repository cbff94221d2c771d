//go:build !bindings

// This file joins a node with its page, for the window and for "node start".

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"

	"github.com/libp2p/go-libp2p/gologshim"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/app/bridge"
	"git.debros.io/DeBros/network/app/cli"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/node"
	"git.debros.io/DeBros/network/frontend"
)

// libp2pPart is the part of the log that the library itself writes.
const libp2pPart = "libp2p"

// program is a node that is about to run, with its log and its page.
type program struct {
	loaded config.Loaded
	folder *node.Folder
	logs   *logging.Logging
	page   *api.API
}

// prepare claims the data folder before anything else is opened, then the log
// and the page. It returns node.ErrLocked when a node runs there already.
func prepare(loaded config.Loaded, userDir string, console io.Writer, color bool) (_ *program, err error) {
	closeToOthers()
	p := &program{loaded: loaded}
	if p.folder, err = node.Claim(loaded.Config); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.logs, err = openLog(loaded, loaded.Config.LogFile(), console, color); err != nil {
		return nil, err
	}
	about := pageProgram(loaded, userDir, p.logs.Logger("signin"))
	about.Fresh = p.folder.Fresh()
	p.page, err = api.New(about, p.logs.Logger("api"))
	if err != nil {
		return nil, fmt.Errorf("build page: %w", err)
	}
	return p, nil
}

// pageProgram is what the page knows before there is a node.
func pageProgram(loaded config.Loaded, userDir string, log *slog.Logger) api.Program {
	return api.Program{
		Version: version, Commit: commit, DataDir: loaded.Config.Node.DataDir, UserDir: userDir, LogFile: loaded.Config.LogFile(),
		Wallets: &walletFolder{userDir: userDir}, SignIn: signInPages{dist: frontend.Dist(), log: log},
	}
}

// openLog opens the log of a process; file is "" for one that writes to the
// console alone.
func openLog(loaded config.Loaded, file string, console io.Writer, color bool) (*logging.Logging, error) {
	c := loaded.Config.Logging
	levels := map[string]string{libp2pPart: "error"} // its warnings are about strangers who hang up
	maps.Copy(levels, c.Levels)
	logs, err := logging.New(logging.Settings{
		Level: c.Level, Levels: levels, Format: c.Format, Color: color, File: file,
		MaxSize: int64(c.MaxSize), MaxFiles: c.MaxFiles, MaxAge: c.MaxAge,
	}, console)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if err = hushLibraries(logs.Logger(libp2pPart)); err != nil {
		return nil, errors.Join(err, logs.Close())
	}
	for _, notice := range loaded.Notices {
		logs.Logger("config").Warn("a key decides nothing", "notice", notice)
	}
	return logs, nil
}

// startGateway runs a gateway without a node for "gateway start".
func startGateway(ctx context.Context, s cli.GatewayStart, ready func(address string)) (err error) {
	logs, err := openLog(s.Loaded, "", s.Console, s.Color)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	g, err := node.OpenGateway(ctx, s.Loaded, build(), logs)
	if err != nil {
		return err
	}
	return g.Run(ctx, func() { ready(g.URL()) })
}

// build is which program this is.
func build() node.Build {
	return node.Build{Version: version, Commit: commit, Time: buildTime, Pages: frontend.Dist()}
}

// hushLibraries keeps libraries from writing past the log. libp2p can be told
// where to; parts of rqlite know nothing but os.Stderr. Our own console was
// taken from there before, and the runtime's last words do not go through it.
func hushLibraries(log *slog.Logger) error {
	gologshim.SetDefaultHandler(log.Handler())
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	os.Stderr = null
	return nil
}

// close gives back what prepare took. It comes after run.
func (p *program) close() error {
	errs := []error{p.folder.Release()}
	if p.logs != nil {
		errs = append(errs, p.logs.Close())
	}
	return errors.Join(errs...)
}

// run builds the node and serves until ctx ends; in is the page in front of it,
// nil when there is none. ready is called when every part can take work.
func (p *program) run(ctx context.Context, in node.Face, ready func()) error {
	n, err := node.Open(ctx, p.folder, p.loaded, build(), p.logs)
	if err != nil {
		return err
	}
	p.page.Attach(api.Backend{Database: n.Database(), Storage: n.Storage(), Machine: n, Network: n, Peers: n, Feed: n.Feed(), Transfer: n.Transferring(), Panel: n, Config: config.NewFile(p.loaded), Auth: n.Auth(), Replicas: n, PubSub: n.PageTopics(), Chat: n.Chat()})
	return n.Run(ctx, in, func() {
		p.page.Ready()
		ready()
	})
}

// browserFace is the page in an ordinary browser: the bridge, and what watches
// the node for it.
type browserFace struct {
	*bridge.Bridge
	page *api.API
}

func (p *program) browserFace() (*browserFace, error) {
	b, err := bridge.New(bridge.Settings{Address: p.loaded.Config.UI.Addr, Dist: frontend.Dist()}, p.page, p.logs.Logger("bridge"))
	if err != nil {
		return nil, fmt.Errorf("build page: %w", err)
	}
	return &browserFace{Bridge: b, page: p.page}, nil
}

// Run serves the page and watches the node for it.
func (f *browserFace) Run(ctx context.Context, ready func()) error {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() { watched <- f.page.Run(ctx, func() {}) }()
	err := f.Bridge.Run(ctx, ready)
	cancel()
	return errors.Join(err, <-watched)
}
