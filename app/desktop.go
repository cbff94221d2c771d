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
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	wails_runtime "github.com/wailsapp/wails/v2/pkg/runtime"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/app/bridge"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/frontend"
)

const windowTitle = "debros"

// maxUnpainted is how many starts in a row may show nothing before safe
// graphics are used without being asked for.
const maxUnpainted = 2

// errNoWindow marks that no window could be made; the node was not started.
var errNoWindow = errors.New("the window could not be made")

// openWindow shows the page in a window, runs the node beside it, and returns
// when the window was closed, ctx ended or the node was stopped, after the node
// has ended. The error is the node's, or errNoWindow.
func openWindow(ctx context.Context, w window) (err error) {
	state := loadWindowState(w.DataDir)
	d := newDesktop(w, state)
	if w.SafeGraphics || d.safeGraphics {
		if err = os.Setenv("WEBKIT_DISABLE_DMABUF_RENDERER", "1"); err != nil {
			return fmt.Errorf("set safe graphics: %w", err)
		}
	}
	if !w.Background { // a window that nobody sees is not drawn
		state.Unpainted++
		d.remember(func(s *windowState) { *s = state })
	}
	defer func() {
		if p := recover(); p != nil { // GTK that cannot reach its display panics
			err = core.Wrap(core.Unavailable, fmt.Errorf("%w: %v", errNoWindow, p), "the window cannot be opened; use the page in a browser: debros node start --ui")
		}
	}()
	launch := options.Normal
	if state.Maximised {
		launch = options.Maximised
	}
	err = wails.Run(&options.App{
		Title: windowTitle, Width: state.Width, Height: state.Height, MinWidth: minWidth, MinHeight: minHeight,
		WindowStartState: launch, StartHidden: w.Background,
		BackgroundColour: canvas(w.API.Settings().Theme), // no flash before the page is painted
		AssetServer:      &assetserver.Options{Handler: bridge.Page(frontend.Dist())},
		Bind:             w.API.Bound(api.ModeWindow, d),
		OnStartup:        func(wctx context.Context) { d.startup(ctx, wctx) },
		OnDomReady:       func(context.Context) { d.domReady() },
		OnBeforeClose:    func(context.Context) bool { return d.close() },
		Logger:           &wailsLog{log: w.Log},
		DragAndDrop:      &options.DragAndDrop{DisableWebViewDrop: true}, // a dropped file must not replace the page
		Mac:              &mac.Options{OnUrlOpen: d.offer},
		// Giving any Linux options resets the policy, so it is said again.
		Linux: &linux.Options{WebviewGpuPolicy: linux.WebviewGpuPolicyNever, ProgramName: windowTitle},
	})
	close(d.closed)
	if err != nil {
		err = core.Wrap(core.Unavailable, fmt.Errorf("%w: %w", errNoWindow, err), "the window cannot be opened; use the page in a browser: debros node start --ui")
	}
	return errors.Join(err, d.end())
}

// canvas is the page's own colour, before there is a page.
func canvas(theme string) *options.RGBA {
	if theme == "light" {
		return options.NewRGB(0xf4, 0xf5, 0xf8)
	}
	return options.NewRGB(0x0e, 0x10, 0x14)
}

// desktop is the open window. It is the page's shell and takes its events.
type desktop struct {
	window       window
	login        login
	safeGraphics bool // nobody asked for it, but earlier starts showed nothing
	began        time.Time
	attendant    *attendant
	closing      atomic.Bool // GTK was told to end
	quitting     atomic.Bool // it was decided that the program ends
	asked        atomic.Bool // the page was asked what closing means
	hidden       atomic.Bool
	painted      atomic.Bool
	closed       chan struct{} // the window is gone
	wg           sync.WaitGroup
	ready        sync.Once
	dialog       sync.Mutex

	mu     sync.Mutex
	calls  wailsCalls
	beside *companions
	tray   *tray
	remove func() // ends the subscription to events
	state  windowState
}

func newDesktop(w window, state windowState) *desktop {
	d := &desktop{
		window: w, login: loginOf(w.Lookup), safeGraphics: state.Unpainted >= maxUnpainted, began: time.Now(),
		closed: make(chan struct{}), calls: noCalls(), state: state,
	}
	d.hidden.Store(w.Background)
	d.attendant = &attendant{
		ring: d.notify,
		tray: func(s trayState) { d.trayIcon().show(s) },
		away: d.hidden.Load,
		open: func() bool { return w.API.Settings().ChatPreview },
	}
	return d
}

// remember changes what is kept of the window. A failure costs a size, no more.
func (d *desktop) remember(change func(*windowState)) {
	d.mu.Lock()
	change(&d.state)
	state := d.state
	d.mu.Unlock()
	if err := state.save(d.window.DataDir); err != nil {
		d.window.Log.Warn("the window's size is not remembered", core.KeyError, err.Error())
	}
}

// trayIcon is the icon, nil when there is none.
func (d *desktop) trayIcon() *tray {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tray
}

