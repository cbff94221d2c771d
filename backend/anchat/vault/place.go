package vault

import (
	"git.debros.io/DeBros/network/backend/core"
)

// Place is where a stored row stands: in which of the room's mailboxes, counted
// from 0, and under which number there, counted from 1. It is the same for all
// members, on all devices.
type Place struct {
	Epoch uint32
	Seq   uint64
}

// Positions are places as one number that rises and that JavaScript can hold. A
// place has eight of them: its line, then notices that only this device knows of,
// and the last for a hole before the next line. Above all places stand the lines
// that were heard and are not stored, above those one's own that wait.
const (
	slotBits  = 3
	slots     = 1 << slotBits
	epochBits = 20
	seqBits   = 52 - epochBits - slotBits

	heardFrom  int64 = 1 << 52
	queuedFrom int64 = heardFrom + 1<<51

	// MaxSeq bounds the rows of a mailbox, MaxEpochs the mailboxes of a room. Both
	// are far above what a room can reach.
	MaxSeq    = 1<<seqBits - 1
	MaxEpochs = 1 << epochBits
)

// Position is the place's position on screen.
func (p Place) Position() int64 {
	return int64(p.Epoch)<<(seqBits+slotBits) | int64(p.Seq)<<slotBits //nolint:gosec // check bounds both
}

// PlaceAt is the place of a position, and false for one that is not stored.
func PlaceAt(position int64) (Place, bool) {
	if position <= 0 || position >= heardFrom {
		return Place{}, false
	}
	return Place{
		Epoch: uint32(position >> (seqBits + slotBits)),
		Seq:   uint64(position>>slotBits) & MaxSeq,
	}, true
}

func (p Place) check() error {
	if p.Seq == 0 || p.Seq > MaxSeq || p.Epoch >= MaxEpochs {
		return core.Errorf(core.Invalid, "the store gives a row a number that no mailbox can have")
	}
	return nil
}

// stored tells whether a position is that of a stored row.
func stored(position int64) bool { return position < heardFrom }
