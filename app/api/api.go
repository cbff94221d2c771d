// This file builds the bound structs and joins them to a node that comes later.

package api

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Mode says where the page is shown.
type Mode string

// The two places.
const (
	ModeWindow  Mode = "window"
	ModeBrowser Mode = "browser"
)

// The states of the node that the page waits for.
const (
	StateStarting = "starting"
	StateReady    = "ready"
	StateFailed   = "failed"
)

// Program is what the structs know before there is a node.
type Program struct {
	Version string // of the program
	Commit  string
	DataDir string           // settings.json lies there; "" when the configuration could not be read
	LogFile string           // where the log is written, "" when nowhere
	Fresh   bool             // the data folder was made at this start
	UserDir string           // of what belongs to the user and to no node; "" when there is no such place
	Wallets Wallets          // of this user
	SignIn  SignInPages      // for wallets of the system's browser
	Now     func() time.Time // nil: the clock of this computer
}

// Shell is what a page asks of the desktop. Only the window has one.
type Shell interface {
	OpenURL(url string) error   // in the person's browser; the address was checked
	CopyText(text string) error // to the clipboard
	// OpenFile and SaveFile ask the person for a file and return its path, "" when
	// they thought better of it. One dialog is open at a time.
	OpenFile(title string) (path string, err error)
	SaveFile(title, name string) (path string, err error)
	// Desktop tells what is around the window.
	Desktop() DesktopState
	StartAtLogin(on bool) error
	Close(how string) // one of the Close constants; returns before it happened
	Painted()         // the page was drawn
}

// API is the set of bound structs and what they share. Attach gives it a node;
// Run watches that node for the page.
type API struct {
	desk *desk
}

// desk is what all bound structs share. The zero backend means: no node yet.
type desk struct {
	program Program
	log     *slog.Logger
	calls   *calls
	results *results
	runs    *runs
	lives   *lives
	undos   *undos
	tables  *tables
	tasks   *board
	events  *events
	file    *settingsFile
	files   *files
	links   *links
	history *history
	// activity is what the page did for its person.
	activity   *activityLog
	wallets    *walletDesk
	watches    *watches
	separators *separators
	listens    *listens
	enrolling  *browserSignIn // pages that make this node a device of a wallet
	attached   chan struct{}  // closed when there is a backend

	mu        sync.Mutex
	backend   *Backend
	state     string
	failure   string
	startedAt time.Time
}

// New makes the structs. It starts nothing and touches no file.
func New(p Program, log *slog.Logger) (*API, error) {
	if log == nil {
		return nil, core.Errorf(core.Invalid, "the page needs a log")
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	d := &desk{
		program: p, log: log, state: StateStarting, startedAt: p.Now(),
		file: newSettingsFile(p.DataDir, p.Now, log), files: newFiles(p.DataDir, p.Now), links: newLinks(),
		history: &history{}, activity: newActivityLog(p.DataDir, p.Now),
		calls: newCalls(), results: newResults(), runs: newRuns(), lives: newLives(), undos: newUndos(), tables: newTables(), events: newEvents(),
		watches: newWatches(), separators: &separators{dir: p.DataDir}, listens: newListens(p.Now), enrolling: &browserSignIn{},
		attached: make(chan struct{}),
	}
	d.tasks = newBoard(p.Now, log, d.events.poke)
	d.wallets = newWalletDesk(p, d.events.poke)
	return &API{desk: d}, nil
}

// Attach hands over the node, which need not be ready yet: its own methods
// answer unavailable until it is.
func (a *API) Attach(b Backend) {
	a.desk.mu.Lock()
	if a.desk.backend == nil {
		close(a.desk.attached)
	}
	a.desk.backend = &b
	a.desk.mu.Unlock()
	a.desk.events.poke()
}

// Ready tells the page that the node can take work.
func (a *API) Ready() { a.desk.setState(StateReady, "") }

// Failed tells the page why there is no node. The person who reads it runs the
// node, so the whole error is shown.
func (a *API) Failed(err error) { a.desk.setState(StateFailed, err.Error()) }

func (d *desk) setState(state, failure string) {
	d.mu.Lock()
	d.state, d.failure = state, failure
	d.mu.Unlock()
	d.events.poke()
}

// Bound returns the structs to bind for one place. Shell is nil in a browser,
// where opening links and the clipboard are the browser's own business.
func (a *API) Bound(mode Mode, shell Shell) []any {
	d := a.desk
	return []any{
		&App{d: d, mode: mode, shell: shell},
		&Node{d: d}, &Peers{d: d}, &KV{d: d}, &SQL{d: d}, &Network{d: d}, &Tasks{d: d}, &Files{d: d, shell: shell},
		&Links{d: d}, &Desktop{d: d, shell: shell}, &Wallet{d: d, shell: shell}, &Identity{d: d}, &Welcome{d: d}, &Sample{d: d}, &Compare{d: d}, &Live{d: d}, &Data{d: d}, &Structure{d: d}, &Queries{d: d}, &Topics{d: d}, &Undo{d: d},
		&Anchat{d: d, shell: shell}, &ChatRooms{d: d}, &ChatMessages{d: d}, &ChatPeople{d: d}, &ChatDevices{d: d},
	}
}

// Subscribe sends events to e until remove is called. Mode is what [Info] says
// in the app event, as several places may show the page at once.
func (a *API) Subscribe(mode Mode, e Emitter) (remove func()) {
	return a.desk.events.subscribe(mode, e)
}

// Run watches the node and sends events until ctx ends. It then cancels calls
// and tasks that still run and returns when they did; later calls answer
// unavailable.
func (a *API) Run(ctx context.Context, ready func()) error {
	ready()
	var beside sync.WaitGroup
	beside.Go(func() { a.desk.history.run(ctx, a.desk) })
	beside.Go(func() { a.desk.followChat(ctx) })
	a.desk.watch(ctx)
	beside.Wait()
	a.desk.tasks.close()
	a.desk.calls.close()
	a.desk.closeWallets(ctx)
	a.desk.listens.close()
	return a.desk.files.close()
}

// node returns the backend, or why there is none.
func (d *desk) node() (Backend, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state == StateFailed:
		return Backend{}, core.Errorf(core.Unavailable, "The node did not start; the Node screen says why.")
	case d.backend == nil:
		return Backend{}, core.Errorf(core.Unavailable, "The node is still starting; try again in a moment.")
	}
	return d.guarded(*d.backend), nil
}

