//go:build window

// This file drives the real window: the production binary in $DEBROS_BIN, on a
// display of its own, with a data folder of its own. "make test-window" builds
// the binary and runs it.

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long each step may take on a busy computer.
const patience = 40 * time.Second

// paintedColours is more than a blank window has and far less than a page with
// letters, whose edges are smooth.
const paintedColours = 32

// margin leaves out the frame, which the window manager draws.
const margin = 40

// A person starts debros without a word: a window opens, the page in it is
// painted and talks to the node, and closing it ends everything cleanly.
func TestWindow_OpensPaintsAndCloses(t *testing.T) {
	d := newDisplay(t)
	p := d.start(t)
	p.waitFor(t, `a page is open`)
	p.waitFor(t, `ready`)
	id := d.window(t)
	d.do(t, "mousemove", "1399", "899") // the pointer has colours too
	eventually(t, "the window is painted", func() bool { return colours(d.shot(t, id)) > paintedColours })
	if path := os.Getenv("DEBROS_SHOT"); path != "" { // to look at it
		save(t, path, d.shot(t, id))
	}
	d.do(t, "windowactivate", "--sync", id)
	eventually(t, "Alt+F4 is heard", func() bool { // a window manager on a busy computer may miss the first
		d.do(t, "key", "--clearmodifiers", "alt+F4")
		return p.says("the window closes")
	})
	if status := p.wait(t); status != 0 {
		t.Errorf("exit status %d after closing the window; the log:\n%s", status, p.log())
	}
}

// The session ends while the window is open: the node must not be killed half-way.
func TestWindow_EndsBySignal(t *testing.T) {
	d := newDisplay(t)
	p := d.start(t)
	p.waitFor(t, `a page is open`)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	status := p.wait(t)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if status != 0 && status != 143 {
		t.Errorf("exit status %d; the log:\n%s", status, p.log())
	}
}

// display is an X server of the test's own with a window manager.
type display struct {
	name   string // ":5"
	screen string // file that holds the screen's pixels
}

func newDisplay(t *testing.T) *display {
	t.Helper()
	d := &display{screen: filepath.Join(t.TempDir(), "Xvfb_screen0")}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-fbdir", filepath.Dir(d.screen))
	server.ExtraFiles = []*os.File{write}
	background(t, server)
	closed(t, write)
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb did not start: %v", err)
	}
	closed(t, read)
	d.name = ":" + strings.TrimSpace(number)
	manager := exec.Command("openbox")
	manager.Env = d.environment(t.TempDir())
	background(t, manager)
	return d
}

// background runs a helper until the test ends.
func background(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		var stopped *exec.ExitError // by our signal
		if err := cmd.Wait(); err != nil && !errors.As(err, &stopped) {
			t.Error(err)
		}
	})
}

func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// environment is that of a desktop session with one display and an empty home.
func (d *display) environment(home string) []string {
	return []string{
		"DISPLAY=" + d.name, "HOME=" + home, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "XDG_RUNTIME_DIR=" + home,
		"DEBROS_DATA_DIR=" + filepath.Join(home, "data"), "LOG_FORMAT=json", "GATEWAY_ADDR=127.0.0.1:0",
		"NO_AT_BRIDGE=1", "GSETTINGS_BACKEND=memory", "DBUS_SESSION_BUS_ADDRESS=disabled:", // or GTK may start a session
	}
}

// nodeYAML keeps the test's node to itself.
const nodeYAML = `node:
  listen_addresses: ["/ip4/127.0.0.1/tcp/0"]
discovery:
  mdns: false
`

// welcomedJSON says that the first steps are done.
const welcomedJSON = `{"theme":"system","density":"comfortable","namespace":"default","welcomed":true}`

// process is a running debros with all that it started.
type process struct {
	cmd   *exec.Cmd
	home  string
	mu    sync.Mutex
	text  bytes.Buffer
	ended chan struct{} // closed when its output ended
}

