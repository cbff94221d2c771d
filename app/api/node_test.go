package api

import (
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// The log screen's filters find what they say, and "after" gives only news.
func TestNode_Logs(t *testing.T) {
	f := newFake()
	for _, line := range [][2]string{{"debug", "dial"}, {"info", "Peer connected"}, {"warn", "peer slow"}, {"error", "disk full"}} {
		f.say(line[0], line[1])
	}
	n := bound[Node](f.page(t))
	tests := map[string]struct {
		q    LogQuery
		want []string // sequence numbers
	}{
		"everything":       {LogQuery{}, []string{"1", "2", "3", "4"}},
		"the newest two":   {LogQuery{Limit: 2}, []string{"3", "4"}},
		"from warnings up": {LogQuery{Level: "warn"}, []string{"3", "4"}},
		"text in any case": {LogQuery{Search: "PEER"}, []string{"2", "3"}},
		"after the third":  {LogQuery{After: "3"}, []string{"4"}},
		"another part":     {LogQuery{Part: "database"}, nil},
		"one match of two": {LogQuery{Search: "peer", Limit: 1}, []string{"3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := n.Logs(tt.q)
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("%+v, %v", got, err)
			}
			for i := range got {
				if got[i].Seq != tt.want[i] {
					t.Errorf("line %d is %s, want %s", i, got[i].Seq, tt.want[i])
				}
			}
		})
	}
	if _, err := n.Logs(LogQuery{Level: "loud"}); codeOf(t, err) != core.Invalid {
		t.Errorf("an unknown level: %v", err)
	}
	if _, err := n.Logs(LogQuery{After: "x"}); codeOf(t, err) != core.Invalid {
		t.Errorf("a line that is no number: %v", err)
	}
}

// The Node screen shows the process as it is, not zeros.
func TestNode_Status(t *testing.T) {
	s, err := bound[Node](newFake().page(t)).Status()
	if err != nil || s.PeerID != "12D3" || len(s.Checks) != 1 || len(s.Groups) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if s.Goroutines < 1 || s.MemoryBytes == "0" {
		t.Errorf("%d goroutines, %s bytes", s.Goroutines, s.MemoryBytes)
	}
	if goBytes() == 0 {
		t.Error("systems without /proc would show no memory")
	}
	if names, err := bound[App](newFake().page(t)).Namespaces(); err != nil || len(names) != 2 || names[0] != "default" {
		t.Errorf("%v, %v", names, err)
	}
}
