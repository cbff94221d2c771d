package gateway

// This file puts a SELECT together from the parts that the older clients send.
// A name is checked and quoted, a value is bound, and an expression must be
// whole: its brackets and quotes close, and it has no comment and no semicolon.
// What comes out is read by sqlguard like any other statement.

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	maxNameBytes = 128 // of one name; nobody's tables have longer ones
	// maxParts bounds the parts of each kind in one SELECT.
	maxParts = 100
)

type findRequest struct {
	inNamespace
	Table string `json:"table"`
	// Criteria are columns and what they must equal; null finds NULL.
	Criteria map[string]any `json:"criteria,omitempty"`
	Options  findOptions    `json:"options,omitzero"`
}

type findOptions struct {
	Where   []condition `json:"where,omitempty"`
	GroupBy names       `json:"group_by,omitempty"`
	OrderBy names       `json:"order_by,omitempty"` // "column", with ASC or DESC behind it or not
	Limit   *int        `json:"limit,omitempty"`
	Offset  *int        `json:"offset,omitempty"`
}

type selectRequest struct {
	inNamespace
	findOptions
	Table string `json:"table"` // "table", or "table alias"
	// Select are columns: "column", "table.column", "table.*", or count, sum, min,
	// max or avg of one, each with "AS name" behind it or not. None is all.
	Select names  `json:"select,omitempty"`
	Joins  []join `json:"joins,omitempty"`
	// One answers the first row beside the list, and 404 when there is none.
	One bool `json:"one,omitempty"`
}

// condition is one expression of WHERE, with ? for each value.
type condition struct {
	Conj string `json:"conj,omitempty"` // before it: "AND" (default) or "OR"
	Expr string `json:"expr"`
	Args []any  `json:"args,omitempty"`
}

type join struct {
	Kind  string `json:"kind,omitempty"` // "INNER" (default), "LEFT", "CROSS", with OUTER or JOIN behind it or not
	Table string `json:"table"`
	On    string `json:"on,omitempty"`
}

// quoteName checks a name and puts it in quotes: it can be nothing else then.
func quoteName(name string) (string, error) {
	if name == "" || len(name) > maxNameBytes || name[0] >= '0' && name[0] <= '9' {
		return "", errName(name)
	}
	for i := range len(name) {
		if char := name[i]; char != '_' && (char < '0' || char > '9') && (char < 'a' || char > 'z') && (char < 'A' || char > 'Z') {
			return "", errName(name)
		}
	}
	return `"` + name + `"`, nil
}

func errName(name string) error {
	if len(name) > 40 || !utf8.ValidString(name) {
		name = "that"
	}
	return core.Errorf(core.Invalid, "%q is not a name here: a name has letters, digits and _, does not begin with a digit and has at most %d characters; other names work with SQL of your own", name, maxNameBytes)
}

// quotePath quotes "column" or "table.column".
func quotePath(path string) (string, error) {
	parts := strings.Split(path, ".")
	if len(parts) > 2 {
		return "", errName(path)
	}
	for i, part := range parts {
		var err error
		if parts[i], err = quoteName(part); err != nil {
			return "", errName(path)
		}
	}
	return strings.Join(parts, "."), nil
}

// quoteTable quotes "table", "table alias" or "table AS alias".
func quoteTable(text string) (string, error) {
	words := strings.Fields(text)
	if len(words) == 3 && strings.EqualFold(words[1], "AS") {
		words = []string{words[0], words[2]}
	}
	if len(words) == 0 || len(words) > 2 {
		return "", errName(text)
	}
	for i, word := range words {
		var err error
		if words[i], err = quoteName(word); err != nil {
			return "", err
		}
	}
	return strings.Join(words, " AS "), nil
}