// start starts debros in a home of its own.
func (d *display) start(t *testing.T, environment ...string) *process {
	t.Helper()
	home := t.TempDir()
	data := filepath.Join(home, "data")
	if err := errors.Join(
		os.Mkdir(data, 0o700), os.WriteFile(filepath.Join(data, "node.yaml"), []byte(nodeYAML), 0o600),
		os.WriteFile(filepath.Join(data, "settings.json"), []byte(welcomedJSON), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return d.startIn(t, home, environment)
}

// startIn starts debros in a home that is there.
func (d *display) startIn(t *testing.T, home string, environment []string, args ...string) *process {
	t.Helper()
	binary := os.Getenv("DEBROS_BIN")
	if binary == "" {
		t.Fatal("DEBROS_BIN does not name the program; run: make test-window")
	}
	p := &process{cmd: exec.Command(binary, args...), home: home, ended: make(chan struct{})}
	p.cmd.Env = append(d.environment(home), environment...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that all it started can be found
	output, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = input, input
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	closed(t, input)
	go func() {
		defer close(p.ended)
		if _, err := io.Copy(p, output); err != nil {
			t.Error(err)
		}
		closed(t, output)
	}()
	t.Cleanup(func() {
		if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
		<-p.ended
	})
	return p
}

// Write takes the program's output.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// waitFor waits until the program's log has a message.
func (p *process) waitFor(t *testing.T, message string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("the log:\n%s", p.log())
		}
	}()
	eventually(t, "the log says "+message, func() bool { return p.says(message) })
}

func (p *process) says(message string) bool { return strings.Contains(p.log(), `"msg":"`+message+`"`) }

// wait returns the exit status, and fails when any process of it stays.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("the program does not end; the log:\n%s", p.log())
	}
	eventually(t, "no process stays", func() bool { return len(group(t, p.cmd.Process.Pid)) == 0 })
	return p.cmd.ProcessState.ExitCode()
}

// group lists the living processes of a process group.
func group(t *testing.T, id int) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var living []string
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold anything
		fields := strings.Fields(rest)                // state, parent, group …
		if len(fields) > 2 && fields[2] == strconv.Itoa(id) && fields[0] != "Z" {
			living = append(living, string(text))
		}
	}
	return living
}

// do runs xdotool and returns what it says.
func (d *display) do(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("xdotool", args...)
	cmd.Env = []string{"DISPLAY=" + d.name, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil && args[0] != "search" { // a search that finds nothing fails
		t.Fatalf("xdotool %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// window is the id of the visible window with the program's title.
func (d *display) window(t *testing.T) (id string) {
	t.Helper()
	eventually(t, "a window named debros is there", func() bool {
		id, _, _ = strings.Cut(d.do(t, "search", "--onlyvisible", "--name", "^debros$"), "\n")
		return id != ""
	})
	return id
}

// shot is what the window shows now, read out of the display's memory.
func (d *display) shot(t *testing.T, id string) *image.RGBA {
	t.Helper()
	var x, y, width, height int
	for line := range strings.Lines(d.do(t, "getwindowgeometry", "--shell", id)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatalf("geometry %q: %v", line, err)
		}
		switch name {
		case "X":
			x = n
		case "Y":
			y = n
		case "WIDTH":
			width = n
		case "HEIGHT":
			height = n
		}
	}
	dump, err := os.ReadFile(d.screen)
	if err != nil {
		t.Fatal(err)
	}
	// The file is an X window dump: its header has numbers of four bytes, the
	// first the header's size, then a table of colours, then rows of B G R x.
	field := func(i int) int { return int(binary.BigEndian.Uint32(dump[4*i:])) }
	start, perLine := field(0)+12*field(19), field(12)
	inside := image.Rect(x, y, x+width, y+height).Inset(margin).Intersect(image.Rect(0, 0, field(4), field(5)))
	picture := image.NewRGBA(inside)
	for row := inside.Min.Y; row < inside.Max.Y; row++ {
		for column := inside.Min.X; column < inside.Max.X; column++ {
			at := start + row*perLine + column*4
			picture.SetRGBA(column, row, color.RGBA{R: dump[at+2], G: dump[at+1], B: dump[at], A: 255})
		}
	}
	return picture
}

// colours counts different ones; a window that never painted has one.
func colours(picture *image.RGBA) int {
	seen := make(map[color.RGBA]bool)
	for pixel := range slices.Chunk(picture.Pix, 4) {
		seen[color.RGBA{R: pixel[0], G: pixel[1], B: pixel[2]}] = true
	}
	return len(seen)
}

func save(t *testing.T, path string, picture image.Image) {
	t.Helper()
	var text bytes.Buffer
	if err := errors.Join(png.Encode(&text, picture), os.WriteFile(path, text.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !ask() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
