package vault

// This file folds edits, deletions and reactions into the lines that they point
// at. The order of the store decides, so all devices see the same.

import (
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/core"
)

// maxRelations bounds the edits and deletions, and the newest reactions, that are
// read for one page.
const maxRelations = 20_000

// about has the lines that point at others, by the name of their target, in order.
type about struct {
	v  *Vault
	of map[string][]*line
}

// relations reads what points at lines.
func (v *Vault) relations(a asker, to []*line, condition string) (about, error) {
	found := about{v, map[string][]*line{}}
	var targets []any
	for _, l := range to {
		if l.record.Ref != nil {
			targets = append(targets, []byte(v.target(*l.record.Ref)))
		}
	}
	if len(targets) == 0 {
		return found, nil
	}
	in := "target IN (?" + strings.Repeat(", ?", len(targets)-1) + ") AND state = 1 AND "
	all, err := v.lines(a, in+condition+" ORDER BY position DESC LIMIT ?", append(targets, maxRelations)...)
	slices.Reverse(all)
	for _, l := range all {
		if !l.damaged {
			found.of[string(l.target)] = append(found.of[string(l.target)], l)
		}
	}
	return found, err
}

// to are the lines of a kind that point at a line of the same room.
func (f about) to(l *line, kind int) (all []*line) {
	if l.record.Ref == nil {
		return nil
	}
	for _, r := range f.of[string(f.v.target(*l.record.Ref))] {
		if r.kind == kind && r.room == l.room {
			all = append(all, r)
		}
	}
	return all
}

// text is what a message says now, whom it names, and what it said before.
func (f about) text(l *line) (t inner.Text, earlier []core.ChatVersion) {
	t, err := l.record.message().Text()
	if err != nil {
		return inner.Text{}, nil // emptied
	}
	at := moment(l.record.SentAt)
	for _, r := range f.to(l, lineEdit) {
		if string(r.author) != string(l.author) {
			continue
		}
		e, err := r.record.message().Edit()
		if err != nil {
			continue
		}
		earlier = append(earlier, core.ChatVersion{Text: t.Text, At: at})
		t.Text, t.Mentions, at = e.Text, e.Mentions, moment(r.record.SentAt)
	}
	return t, earlier
}

// searched is the text by which a message is found: its own, and its files' names.
func (f about) searched(l *line) string {
	t, _ := f.text(l)
	parts := []string{}
	if t.Text != "" {
		parts = append(parts, t.Text)
	}
	for _, file := range t.Files {
		parts = append(parts, file.Name)
	}
	return strings.Join(parts, "\n")
}

// deleted tells whether a message was deleted, and by whom.
func (f about) deleted(l *line) (by string, yes bool) {
	for _, r := range f.to(l, lineDelete) {
		if r.strong || string(r.author) == string(l.author) {
			return r.record.From, true
		}
	}
	return l.record.From, l.state == stateGone
}

// reactions are the signs on a message: the last word of each person on each sign.
func (f about) reactions(l *line) []core.ChatReaction {
	type mark struct{ sign, by string }
	on := map[mark]bool{}
	var order []mark
	for _, r := range f.to(l, lineReact) {
		react, err := r.record.message().React()
		if err != nil {
			continue
		}
		m := mark{react.Sign, r.record.From}
		if _, seen := on[m]; !seen {
			order = append(order, m)
		}
		on[m] = react.On
	}
	all := []core.ChatReaction{}
	for _, m := range order {
		if !on[m] {
			continue
		}
		i := slices.IndexFunc(all, func(r core.ChatReaction) bool { return r.Sign == m.sign })
		if i < 0 {
			if len(all) == core.MaxChatReactions {
				continue
			}
			all = append(all, core.ChatReaction{Sign: m.sign})
			i = len(all) - 1
		}
		all[i].By = append(all[i].By, address(m.by))
		all[i].Mine = all[i].Mine || m.by == f.v.owner
	}
	return all
}
