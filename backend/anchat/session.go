package anchat

// This file has the open chat of one wallet. One goroutine owns its engine and all
// that is written; everybody else hands it turns.

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// session is the open chat of one wallet.
type session struct {
	chat    *Chat
	account wallet.Account
	device  wire.Fingerprint
	service wire.Service
	gossip  wire.Gossip
	vault   *vault.Vault
	work    chan job
	stop    chan struct{} // closed by halt
	stopped sync.Once
	done    chan struct{} // closed when run has returned
	posts   bell          // rows or messages wait to be put
	heavy   bell          // messages with files may wait
	syncs   bell          // something is to be read anew
	ears    bell          // other mailboxes are to be heard
	asks    bell          // keys are missing, or asked for
	chest   bell          // something is to be backed up, or files are to be tidied
	safe    chest         // how the backup is

	book  book  // what the reader says of people
	signs signs // what people did a moment ago
	hosts hosts // which nodes keep which room

	engine *engine.Olm // owned by the goroutine of turns
	posted atomic.Uint64
	sent   atomic.Uint64

	mu        sync.RWMutex // guards what follows, and nothing slow
	rooms     map[wire.Room]chatRoom
	boxes     map[wire.Name]wire.Room // every mailbox of every room
	learned   map[wallet.Account]time.Time
	strangers map[wire.Fingerprint]time.Time
	stalled   map[wire.Name]time.Time // since when a mailbox does not go on
	stale     []wallet.Account        // somebody knows newer devices of them
	answers   []answer                // to devices that ask for keys
	unopened  []rest                  // more of them can be opened
	status    status
}

// status is how the session is, for the screens.
type status struct {
	online    bool
	problem   string
	syncDone  int64
	syncTotal int64
}

// signPatience bounds how long the nodes wait for this device to prove itself.
const signPatience = 10 * time.Second

// job is one turn that somebody waits for.
type job struct {
	ctx  context.Context //nolint:containedctx // it goes with the question to the one that answers it
	do   func(*turn) error
	keep bool       // it may change something
	done chan error // of one place
}

// turn is one change of the open chat. What is written, what the engine did and
// what the screens are told is kept together, or none of it.
type turn struct {
	*vault.Tx
	s      *session
	engine *engine.Olm
	now    time.Time

	rooms  map[wire.Room]*chatRoom // changed ones, nil for one that is forgotten
	dirty  map[wire.Room]bool      // of those, what is written at the end
	acked  []wire.EnvelopeID       // envelopes that were taken in
	events []core.ChatEvent
	after  []func()
	failed error // a refusal that could not be written down
}

// bell wakes one who waits. Ringing it twice wakes once.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default: // it rings already
	}
}

// run serves until ctx ends or halt is called, and closes the vault.
func (s *session) run(ctx context.Context) {
	defer close(s.done) // from then on nobody waits for a turn
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var turns, loops sync.WaitGroup
	idle := make(chan struct{})
	turns.Go(func() { s.turns(idle) })
	for _, loop := range []func(context.Context){s.follow, s.listen, s.deliver, s.deliverFiles, s.askForKeys, s.index, s.backups, s.fade, s.attend} {
		loops.Go(func() { loop(ctx) })
	}
	select {
	case <-s.stop:
	case <-ctx.Done():
	}
	cancel()
	loops.Wait()
	close(idle)
	turns.Wait()
	if err := s.vault.Close(); err != nil { //nolint:contextcheck // closing takes milliseconds and is not given up
		s.chat.set.Log.Warn("the chat's file did not close cleanly", "error", err)
	}
}

// halt begins the end of the session; done says when it is over.
func (s *session) halt() { s.stopped.Do(func() { close(s.stop) }) }

// turns is the goroutine that owns the engine and the vault's writing side.
func (s *session) turns(idle <-chan struct{}) {
	for {
		select {
		case j := <-s.work:
			j.done <- s.turn(j)
		case <-idle: // nothing of its own works any more
			return
		}
	}
}

// do runs one turn and returns when it is durable, or has left no trace. Turns run
// one after another; inside of one nothing slow is done: no network, no waiting.
func (s *session) do(ctx context.Context, fn func(*turn) error) error {
	return s.hand(job{ctx: ctx, do: fn, keep: true, done: make(chan error, 1)})
}

// look runs a turn that reads: whatever it does is taken back.
func (s *session) look(ctx context.Context, fn func(*turn) error) error {
	return s.hand(job{ctx: ctx, do: fn, done: make(chan error, 1)})
}

func (s *session) hand(j job) error {
	select {
	case s.work <- j:
		return <-j.done
	case <-s.done:
		return errLocked()
	case <-j.ctx.Done():
		return core.Wrap(core.Unavailable, j.ctx.Err(), "the chat is busy; try again")
	}
}

// errLook ends the transaction of a turn that only looks.
var errLook = errors.New("nothing is kept")

func (s *session) turn(j job) error {
	t := &turn{s: s, engine: s.engine, now: s.now(), rooms: map[wire.Room]*chatRoom{}, dirty: map[wire.Room]bool{}}
	saving := false
	err := s.vault.Update(j.ctx, func(tx *vault.Tx) error {
		t.Tx = tx
		if err := j.do(t); err != nil {
			return err
		}
		if !j.keep {
			return errLook
		}
		if err := t.end(); err != nil {
			return err
		}
		saving = true
		records := s.engine.Dirty()
		for name := range records {
			if engine.IsSession(name) {
				t.later(s.chest.ring)
				break
			}
		}
		return t.PutRecords(records)
	})
	if err != nil {
		if saving {
			s.engine.Unsaved()
		} else {
			s.engine.Rollback()
		}
		if !j.keep && errors.Is(err, errLook) {
			return nil
		}
		return err
	}
	s.keep(t.rooms)
	s.chat.events.tell(t.events...)
	for _, f := range t.after {
		f()
	}
	return nil
}
