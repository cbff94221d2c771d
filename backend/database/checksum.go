// The checksum of an entry. Raft's log has none of its own: without it, a bit
// that the disk lost would become a row that nobody wrote.

package database

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"

	"github.com/rqlite/rqlite/v8/command/proto"
)

// checksum covers everything that decides what the statements do. What belongs
// together is told apart by its length.
func checksum(statements []*proto.Statement) int64 {
	var sum uint32
	buffer := make([]byte, 0, 256)
	for _, s := range statements {
		buffer = appendText(buffer[:0], s.GetSql())
		if s.GetForceQuery() {
			buffer = append(buffer, 'q')
		}
		for _, p := range s.GetParameters() {
			buffer = appendValue(appendText(buffer, p.GetName()), p)
		}
		sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), buffer)
	}
	return int64(sum)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendValue(b []byte, p *proto.Parameter) []byte {
	switch v := p.GetValue().(type) {
	case *proto.Parameter_I:
		return binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(v.I)) //nolint:gosec // every bit pattern is meant
	case *proto.Parameter_D:
		return binary.LittleEndian.AppendUint64(append(b, 'd'), math.Float64bits(v.D))
	case *proto.Parameter_S:
		return appendText(append(b, 's'), v.S)
	case *proto.Parameter_Y:
		return append(binary.AppendUvarint(append(b, 'y'), uint64(len(v.Y))), v.Y...)
	case *proto.Parameter_B:
		return append(b, 'b')
	}
	return append(b, 'n')
}

// checkSum compares an entry with the checksum in its first statement. The
// statements that end a held write, or what a crash left open, have none: they
// are single words.
func checkSum(request *proto.Request) error {
	statements := request.GetStatements()
	if len(statements) == 1 && (statements[0].GetSql() == "ROLLBACK" || statements[0].GetSql() == "COMMIT") {
		return nil
	}
	if len(statements) == 2 && statements[0].GetSql() == keepSQL && statements[1].GetSql() == "COMMIT" {
		return checkKept(statements[0])
	}
	if len(statements) < 2 || statements[0].GetSql() != entryCall || len(statements[0].GetParameters()) != entryParameters {
		return errors.New("it was not written by this program")
	}
	first := statements[0].GetParameters()
	seal := &proto.Statement{Sql: entryCall, Parameters: first[:entryParameters-1]}
	if first[entryParameters-1].GetI() != checksum(append([]*proto.Statement{seal}, statements[1:]...)) {
		return errors.New("its checksum does not match")
	}
	return nil
}
