// This file is the task centre: work that outlives a call. It lives in Go, so
// that it goes on when the page is reloaded or closed.

package api

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxTasksRunning bounds work at once: tasks share the node with everybody else.
	MaxTasksRunning = 8
	// MaxTasksKept bounds the list; the oldest finished one goes first.
	MaxTasksKept = 200
	// MaxTaskAge is how long a finished task is shown.
	MaxTaskAge = 24 * time.Hour
)

// The states of a task.
const (
	taskRunning   = "running"
	taskDone      = "done"
	taskFailed    = "failed"
	taskCancelled = "cancelled"
)

// Tasks is bound as "Tasks".
type Tasks struct{ d *desk }

// Task is one piece of long work. Total is 0 when it is not known.
type Task struct {
	ID          string  `json:"id"`
	Kind        string  `json:"kind"`
	Title       string  `json:"title"`
	Phase       string  `json:"phase"`
	State       string  `json:"state"` // "running", "done", "failed" or "cancelled"
	Done        int64   `json:"done"`
	Total       int64   `json:"total"`
	Unit        string  `json:"unit"`
	Rate        float64 `json:"rate"`        // units per second
	ETASeconds  float64 `json:"eta_seconds"` // 0 when it is not known
	Cancellable bool    `json:"cancellable"`
	Error       string  `json:"error"`
	Code        string  `json:"code"`
	Result      string  `json:"result"`
	// FileID and FileName are a file that the task wrote and that still has to be
	// fetched; "" when there is none, as in the window, which wrote it in its place.
	FileID    string `json:"file_id"`
	FileName  string `json:"file_name"`
	StartedAt string `json:"started_at"`
	EndedAt   string `json:"ended_at"`
}

// List returns running tasks first, then finished ones, newest first.
func (t *Tasks) List() ([]Task, error) {
	return guard(t.d, "Tasks.List", MaxCallTime, func(context.Context) ([]Task, error) { return t.d.tasks.list(), nil })
}

// Cancel asks a running task to stop; the task itself tells when it did.
func (t *Tasks) Cancel(id string) error {
	return act(t.d, "Tasks.Cancel", MaxCallTime, func(context.Context) error { return t.d.tasks.cancel(id) })
}

// Dismiss removes a finished task from the list; it is no error when there is none.
func (t *Tasks) Dismiss(id string) error {
	return act(t.d, "Tasks.Dismiss", MaxCallTime, func(context.Context) error { return t.d.tasks.dismiss(id) })
}

// work is what a task does.
type work struct {
	kind, title, unit string
	file              File // the file that it writes, if any
	// run returns one sentence about what was done.
	run func(ctx context.Context, p *progress) (string, error)
}

// job is a task with what only Go needs.
type job struct {
	task           Task
	started, ended time.Time
	stop           context.CancelFunc
	file           string // the id that a page fetches its result with, "" when there is nothing to fetch
}

// board keeps the tasks.
type board struct {
	now  func() time.Time
	log  *slog.Logger
	poke func() // tells the page's watcher that something began or ended

	mu      sync.Mutex
	jobs    map[string]*job
	running int
	closed  bool
	wg      sync.WaitGroup
}

func newBoard(now func() time.Time, log *slog.Logger, poke func()) *board {
	return &board{now: now, log: log, poke: poke, jobs: make(map[string]*job)}
}

// start runs w in the background and returns the task's id. The task outlives
// ctx, the call that started it, and ends with the program.
func (b *board) start(ctx context.Context, w work) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return "", core.Errorf(core.Unavailable, "The program is ending.")
	case b.running >= MaxTasksRunning:
		return "", core.Errorf(core.Limited, "%d tasks are running already; wait for one to end, or cancel one.", MaxTasksRunning)
	}
	b.pruneLocked(1)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	now := b.now()
	j := &job{stop: cancel, started: now, file: w.file.fetchID(), task: Task{
		ID: newID(), Kind: w.kind, Title: w.title, Unit: w.unit, State: taskRunning, Cancellable: true, StartedAt: stamp(now), FileName: w.file.Name,
	}}
	b.jobs[j.task.ID] = j
	b.running++
	b.wg.Go(func() {
		result, err := runWork(ctx, w, &progress{board: b, job: j})
		b.finish(ctx, j, result, err)
		cancel()
		b.poke()
	})
	b.poke()
	return j.task.ID, nil
}

