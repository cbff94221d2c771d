package node

// This file joins editors with sqlguard: what a script consists of, and which
// statement of it may run.

import (
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

// SplitSQL cuts a script into statements and says of each what it is, or why
// it may not be run. It returns core.TooLarge for a script past its limit.
func SplitSQL(script string) ([]core.Piece, error) {
	cut, err := sqlguard.Split(script)
	if err != nil {
		return nil, err
	}
	pieces := make([]core.Piece, 0, len(cut))
	for _, c := range cut {
		p := core.Piece{Text: c.Text, Offset: c.Offset, End: c.Offset + len(c.Text)}
		if s, err := sqlguard.Check(c.Text); err != nil {
			p.Problem = core.Sentence(err)
		} else {
			p.Kind = string(s.Kind)
		}
		pieces = append(pieces, p)
	}
	return pieces, nil
}

// SplitSQL is the function of the same name, for the page.
func (n *Node) SplitSQL(script string) ([]core.Piece, error) { return SplitSQL(script) }