// quoteColumn quotes one item of the select list.
func quoteColumn(text string) (string, error) {
	words := strings.Fields(text)
	alias := ""
	if len(words) == 3 && strings.EqualFold(words[1], "AS") {
		name, err := quoteName(words[2])
		if err != nil {
			return "", err
		}
		words, alias = words[:1], " AS "+name
	}
	if len(words) != 1 {
		return "", errName(text)
	}
	item := words[0]
	if item == "*" && alias == "" {
		return item, nil
	}
	if table, all := strings.CutSuffix(item, ".*"); all && alias == "" {
		name, err := quoteName(table)
		return name + ".*", err
	}
	if function, rest, is := strings.Cut(item, "("); is {
		function = strings.ToLower(function)
		inner, closed := strings.CutSuffix(rest, ")")
		if !closed || !slices.Contains([]string{"count", "sum", "min", "max", "avg"}, function) {
			return "", errName(text)
		}
		if inner != "*" || function != "count" {
			path, err := quotePath(inner)
			if err != nil {
				return "", err
			}
			inner = path
		}
		return function + "(" + inner + ")" + alias, nil
	}
	path, err := quotePath(item)
	return path + alias, err
}

// quoteOrder quotes one item of ORDER BY.
func quoteOrder(text string) (string, error) {
	words := strings.Fields(text)
	direction := ""
	if len(words) == 2 {
		direction = strings.ToUpper(words[1])
		if direction != "ASC" && direction != "DESC" {
			return "", core.Errorf(core.Invalid, "order_by is a column, with ASC or DESC behind it or not")
		}
		words, direction = words[:1], " "+direction
	}
	if len(words) != 1 {
		return "", errName(text)
	}
	path, err := quotePath(words[0])
	return path + direction, err
}

// checkExpression makes sure that an expression ends where it ends.
func checkExpression(text string) error {
	if strings.TrimSpace(text) == "" {
		return core.Errorf(core.Invalid, "an expression is missing")
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch char := text[i]; {
		case char == '(':
			depth++
		case char == ')':
			if depth--; depth < 0 {
				return errExpression()
			}
		case char == ';', char == 0, strings.HasPrefix(text[i:], "--"), strings.HasPrefix(text[i:], "/*"):
			return errExpression()
		case char == '\'', char == '"', char == '`', char == '[':
			if char == '[' {
				char = ']'
			}
			end := strings.IndexByte(text[i+1:], char) // a doubled quote reads as two texts side by side
			if end < 0 {
				return errExpression()
			}
			i += end + 1
		}
	}
	if depth != 0 {
		return errExpression()
	}
	return nil
}

func errExpression() error {
	return core.Errorf(core.Invalid, "an expression is whole: its brackets and quotes close, and it has no comment and no semicolon; values go into args, with ? in their place")
}

