package membership

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// If a damaged network.json is taken for none, the node founds a second network
// in the folder of the first.
func TestRecord_Damaged(t *testing.T) {
	root := t.TempDir()
	if _, err := Create(root, "home", "at home", elder); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(root, "home", recordFile)
	sound, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(old, with string) string { return strings.Replace(string(sound), old, with, 1) }
	for what, test := range map[string]struct{ text, remedy string }{
		"empty":              {"", "backup"},
		"cut":                {string(sound[:len(sound)/2]), "backup"},
		"zeroed":             {strings.Repeat("\x00", len(sound)), "backup"},
		"another thing":      {`{"hello": 1}`, "backup"},
		"with a tail":        {string(sound) + "}", "backup"},
		"a neighbour's":      {replaced(`"home"`, `"work"`), "backup"},
		"an unknown role":    {replaced(`"member"`, `"king"`), "backup"},
		"far too long":       {string(sound) + strings.Repeat(" ", maxRecordBytes), "backup"},
		"of a newer version": {replaced(`"format": 1`, `"format": 2`), "start the newer version"},
	} {
		if err := os.WriteFile(name, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Load(root, "home", elder)
		sentence := core.Sentence(err)
		if core.CodeOf(err) != core.Invalid || !strings.Contains(sentence, test.remedy) || !strings.Contains(sentence, "home") {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
		if _, err := Create(root, "home", "", elder); core.CodeOf(err) != core.Conflict {
			t.Errorf("%s: founded again: %v", what, err)
		}
		if _, err := CreateJoined(root, Admission{Network: "home"}); err == nil {
			t.Errorf("%s: joined over it", what)
		}
		if list, err := List(root, ""); err != nil || len(list) != 0 {
			t.Errorf("%s: listed as %+v, %v", what, list, err)
		}
		if kept, err := os.ReadFile(name); err != nil || string(kept) != test.text {
			t.Errorf("%s: the file was changed: %v", what, err)
		}
	}
}

// What a node knows of its networks must outlive it, and nothing in a name may
// lead out of their folder.
func TestRecord_Kept(t *testing.T) {
	root := t.TempDir()
	made, err := Create(root, "", "at home", elder)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := CreateJoined(root, Admission{Network: "work", Name: "at work", System: []Hint{{ID: younger, Voter: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if !joined.Formed || made.Formed {
		t.Error("a network that admitted this node has had a leader; a new one has not")
	}
	left := time.Now().UTC().Truncate(time.Second)
	joined.LeftAt = left
	if err = joined.save(root); err != nil {
		t.Fatal(err)
	}
	if err = Rename(root, "work", "the office"); err != nil {
		t.Fatal(err)
	}
	r, err := Load(root, "work", elder)
	if err != nil || r.Name != "the office" || !r.LeftAt.Equal(left) || len(r.System) != 1 || r.System[0].ID != younger {
		t.Errorf("%+v, %v", r, err)
	}
	again, err := CreateJoined(root, Admission{Network: "work", Name: "another", System: []Hint{{ID: elder, Voter: true}}})
	if err != nil || again.Name != "the office" || !again.LeftAt.IsZero() || again.System[0].ID != elder {
		t.Errorf("back again: %+v, %v", again, err)
	}
	list, err := List(root, made.ID)
	if err != nil || len(list) != 2 || !list[0].Current || list[0].Size == 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if err := Remove(root, made.ID, made.ID); core.CodeOf(err) != core.Conflict {
		t.Errorf("the network in use was removed: %v", err)
	}
	for _, id := range []string{"", "..", "../work", "a/b", "-x", strings.Repeat("x", maxIDBytes+1), "Ä"} {
		_, errLoad := Load(root, id, elder)
		if core.CodeOf(errLoad) != core.Invalid || core.CodeOf(Remove(root, id, "")) != core.Invalid {
			t.Errorf("the id %q was taken: %v", id, errLoad)
		}
	}
	if err := Remove(root, "work", made.ID); err != nil {
		t.Error(err)
	}
	if _, err := Load(root, "work", elder); core.CodeOf(err) != core.NotFound {
		t.Errorf("a removed network: %v", err)
	}
}