// Limits lists the bounds of the page that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "rows kept of one SQL result", Value: "100,000 rows or 64 MiB", Why: "the page shows a part at a time; more belongs in a file or behind LIMIT"},
		{Name: "SQL results kept for paging", Value: "64 results or 128 MiB", Why: "the oldest is dropped first; run the statement again"},
		{Name: "rows edited in one batch", Value: "1,000 rows", Why: "they are one transaction, and somebody reads it first"},
		{Name: "text of rows copied at once", Value: "1 MiB", Why: "the clipboard is no place for more; save a file"},
		{Name: "saved SQL queries", Value: "500 files of 1 MiB", Why: "they are listed as a whole"},
		{Name: "statements in one SQL script", Value: "1,000 statements or 1 MiB", Why: "a longer script belongs to the command line"},
		{Name: "replicas and rows of one comparison", Value: "9 replicas, 1,000 rows or 4 MiB each", Why: "a person reads what differs"},
		{Name: "statements that can be taken back", Value: "50 or 32 MiB, of tables up to 10,000 rows, 4,000 changed rows each", Why: "their rows are kept as they were"},
		{Name: "live queries at once", Value: "50, each up to 1,000 rows", Why: "each is read again with every change"},
		{Name: "long tasks at once", Value: "8", Why: "they share the node with everybody else"},
		{Name: "files under way between a page and the node", Value: "32, each up to 4 GiB and for an hour", Why: "they are kept in the data folder meanwhile"},
		{Name: "acts of the page kept", Value: "2,000", Why: "the oldest is forgotten first"},
		{Name: "history of the node's numbers", Value: "10 minutes, every 5 seconds", Why: "it lives in memory; a monitoring system keeps more, from /metrics"},
		{Name: "finished tasks kept", Value: "200, for 24 hours", Why: "so that nothing grows without end"},
		{Name: "wallets open at once in the app", Value: strconv.Itoa(MaxOpenWallets), Why: "their keys are in memory"},
		{Name: "a text that waits for a signature", Value: MaxSigningWait.String(), Why: "what nobody answers is not signed"},
		{Name: "keys looked at in one step of a filter or of sizes", Value: "20,000 keys or a second", Why: "the page shows how far it is and can stop"},
		{Name: "keys chosen one by one", Value: "1,000", Why: "more is a branch"},
		{Name: "pages that follow keys at once", Value: "16", Why: "each keeps a question open"},
		{Name: "topics that pages listen to at once", Value: "16", Why: "each keeps its messages until the page has taken them"},
		{Name: "a picture of the chat that the page shows", Value: "8 MiB", Why: "larger ones are saved as files"},
		{Name: "a packed value once it is open", Value: "16 MiB", Why: "a few kilobytes can hold gigabytes of zeros"},
		{Name: "calls of the page at once", Value: "64", Why: "a page that runs wild must not stop the node"},
	}
}