func runWork(ctx context.Context, w work, p *progress) (result string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r)
		}
	}()
	return w.run(ctx, p)
}

func (b *board) finish(ctx context.Context, j *job, result string, err error) {
	if err != nil && ctx.Err() == nil {
		b.log.Warn("a task failed", "task", j.task.Kind, core.KeyRequestID, j.task.ID, core.KeyError, err.Error())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	j.ended = b.now()
	t := &j.task
	t.EndedAt, t.Cancellable, t.Result = stamp(j.ended), false, result
	switch {
	case err == nil:
		t.State, t.FileID = taskDone, j.file
	case ctx.Err() != nil && core.CodeOf(err) != core.OutcomeUnknown:
		t.State = taskCancelled
	default:
		t.State, t.Error, t.Code = taskFailed, core.Sentence(err), string(core.CodeOf(err))
	}
}

// pruneLocked drops finished tasks that are too old, or too many when room for
// more is needed.
func (b *board) pruneLocked(room int) {
	oldest := b.now().Add(-MaxTaskAge)
	var finished []*job
	for id, j := range b.jobs {
		switch {
		case j.ended.IsZero():
		case j.ended.Before(oldest):
			delete(b.jobs, id)
		default:
			finished = append(finished, j)
		}
	}
	excess := len(b.jobs) + room - MaxTasksKept
	if excess <= 0 {
		return
	}
	slices.SortFunc(finished, func(x, y *job) int { return x.ended.Compare(y.ended) })
	for _, j := range finished[:min(excess, len(finished))] {
		delete(b.jobs, j.task.ID)
	}
}

func (b *board) list() []Task {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pruneLocked(0)
	out := make([]Task, 0, len(b.jobs))
	for _, j := range b.jobs {
		out = append(out, b.viewLocked(j))
	}
	slices.SortFunc(out, func(x, y Task) int {
		if a, b := x.State == taskRunning, y.State == taskRunning; a != b {
			if a {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(y.StartedAt, x.StartedAt), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// viewLocked adds the speed, measured over the whole run.
func (b *board) viewLocked(j *job) Task {
	t := j.task
	end := j.ended
	if end.IsZero() {
		end = b.now()
	}
	if took := end.Sub(j.started).Seconds(); took > 0 {
		t.Rate = float64(t.Done) / took
	}
	if t.State == taskRunning && t.Rate > 0 && t.Total > t.Done {
		t.ETASeconds = float64(t.Total-t.Done) / t.Rate
	}
	return t
}

func (b *board) cancel(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.jobs[id]
	if j == nil {
		return core.Errorf(core.NotFound, "There is no such task; finished ones are kept for a day.")
	}
	j.stop() // one that has ended does not mind
	return nil
}

func (b *board) dismiss(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if j := b.jobs[id]; j != nil {
		if j.task.State == taskRunning {
			return core.Errorf(core.Conflict, "This task is still running; cancel it first.")
		}
		delete(b.jobs, id)
	}
	b.poke()
	return nil
}

// close cancels what runs and waits for it.
func (b *board) close() {
	b.mu.Lock()
	b.closed = true
	for _, j := range b.jobs {
		j.stop()
	}
	b.mu.Unlock()
	b.wg.Wait()
}

// progress is how work reports.
type progress struct {
	board *board
	job   *job
}

func (p *progress) phase(name string) { p.change(func(t *Task) { t.Phase = name }) }
func (p *progress) total(n int64)     { p.change(func(t *Task) { t.Total = n }) }
func (p *progress) add(n int64)       { p.change(func(t *Task) { t.Done += n }) }
func (p *progress) set(n int64)       { p.change(func(t *Task) { t.Done = n }) }

func (p *progress) change(f func(*Task)) {
	p.board.mu.Lock()
	defer p.board.mu.Unlock()
	f(&p.job.task)
}
