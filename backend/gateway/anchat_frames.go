package gateway

// This file has the octet streams of the chat: each piece after its length in four
// bytes, big end first. A kept row has 24 bytes before it: its number in the
// mailbox, its log entry, and when it was stored, in milliseconds since 1970.

import (
	"encoding/binary"
	"encoding/hex"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	frameHead   = 4
	rowHead     = 3 * 8
	lastHeader  = "Anchat-Last"   // the highest number of a mailbox
	closedHead  = "Anchat-Closed" // "true" of a mailbox that takes no more rows
	latestMilli = 253_402_300_799_999
)

// AppendChatFrames writes pieces one after another.
func AppendChatFrames(out []byte, pieces ...[]byte) []byte {
	for _, p := range pieces {
		out = appendFrame(out, p)
	}
	return out
}

func appendFrame(out, piece []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(piece))) //nolint:gosec // every piece has a limit far below
	return append(out, piece...)
}

// ReadChatFrames takes at most most pieces of at most limit bytes apart; they
// share b. It returns core.Invalid and core.TooLarge.
func ReadChatFrames(b []byte, most, limit int) ([][]byte, error) {
	var list [][]byte
	for len(b) > 0 {
		if len(list) == most {
			return nil, core.Errorf(core.TooLarge, "there are at most %d pieces in one request", most)
		}
		if len(b) < frameHead {
			return nil, errFrames()
		}
		size := binary.BigEndian.Uint32(b)
		if uint64(size) > uint64(limit) { //nolint:gosec // limits are constants above 0
			return nil, core.Errorf(core.TooLarge, "one piece has at most %d bytes", limit)
		}
		if b = b[frameHead:]; uint64(size) > uint64(len(b)) {
			return nil, errFrames()
		}
		list = append(list, b[:size:size])
		b = b[size:]
	}
	return list, nil
}

func errFrames() error {
	return core.Errorf(core.Invalid, "the bytes end inside a piece; each piece comes after its length in four bytes, big end first")
}

// AppendChatRows writes kept rows one after another.
func AppendChatRows(out []byte, rows []ChatRow) []byte {
	for _, r := range rows {
		out = binary.BigEndian.AppendUint64(out, r.Seq)
		out = binary.BigEndian.AppendUint64(out, r.Index)
		out = binary.BigEndian.AppendUint64(out, uint64(r.At.UnixMilli()))
		out = appendFrame(out, r.Row)
	}
	return out
}

// ReadChatRows takes apart what AppendChatRows wrote. A stranger may have written
// it. It returns core.Invalid and core.TooLarge.
func ReadChatRows(b []byte) ([]ChatRow, error) {
	var rows []ChatRow
	for len(b) > 0 {
		if len(rows) == MaxChatPage {
			return nil, core.Errorf(core.TooLarge, "a page has at most %d rows", MaxChatPage)
		}
		if len(b) < rowHead+frameHead {
			return nil, errFrames()
		}
		at, size := binary.BigEndian.Uint64(b[16:]), binary.BigEndian.Uint32(b[rowHead:])
		if size > MaxChatRowBytes || at > latestMilli {
			return nil, core.Errorf(core.TooLarge, "a row has at most %d bytes and a time that a calendar has", MaxChatRowBytes)
		}
		r := ChatRow{Seq: binary.BigEndian.Uint64(b), Index: binary.BigEndian.Uint64(b[8:]), At: time.UnixMilli(int64(at)).UTC()}
		if b = b[rowHead+frameHead:]; uint64(size) > uint64(len(b)) {
			return nil, errFrames()
		}
		r.Row = b[:size:size]
		b = b[size:]
		rows = append(rows, r)
	}
	return rows, nil
}

// AppendChatEntries writes entries of a backup: 32 bytes of name, then what is sealed.
func AppendChatEntries(out []byte, entries []ChatBackupEntry) ([]byte, error) {
	for _, e := range entries {
		id, err := hex.DecodeString(e.ID)
		if err != nil || len(id) != chatIDBytes {
			return nil, core.Errorf(core.Invalid, "an entry of a backup is named by %d bytes", chatIDBytes)
		}
		out = appendFrame(out, append(id, e.Sealed...))
	}
	return out, nil
}

// ReadChatEntries takes apart what AppendChatEntries wrote.
func ReadChatEntries(b []byte) ([]ChatBackupEntry, error) {
	pieces, err := ReadChatFrames(b, MaxChatBackupEntries, chatIDBytes+MaxChatBackupBytes)
	if err != nil {
		return nil, err
	}
	entries := make([]ChatBackupEntry, len(pieces))
	for i, p := range pieces {
		if len(p) < chatIDBytes {
			return nil, errFrames()
		}
		entries[i] = ChatBackupEntry{ID: hex.EncodeToString(p[:chatIDBytes]), Sealed: p[chatIDBytes:]}
	}
	return entries, nil
}
