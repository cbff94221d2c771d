package api

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeConfig is a configuration file in memory that refuses the value "bad".
type fakeConfig struct{ saved []core.ConfigChange }

func (f *fakeConfig) Path() string { return "node.yaml" }
func (f *fakeConfig) Keys() ([]core.ConfigKey, error) {
	return []core.ConfigKey{{ConfigValue: core.ConfigValue{Name: "gateway.addr", Value: "127.0.0.1:1"}, Next: "127.0.0.1:2", Restart: true}}, nil
}

func (f *fakeConfig) Save(changes []core.ConfigChange) error {
	if slices.ContainsFunc(changes, func(c core.ConfigChange) bool { return c.Value == "bad" }) {
		return core.Errorf(core.Invalid, "gateway.addr: it is bad.")
	}
	f.saved = append(f.saved, changes...)
	return nil
}

func (f *fake) GatewayRequests(after uint64) []core.GatewayRequest {
	must(f.enter(context.Background()))
	all := []core.GatewayRequest{{Seq: 1, Route: "/health", Took: 1500 * time.Microsecond}, {Seq: 2, Route: "/v1/version"}}
	return all[min(after, 2):]
}

func (f *fake) Stop(ctx context.Context) error { f.stopped.Store(true); return f.enter(ctx) }

func (f *fake) Measures() core.Measures { return core.Measures{Requests: 10, Peers: 3} }
func (f *fake) BackupPlan(ctx context.Context) (core.BackupPlan, error) {
	return core.BackupPlan{Interval: time.Hour, Dir: "backups", Keep: 7}, f.enter(ctx)
}

func (f *fake) BackupFiles(ctx context.Context) ([]core.BackupFile, error) {
	return []core.BackupFile{{Name: "red-1.debros", Size: 1 << 53}}, f.enter(ctx)
}

func (f *fake) BackupNow(ctx context.Context, tell func(core.Progress)) (int, error) {
	tell(core.Progress{Done: 1, Total: 2})
	return 2, f.enter(ctx)
}

// A setting that is refused is told with its reason, and one that is accepted
// reaches the file.
func TestNode_SaveSettings(t *testing.T) {
	a := newFake().page(t)
	n := bound[Node](a)
	view, err := n.Settings()
	if err != nil || view.Path != "node.yaml" || len(view.Keys) != 1 || !view.Keys[0].Restart || view.Keys[0].Choices == nil {
		t.Fatalf("%+v, %v", view, err)
	}
	if err = n.SaveSettings([]ConfigChange{{Name: "gateway.addr", Value: "bad"}}); codeOf(t, err) != core.Invalid {
		t.Errorf("a bad value: %v", err)
	}
	if err = n.SaveSettings([]ConfigChange{{Name: "gateway.addr", Reset: true}}); err != nil {
		t.Error(err)
	}
	if err = n.SaveSecret("proxy.password", "canary"); err != nil {
		t.Error(err)
	}
	b, err := a.desk.node()
	if err != nil {
		t.Fatal(err)
	}
	file, ok := b.Config.(*fakeConfig)
	if !ok || len(file.saved) != 2 || !file.saved[0].Reset || file.saved[1].Value != "canary" {
		t.Errorf("saved %+v", file)
	}
}

// Requests come once each, and a backup is a task that says what it wrote.
func TestNode_RequestsAndBackups(t *testing.T) {
	a := newFake().page(t)
	n := bound[Node](a)
	all, err := n.Requests("")
	if err != nil || len(all) != 2 || all[0].TookMS != 1.5 {
		t.Fatalf("%+v, %v", all, err)
	}
	if all, err = n.Requests(all[0].Seq); err != nil || len(all) != 1 || all[0].Seq != "2" {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err = n.Requests("x"); codeOf(t, err) != core.Invalid {
		t.Errorf("no number: %v", err)
	}
	plan, err := n.Backups()
	if err != nil || plan.IntervalSeconds != 3600 || plan.LastAt != "" || plan.Files[0].Size != "9007199254740992" {
		t.Errorf("%+v, %v", plan, err)
	}
	if _, err := n.BackupNow("Backup"); err != nil {
		t.Fatal(err)
	}
	a.desk.tasks.wg.Wait()
	if done := a.desk.tasks.list()[0]; done.State != taskDone || done.Result != "2 files written." || done.Total != 2 {
		t.Errorf("%+v", done)
	}
}

// The page stops the node that it belongs to, and only when there is one.
func TestNode_Stop(t *testing.T) {
	f := newFake()
	if err := bound[Node](f.page(t)).Stop(); err != nil || !f.stopped.Load() {
		t.Errorf("stopped: %t, %v", f.stopped.Load(), err)
	}
	if err := bound[Node](newAPI(t)).Stop(); codeOf(t, err) != core.Unavailable {
		t.Errorf("without a node: %v", err)
	}
}

// Curves that grow without end fill the memory; rates that are wrong mislead.
func TestHistory(t *testing.T) {
	var h history
	now := time.Unix(0, 0)
	h.add(now, core.Measures{Requests: 100}, process{})
	if len(h.all()) != 0 {
		t.Error("the first look has nothing to compare with")
	}
	h.add(now.Add(5*time.Second), core.Measures{Requests: 150, RequestTime: 100 * time.Millisecond, Entries: 7}, process{goroutines: 4})
	h.add(now.Add(10*time.Second), core.Measures{Requests: 150, RequestTime: 100 * time.Millisecond, Entries: 2}, process{})
	got := h.all()
	if len(got) != 2 || got[0].Requests != 10 || got[0].LatencyMS != 2 || got[0].Goroutines != 4 {
		t.Fatalf("%+v", got)
	}
	if got[1].Entries != 0 || got[1].LatencyMS != 0 {
		t.Errorf("a counter that fell, and no request: %+v", got[1])
	}
	for i := range 2 * MaxSamples {
		h.add(now.Add(time.Duration(11+i)*time.Second), core.Measures{}, process{})
	}
	if got := h.all(); len(got) != MaxSamples || got[MaxSamples-1].Time != stamp(now.Add(time.Duration(10+2*MaxSamples)*time.Second)) {
		t.Errorf("%d are kept, the last of %s", len(got), got[len(got)-1].Time)
	}
}

// The curves are there although nobody looked while it happened.
func TestHistory_WithoutAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newFake().page(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx, func() {}) }()
		time.Sleep(3*SampleEvery + time.Second)
		got := a.desk.history.all()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(got) != 2 || got[0].Peers != 3 || got[0].Goroutines == 0 {
			t.Errorf("%+v", got)
		}
	})
}