// builder gathers the text and the values.
type builder struct {
	sql  strings.Builder
	args []any
	err  error
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// list adds items with commas between them, behind a word.
func (b *builder) list(word string, items []string, quote func(string) (string, error)) {
	if len(items) == 0 {
		return
	}
	if len(items) > maxParts {
		b.fail(core.Errorf(core.TooLarge, "a SELECT has at most %d parts of a kind", maxParts))
		return
	}
	b.sql.WriteString(word)
	for i, item := range items {
		text, err := quote(item)
		if err != nil {
			b.fail(err)
			return
		}
		if i > 0 {
			b.sql.WriteString(", ")
		}
		b.sql.WriteString(text)
	}
}

func (b *builder) bind(v any) {
	bound, err := value(v)
	if err != nil {
		b.fail(err)
	}
	b.args = append(b.args, bound)
}

// where adds the criteria, all of which must hold, and the conditions.
func (b *builder) where(criteria map[string]any, conditions []condition) {
	if len(criteria) > maxParts || len(conditions) > maxParts {
		b.fail(core.Errorf(core.TooLarge, "a SELECT has at most %d parts of a kind", maxParts))
		return
	}
	word := " WHERE "
	columns := make([]string, 0, len(criteria))
	for column := range criteria {
		columns = append(columns, column)
	}
	slices.Sort(columns) // one request is one text, so that the engine knows it again
	for _, column := range columns {
		path, err := quotePath(column)
		if err != nil {
			b.fail(err)
			return
		}
		b.sql.WriteString(word + path + " IS ?") // as =, but NULL is NULL
		b.bind(criteria[column])
		word = " AND "
	}
	if len(conditions) == 0 {
		return
	}
	b.sql.WriteString(word + "(")
	for i, one := range conditions {
		conj := strings.ToUpper(strings.TrimSpace(one.Conj))
		switch {
		case conj != "" && conj != "AND" && conj != "OR":
			b.fail(core.Errorf(core.Invalid, "conj is AND or OR"))
		case i > 0 && conj == "OR":
			b.sql.WriteString(" OR ")
		case i > 0:
			b.sql.WriteString(" AND ")
		}
		if err := checkExpression(one.Expr); err != nil {
			b.fail(err)
			return
		}
		b.sql.WriteString("(" + one.Expr + ")")
		for _, arg := range one.Args {
			b.bind(arg)
		}
	}
	b.sql.WriteByte(')')
}

// rest adds what follows WHERE.
func (b *builder) rest(o findOptions) {
	b.list(" GROUP BY ", o.GroupBy, quotePath)
	b.list(" ORDER BY ", o.OrderBy, quoteOrder)
	if o.Limit == nil && o.Offset == nil {
		return
	}
	limit, offset := -1, 0 // SQLite has no OFFSET without LIMIT; -1 is none
	if o.Limit != nil {
		limit = *o.Limit
	}
	if o.Offset != nil {
		offset = *o.Offset
	}
	if offset < 0 || (o.Limit != nil && limit < 0) {
		b.fail(core.Errorf(core.Invalid, "limit and offset are whole numbers from 0 on"))
	}
	b.sql.WriteString(" LIMIT " + strconv.Itoa(limit) + " OFFSET " + strconv.Itoa(offset))
}

func (b *builder) joins(list []join) {
	if len(list) > maxParts {
		b.fail(core.Errorf(core.TooLarge, "a SELECT has at most %d parts of a kind", maxParts))
		return
	}
	for _, j := range list {
		kind := strings.Join(strings.Fields(strings.ToUpper(j.Kind)), " ")
		switch strings.TrimSuffix(kind, " JOIN") {
		case "", "JOIN", "INNER":
			kind = "INNER"
		case "LEFT", "LEFT OUTER":
			kind = "LEFT"
		case "RIGHT", "RIGHT OUTER":
			kind = "RIGHT"
		case "FULL", "FULL OUTER":
			kind = "FULL"
		case "CROSS":
			kind = "CROSS"
		default:
			b.fail(core.Errorf(core.Invalid, "a join is INNER, LEFT, RIGHT, FULL or CROSS"))
		}
		table, err := quoteTable(j.Table)
		if err != nil {
			b.fail(err)
			return
		}
		b.sql.WriteString(" " + kind + " JOIN " + table)
		if j.On == "" && kind == "CROSS" {
			continue
		}
		if err := checkExpression(j.On); err != nil {
			b.fail(err)
			return
		}
		b.sql.WriteString(" ON (" + j.On + ")")
	}
}

func (r findRequest) build() (core.Statement, error) {
	return selectRequest{Table: r.Table, findOptions: r.Options}.buildWith(r.Criteria)
}

func (r selectRequest) build() (core.Statement, error) { return r.buildWith(nil) }

func (r selectRequest) buildWith(criteria map[string]any) (core.Statement, error) {
	var b builder
	b.sql.WriteString("SELECT ")
	if len(r.Select) == 0 {
		b.sql.WriteByte('*')
	}
	b.list("", r.Select, quoteColumn)
	b.list(" FROM ", []string{r.Table}, quoteTable)
	b.joins(r.Joins)
	b.where(criteria, r.Where)
	b.rest(r.findOptions)
	if b.err != nil {
		return core.Statement{}, b.err
	}
	return core.Statement{SQL: b.sql.String(), Args: b.args}, nil
}
