// Values on their way between callers, rqlite's requests and SQLite.

package database

import (
	"database/sql/driver"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rqlite/rqlite/v8/command/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// maxParameters bounds the values of one statement; SQLite's own bound is 32766.
const maxParameters = 32766

// checkStatement refuses what could not be carried to SQLite as it is.
func checkStatement(s core.Statement) error {
	switch {
	case len(s.Args) > 0 && len(s.Named) > 0:
		return core.Errorf(core.Invalid, "a statement's values are given by position or by name, not both")
	case len(s.SQL) > MaxStatementBytes:
		return core.Errorf(core.TooLarge, "a statement may have %d bytes; put long values into parameters", MaxStatementBytes)
	case len(s.Args)+len(s.Named) > maxParameters:
		return core.Errorf(core.TooLarge, "a statement may have %d values", maxParameters)
	case !utf8.ValidString(s.SQL) || strings.ContainsRune(s.SQL, 0):
		return core.Errorf(core.Invalid, "a statement is UTF-8 text without zero bytes")
	}
	return nil
}

// normal brings a parameter into one of SQLite's forms.
func normal(name string, v any) (any, error) {
	switch v := v.(type) {
	case nil, int64, float64:
		return v, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case int:
		return int64(v), nil
	case string:
		if !utf8.ValidString(v) {
			return nil, core.Errorf(core.Invalid, "the value of parameter %s is not UTF-8 text; send bytes instead", name)
		}
		return v, tooLarge(name, len(v))
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, tooLarge(name, len(v))
	}
	return nil, core.Errorf(core.Invalid, "the value of parameter %s is a %T; use null, true, false, a number, text or bytes", name, v)
}

func tooLarge(name string, bytes int) error {
	if bytes > maxCellBytes {
		return core.Errorf(core.TooLarge, "the value of parameter %s has more than %d bytes", name, maxCellBytes)
	}
	return nil
}

// ordinal names a parameter that has no name.
func ordinal(i int) string { return "number " + strconv.Itoa(i+1) }

// bare is a parameter's name without the sign that SQL puts before it.
func bare(name string) string { return strings.TrimLeft(name, ":@$") }

// readValues are a read's parameters as the driver takes them.
func readValues(s core.Statement) ([]driver.NamedValue, error) {
	values := make([]driver.NamedValue, 0, len(s.Args)+len(s.Named))
	for i, arg := range s.Args {
		v, err := normal(ordinal(i), arg)
		if err != nil {
			return nil, err
		}
		values = append(values, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	for name, arg := range s.Named {
		v, err := normal(name, arg)
		if err != nil {
			return nil, err
		}
		values = append(values, driver.NamedValue{Ordinal: len(values) + 1, Name: bare(name), Value: v})
	}
	return values, nil
}

// writeParameters are a write's parameters as rqlite takes them, and their size.
func writeParameters(s core.Statement) (parameters []*proto.Parameter, bytes int, err error) {
	values, err := readValues(s)
	if err != nil {
		return nil, 0, err
	}
	parameters = make([]*proto.Parameter, len(values))
	for i, value := range values {
		p := &proto.Parameter{Name: value.Name}
		bytes += 10
		switch v := value.Value.(type) {
		case int64:
			p.Value = &proto.Parameter_I{I: v}
		case float64:
			p.Value = &proto.Parameter_D{D: v}
		case string:
			p.Value = &proto.Parameter_S{S: v}
			bytes += len(v)
		case []byte:
			p.Value = &proto.Parameter_Y{Y: v}
			bytes += len(v)
		}
		parameters[i] = p
	}
	return parameters, bytes, nil
}

// returned turns the rows of a RETURNING clause into ours. rqlite reads them with a
// driver that turns numbers of BOOLEAN columns into truth values and the text
// of DATE, DATETIME and TIMESTAMP columns into another notation; both are
// turned back into what SQLite itself writes there.
func returned(q *proto.QueryRows) *core.Rows {
	rows := &core.Rows{Columns: q.GetColumns(), Types: q.GetTypes(), Values: make([][]any, len(q.GetValues()))}
	for i, row := range q.GetValues() {
		cells := make([]any, len(row.GetParameters()))
		for j, p := range row.GetParameters() {
			cells[j] = cell(p, rows.Types[j])
		}
		rows.Values[i] = cells
	}
	return rows
}

func cell(p *proto.Parameter, declared string) any {
	switch v := p.GetValue().(type) {
	case *proto.Parameter_I:
		return v.I
	case *proto.Parameter_D:
		return v.D
	case *proto.Parameter_B:
		if v.B {
			return int64(1)
		}
		return int64(0)
	case *proto.Parameter_Y:
		return v.Y
	case *proto.Parameter_S:
		return plainTime(v.S, declared)
	}
	return nil
}

// plainTime undoes the driver's notation of a time.
func plainTime(text, declared string) string {
	if declared != "date" && declared != "datetime" && declared != "timestamp" {
		return text
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	switch {
	case err != nil:
		return text
	case declared == "date" && t.Equal(t.Truncate(24*time.Hour)):
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04:05.999999999")
}
