//go:build production || dev || bindings

// This file is the window. It is the only one that knows Wails.
//
// main calls, from its first goroutine:
//
//	if problem := displayProblem(env.Lookup); problem != nil { … the browser page … }
//	err := openWindow(ctx, window{API: …, Node: …, Log: …, SafeGraphics: …})
//
// and maps the error to an exit status with core.CodeOf(err).ExitStatus(). An
// error that errors.Is(err, errNoWindow) came before the node was started, so
// that main can fall back to the browser page. main.go itself has the build
// constraint "!bindings": with the tag bindings the program only writes the
// page's bindings (bindings.go).

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	wails_runtime "github.com/wailsapp/wails/v2/pkg/runtime"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/app/bridge"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/frontend"
)

const windowTitle = "debros"

// errNoWindow marks that no window could be made; the node was not started.
var errNoWindow = errors.New("the window could not be made")

// openWindow shows the page in a window, runs the node beside it, and returns
// when the window was closed, ctx ended or the node was stopped, after the node
// has ended. The error is the node's, or errNoWindow.
func openWindow(ctx context.Context, w window) (err error) {
	if w.SafeGraphics {
		if err = os.Setenv("WEBKIT_DISABLE_DMABUF_RENDERER", "1"); err != nil {
			return fmt.Errorf("set safe graphics: %w", err)
		}
	}
	d := &desktop{window: w, closed: make(chan struct{}), calls: noCalls()}
	defer func() {
		if p := recover(); p != nil { // GTK that cannot reach its display panics
			err = core.Wrap(core.Unavailable, fmt.Errorf("%w: %v", errNoWindow, p), "the window cannot be opened; use the page in a browser: debros node start --ui")
		}
	}()
	err = wails.Run(&options.App{
		Title: windowTitle, Width: 1280, Height: 800, MinWidth: 720, MinHeight: 480,
		BackgroundColour: options.NewRGB(0x14, 0x17, 0x1c), // no white flash before the page is painted
		AssetServer:      &assetserver.Options{Handler: bridge.Page(frontend.Dist())},
		Bind:             w.API.Bound(api.ModeWindow, d),
		OnStartup:        func(wctx context.Context) { d.startup(ctx, wctx) },
		OnDomReady:       func(context.Context) { d.domReady() },
		OnBeforeClose:    func(context.Context) bool { return d.close() },
		Logger:           &wailsLog{log: w.Log},
		DragAndDrop:      &options.DragAndDrop{DisableWebViewDrop: true}, // a dropped file must not replace the page
		// Giving any Linux options resets the policy, so it is said again.
		Linux: &linux.Options{WebviewGpuPolicy: linux.WebviewGpuPolicyNever, ProgramName: windowTitle},
	})
	close(d.closed)
	if err != nil {
		err = core.Wrap(core.Unavailable, fmt.Errorf("%w: %w", errNoWindow, err), "the window cannot be opened; use the page in a browser: debros node start --ui")
	}
	return errors.Join(err, d.end())
}

// desktop is the open window. It is the page's shell and takes its events.
type desktop struct {
	window  window
	closing atomic.Bool
	closed  chan struct{} // the window is gone
	wg      sync.WaitGroup
	ready   sync.Once
	dialog  sync.Mutex

	mu     sync.Mutex
	calls  wailsCalls
	beside *companions
	remove func() // ends the subscription to events
}

// wailsCalls are what needs Wails' own context, which is kept in no struct.
type wailsCalls struct {
	emit func(name string, payload any)
	copy func(text string) error
	open func(address string) error
	show func()
	// dialogs; "" when the person closed one
	openFile func(title string) (string, error)
	saveFile func(title, name string) (string, error)
}

// noCalls are what the window can do before GTK is up.
func noCalls() wailsCalls {
	early := func(string) error {
		return core.Errorf(core.Unavailable, "The window is still opening; try again in a moment.")
	}
	return wailsCalls{
		emit: func(string, any) {}, copy: early, open: early, show: func() {},
		openFile: func(string) (string, error) { return "", early("") },
		saveFile: func(string, string) (string, error) { return "", early("") },
	}
}

// startup runs when GTK is up, beside its loop: only now the node is started, so
// that a computer without a working display has started nothing.
func (d *desktop) startup(ctx, wctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed: // faster than we were
		return
	default:
	}
	d.calls = wailsCalls{
		emit: func(name string, payload any) { wails_runtime.EventsEmit(wctx, name, payload) },
		copy: func(text string) error { return wails_runtime.ClipboardSetText(wctx, text) },
		open: func(address string) error { return openAddress(ctx, address) },
		show: func() {
			wails_runtime.WindowUnminimise(wctx)
			wails_runtime.Show(wctx)
		},
		openFile: func(title string) (string, error) {
			return wails_runtime.OpenFileDialog(wctx, wails_runtime.OpenDialogOptions{Title: title})
		},
		saveFile: func(title, name string) (string, error) {
			return wails_runtime.SaveFileDialog(wctx, wails_runtime.SaveDialogOptions{Title: title, DefaultFilename: name})
		},
	}
	beside := startCompanions(ctx, d.window, d)
	d.beside = beside
	d.wg.Go(func() {
		select {
		case <-ctx.Done(): // a signal
		case <-beside.ended: // "debros node stop"
		case <-d.closed:
			return
		}
		wails_runtime.Quit(wctx)
	})
}