// wailsCalls are what needs Wails' own context, which is kept in no struct.
type wailsCalls struct {
	emit     func(name string, payload any)
	copy     func(text string) error
	open     func(address string) error
	show     func()
	hide     func()
	minimise func()
	quit     func()
	// measure reads the window's place and size into a state.
	measure func(*windowState)
	notify  func(notification) error // nil when the desktop shows none
	// clicked sets who hears that a notification was clicked, of which room
	clicked func(func(room string))
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
		emit: func(string, any) {}, clicked: func(func(string)) {}, copy: early, open: early, show: func() {}, hide: func() {}, minimise: func() {}, quit: func() {}, measure: func(*windowState) {},
		openFile: func(string) (string, error) { return "", early("") },
		saveFile: func(string, string) (string, error) { return "", early("") },
	}
}

// startup runs when GTK is up, beside its loop: only now the node is started, so
// that a computer without a working display has started nothing.
func (d *desktop) startup(ctx, wctx context.Context) {
	calls := bindCalls(ctx, wctx, session(d.window.Lookup))
	d.place(wctx)
	calls.clicked(d.noticed)
	icon := d.startTray(calls)
	if d.window.Background && icon == nil { // the task bar is the only place to find it
		calls.show()
		calls.minimise()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tray = icon
	select {
	case <-d.closed: // faster than we were
		return
	default:
	}
	d.calls = calls
	beside := startCompanions(ctx, d.window, d)
	d.beside = beside
	d.wg.Go(func() {
		select {
		case <-ctx.Done(): // a signal
		case <-beside.ended: // "debros node stop"
		case <-d.closed:
			return
		}
		d.quit()
	})
}

// startTray shows the icon, or returns nil where there is no place for one.
func (d *desktop) startTray(calls wailsCalls) *tray {
	if !session(d.window.Lookup) {
		return nil
	}
	icon, err := newTray(d.raise, d.quit)
	if err != nil {
		d.window.Log.Info("there is no status area", core.KeyError, err.Error())
		return nil
	}
	if calls.notify == nil {
		d.window.Log.Info("there are no notifications")
	}
	return icon
}

// place puts the window where it was left.
func (d *desktop) place(wctx context.Context) {
	all, err := wails_runtime.ScreenGetAll(wctx)
	if err != nil {
		d.window.Log.Debug("the screens are not known", core.KeyError, err.Error())
	}
	var screens []screen
	for _, one := range all {
		screens = append(screens, screen{width: one.Size.Width, height: one.Size.Height})
	}
	d.mu.Lock()
	was := d.state
	d.state = d.state.fit(screens)
	state := d.state
	d.mu.Unlock()
	if state.Width != was.Width || state.Height != was.Height {
		wails_runtime.WindowSetSize(wctx, state.Width, state.Height)
	}
	if state.Placed && !state.Maximised {
		wails_runtime.WindowSetPosition(wctx, state.X, state.Y)
	}
}

// close decides what the person's closing of the window means. It lets GTK quit
// only once: telling it twice is an error to GTK.
func (d *desktop) close() (refuse bool) {
	if !d.quitting.Load() {
		switch choice := d.window.API.Settings().Closing; {
		case choice == api.CloseBackground:
			d.wg.Go(d.hide) // not on GTK's own thread, which it needs
			return true
		case choice == api.CloseQuit || d.asked.Swap(true): // closing once more is an answer
			d.quitting.Store(true)
		default:
			d.window.Log.Info("the page asks what closing means")
			d.window.API.AskClosing()
			return true
		}
	}
	if d.closing.Swap(true) {
		return true
	}
	d.window.Log.Info("the window closes")
	d.remember(d.wails().measure)
	return false
}

// quit ends the program, whatever the person chose for closing the window.
func (d *desktop) quit() {
	d.quitting.Store(true)
	d.wails().quit()
}

// hide leaves the node running without its window. Without a status area the
// window stays in the task bar: it must be found again.
func (d *desktop) hide() {
	d.remember(d.wails().measure)
	d.hidden.Store(true)
	if d.trayIcon() == nil {
		d.wails().minimise()
	} else {
		d.wails().hide()
	}
	d.mu.Lock()
	told := d.state.ToldBackground
	d.mu.Unlock()
	if !told {
		d.notify(notification{title: "debros goes on in the background", body: "Start debros once more, or use its icon, to see the window."})
		d.remember(func(s *windowState) { s.ToldBackground = true })
	}
}

// raise shows the window.
func (d *desktop) raise() {
	d.hidden.Store(false)
	d.wails().show()
	d.window.API.Resend()
}

// noticed leads to what a notification was about.
func (d *desktop) noticed(room string) {
	d.raise()
	if room != "" {
		d.window.API.OpenRoom(room)
	}
}

// offer takes a debros: link from the system.
func (d *desktop) offer(link string) {
	if err := d.window.API.OfferLink(link); err != nil {
		d.window.Log.Warn("a link was refused", core.KeyError, err.Error())
		return
	}
	d.raise()
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
	remove, beside, icon := d.remove, d.beside, d.tray
	d.mu.Unlock()
	icon.end()
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

// Emit sends an event to the page. One that is hidden gets none: when it is
// shown again it sees the hole in the numbers and asks.
func (d *desktop) Emit(name string, payload any) {
	d.attendant.take(payload)
	if !d.hidden.Load() {
		d.wails().emit(name, payload)
	}
}

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
func (d *desktop) Open(_ context.Context, link string) (string, error) {
	if err := d.window.API.OfferLink(link); err != nil {
		return "", err
	}
	d.raise()
	return "", nil
}
