// Command scoreboard reads what "go test -json" prints and writes one line for
// each row of the scoreboard: which row, its seed, the traffic before the
// fault, the outcome and the figures.
//
//	go test -json -tags system -run '^TestSystem' ./… | go run ./build/scoreboard
//
// A row is a test named TestSystem<row>_…; its figures are the last line that
// it logged and that begins with its name. Outcomes are green, RED, VOID (the
// run proves nothing, which is red too) and "not run" with the reason.
//
// With -planted NAME a bug was planted: then at least one row must be RED, for
// the reason of -because, or the command fails.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	planted := flag.String("planted", "", "name of the bug that must be found")
	because := flag.String("because", "", "with -planted: what the red row must have said, a regular expression")
	flag.Parse()
	os.Exit(run(os.Stdin, os.Stdout, *planted, regexp.MustCompile(*because))) //nolint:forbidigo // a program of its own
}

// event is one line of "go test -json".
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type row struct {
	id, name, outcome, seed, floor, figures string
	seconds                                 float64
	lines                                   []string
}

var (
	rowName  = regexp.MustCompile(`^TestSystem([A-Z]\d+)_(\w+)$`)
	logLine  = regexp.MustCompile(`^\s+\w+\.go:\d+: (.*)$`)
	seedText = regexp.MustCompile(`seed (\d+)`)
	rateText = regexp.MustCompile(`floor ([\d.]+)/s`)
)

// maxLine bounds one line of the tests' output.
const maxLine = 1 << 20

func run(in io.Reader, out io.Writer, planted string, because *regexp.Regexp) int {
	rows := map[string]*row{}
	var done []*row
	var broken []string // output of packages that did not build or run
	scan := bufio.NewScanner(in)
	scan.Buffer(make([]byte, 64<<10), maxLine)
	outside := map[string][]string{}
	for scan.Scan() {
		var e event
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
			broken = append(broken, scan.Text()) // the compiler's words
			continue
		}
		name := rowName.FindStringSubmatch(e.Test)
		if name == nil {
			switch {
			case e.Test == "" && e.Output != "":
				outside[e.Package] = append(outside[e.Package], strings.TrimRight(e.Output, "\n"))
			case e.Test == "" && e.Action == "fail" && !hasRow(rows, e.Package):
				broken = append(broken, outside[e.Package]...)
			}
			continue
		}
		key := e.Package + " " + e.Test
		r := rows[key]
		if r == nil {
			r = &row{id: name[1], name: strings.ReplaceAll(name[2], "_", " ")}
			rows[key] = r
			fmt.Fprintf(os.Stderr, "%s  %s …\n", r.id, r.name)
		}
		switch e.Action {
		case "output":
			r.lines = append(r.lines, strings.TrimRight(e.Output, "\n"))
		case "pass", "fail", "skip":
			r.seconds = e.Elapsed
			r.judge(e.Action)
			done = append(done, r)
			fmt.Fprintf(os.Stderr, "%s  %s in %.0f s\n", r.id, r.outcome, r.seconds)
			if r.outcome == "RED" || r.outcome == "VOID" {
				fmt.Fprintln(os.Stderr, strings.Join(r.lines, "\n"))
			}
		}
	}
	if err := scan.Err(); err != nil {
		broken = append(broken, err.Error())
	}
	table(out, done)
	return verdict(out, done, broken, planted, because)
}

// hasRow says whether a package had a row.
func hasRow(rows map[string]*row, pkg string) bool {
	for key := range rows {
		if strings.HasPrefix(key, pkg+" ") {
			return true
		}
	}
	return false
}

func (r *row) judge(action string) {
	var texts []string
	for _, line := range r.lines {
		if m := logLine.FindStringSubmatch(line); m != nil {
			texts = append(texts, m[1])
		}
	}
	for _, text := range texts {
		if own, ok := strings.CutPrefix(text, r.id); ok && own != "" && strings.ContainsAny(own[:1], " :") {
			r.figures = strings.TrimLeft(own, " :")
		}
		if m := seedText.FindStringSubmatch(text); m != nil {
			r.seed = m[1]
		}
		if m := rateText.FindStringSubmatch(text); m != nil {
			r.floor = m[1] + "/s"
		}
	}
	switch action {
	case "pass":
		r.outcome = "green"
	case "skip":
		r.outcome = "not run"
		if i := slices.IndexFunc(texts, func(s string) bool { return strings.HasPrefix(s, "not run") }); i >= 0 {
			r.outcome, r.figures = "not run", strings.TrimPrefix(texts[i], "not run: ")
		}
	default:
		r.outcome = "RED"
		// Void is a row whose only complaint is that it proves nothing.
		complaints := slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return !strings.Contains(s, "void") })
		if len(complaints) > 0 {
			r.figures = strings.Join(complaints, "; ") + "; " + r.figures
			if !strings.Contains(strings.Join(texts, "\n"), "NOT linearizable") {
				r.outcome = "VOID"
			}
		}
		if r.figures == "" {
			r.figures = "see its log above"
		}
	}
}

func table(out io.Writer, done []*row) {
	slices.SortStableFunc(done, func(a, b *row) int { return cmp.Compare(a.id, b.id) })
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ROW\tOUTCOME\tTIME\tSEED\tFLOOR\tFIGURES")
	for _, r := range done {
		fmt.Fprintf(w, "%s\t%s\t%.0f s\t%s\t%s\t%s: %s\n", r.id, r.outcome, r.seconds, dash(r.seed), dash(r.floor), r.name, r.figures)
	}
	_ = w.Flush() //nolint:errcheck // nowhere to say it
}

func dash(s string) string { return cmp.Or(s, "-") }

func verdict(out io.Writer, done []*row, broken []string, planted string, because *regexp.Regexp) int {
	count := map[string]int{}
	for _, r := range done {
		count[r.outcome]++
	}
	if len(broken) > 0 {
		fmt.Fprintln(out, strings.Join(broken, "\n")) //nolint:gosec // to a terminal
		return 1
	}
	if planted != "" {
		// Red for another reason, such as a node that did not start, finds nothing.
		if slices.ContainsFunc(done, func(r *row) bool {
			return r.outcome == "RED" && because.MatchString(strings.Join(r.lines, "\n"))
		}) {
			fmt.Fprintf(out, "%s: found\n", planted)
			return 0
		}
		fmt.Fprintf(out, "%s: NOT FOUND: %v\n", planted, count)
		return 1
	}
	fmt.Fprintf(out, "%d green, %d red, %d void, %d not run\n", count["green"], count["RED"], count["VOID"], count["not run"])
	if count["RED"]+count["VOID"] > 0 || len(done) == 0 {
		return 1
	}
	return 0
}