// close lets GTK quit, once: telling it twice is an error to GTK.
func (d *desktop) close() (refuse bool) {
	if d.closing.Swap(true) {
		return true
	}
	d.window.Log.Info("the window closes")
	return false
}

// domReady runs when the page is there, and again after each reload.
func (d *desktop) domReady() {
	d.ready.Do(func() {
		remove := d.window.API.Subscribe(api.ModeWindow, d)
		d.mu.Lock()
		d.remove = remove
		d.mu.Unlock()
		d.window.Log.Info("the window shows the page")
	})
}

// end stops what runs beside the window and returns the node's error.
func (d *desktop) end() error {
	d.mu.Lock()
	remove, beside := d.remove, d.beside
	d.mu.Unlock()
	if remove != nil {
		remove()
	}
	d.wg.Wait()
	if beside == nil {
		return nil
	}
	return beside.stop()
}

func (d *desktop) wails() wailsCalls {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// Emit sends an event to the page.
func (d *desktop) Emit(name string, payload any) { d.wails().emit(name, payload) }

// Listening is always true: Wails does not tell whether a window is covered.
func (d *desktop) Listening() bool { return !d.closing.Load() }

// Run makes the window a part of the node; the window itself runs already.
func (d *desktop) Run(ctx context.Context, ready func()) error {
	ready()
	<-ctx.Done()
	return nil
}

// URL is empty: a window has no address.
func (d *desktop) URL() string { return "" }

// Open raises the window, for a second start or "debros ui".
func (d *desktop) Open(context.Context) (string, error) {
	d.wails().show()
	return "", nil
}

// OpenURL shows a web address in the person's browser.
func (d *desktop) OpenURL(address string) error { return d.wails().open(address) }

// CopyText puts text on the clipboard.
func (d *desktop) CopyText(text string) error {
	if err := d.wails().copy(text); err != nil {
		return core.Wrap(core.Unavailable, err, "The text could not be copied.")
	}
	return nil
}

// OpenFile asks the person for a file to read.
func (d *desktop) OpenFile(title string) (string, error) {
	d.dialog.Lock() // two at once mix their answers on Linux
	defer d.dialog.Unlock()
	path, err := d.wails().openFile(title)
	return path, dialogError(err)
}

// SaveFile asks the person where a file is to be written.
func (d *desktop) SaveFile(title, name string) (string, error) {
	d.dialog.Lock()
	defer d.dialog.Unlock()
	path, err := d.wails().saveFile(title, name)
	return path, dialogError(err)
}

func dialogError(err error) error {
	if err == nil {
		return nil
	}
	return core.Wrap(core.Unavailable, err, "The dialog for files could not be opened.")
}

// wailsLog takes Wails' own log. A call that Wails cannot decode is logged there
// with its arguments, which may hold a secret; they are cut.
type wailsLog struct{ log *slog.Logger }

// maxWailsLine bounds one line of Wails' log.
const maxWailsLine = 300

func (l *wailsLog) write(level slog.Level, message string) {
	l.log.Log(context.Background(), level, "the window says", "text", cutArguments(message))
}

// cutArguments keeps what stands before the first brace, where every message's
// data begins, and the error at the end.
func cutArguments(message string) string {
	if from := strings.IndexByte(message, '{'); from >= 0 {
		tail := ""
		if end := strings.LastIndex(message, " -> "); end > from {
			tail = message[end:]
		}
		message = message[:from] + "{…}" + tail
	}
	return message[:min(len(message), maxWailsLine)]
}

func (l *wailsLog) Print(message string)   { l.write(slog.LevelDebug, message) }
func (l *wailsLog) Trace(message string)   { l.write(slog.LevelDebug, message) }
func (l *wailsLog) Debug(message string)   { l.write(slog.LevelDebug, message) }
func (l *wailsLog) Info(message string)    { l.write(slog.LevelInfo, message) }
func (l *wailsLog) Warning(message string) { l.write(slog.LevelWarn, message) }
func (l *wailsLog) Error(message string)   { l.write(slog.LevelError, message) }
func (l *wailsLog) Fatal(message string)   { l.write(slog.LevelError, message) }