// Secrets that stand in the log are in no bundle, neither shown nor saved.
func TestNode_Support(t *testing.T) {
	f := newFake()
	f.say("info", "signed in with ak_canary_0123456789")
	a := f.page(t)
	n := bound[Node](a)
	files, err := n.Support()
	if err != nil || len(files) != 7 {
		t.Fatalf("%+v, %v", files, err)
	}
	if strings.Contains(fmt.Sprint(files), "canary") || !strings.Contains(fmt.Sprint(files), "signed in with") {
		t.Errorf("shown: %v", files)
	}
	to, err := bound[Files](a).Save("Support", "support.zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = n.SaveSupport("Support", to); err != nil {
		t.Fatal(err)
	}
	a.desk.tasks.wg.Wait()
	if done := a.desk.tasks.list()[0]; done.State != taskDone || done.FileID != to.ID {
		t.Fatalf("%+v", done)
	}
	file, _, err := a.OpenFile(to.ID)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(file, info.Size())
	if err != nil || len(archive.File) != 7 {
		t.Errorf("%+v, %v", archive, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// What was done is there after a restart, can be found, and does not grow without end.
func TestActivity(t *testing.T) {
	dir := t.TempDir()
	l := newActivityLog(dir, time.Now)
	note := func(text string) {
		t.Helper()
		if err := l.add(Activity{Text: text, Namespace: "red"}); err != nil {
			t.Fatal(err)
		}
	}
	note("Deleted ann")
	note(strings.Repeat("x", maxActivityText) + "cut here")
	path := filepath.Join(dir, activityName)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(`{"text":"half`) // a crash in the middle of a line
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	l = newActivityLog(dir, time.Now)
	got, err := l.find("ANN", 10)
	if err != nil || len(got) != 1 || got[0].Text != "Deleted ann" || got[0].Time == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err = l.find("cut here", 10); err != nil || len(got) != 0 {
		t.Errorf("a long text was kept whole: %v", err)
	}
	for i := range MaxActivities + 2*activitySlack {
		note(fmt.Sprint("act ", i))
	}
	if got, err = newActivityLog(dir, time.Now).find("", 2*MaxActivities); err != nil || len(got) != MaxActivities || got[0].Text != fmt.Sprint("act ", MaxActivities+2*activitySlack-1) {
		t.Errorf("%d kept, %v", len(got), err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info, err)
	}
	if err = l.forget(); err != nil {
		t.Error(err)
	}
	if got, err = newActivityLog(dir, time.Now).find("", 10); err != nil || len(got) != 0 {
		t.Errorf("after forgetting: %+v, %v", got, err)
	}
}

// Whoever finds that the node did not start reads why, by whole lines.
func TestApp_LastLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debros.log")
	a := newAPI(t)
	a.desk.program.LogFile = path
	app := bound[App](a)
	if text, err := app.LastLog(); err != nil || text != "" {
		t.Errorf("without a file: %q, %v", text, err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("old line\n", maxLastLog)+"the cause\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := app.LastLog()
	if err != nil || !strings.HasPrefix(text, "old line\n") || !strings.HasSuffix(text, "the cause\n") || len(text) > maxLastLog {
		t.Errorf("%d bytes, %.20q, %v", len(text), text, err)
	}
}
