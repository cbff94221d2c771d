package sqlguard

import (
	"fmt"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// Without these bounds one statement can take a node's memory or its stack.
func TestCheck_Limits(t *testing.T) {
	marks := func(n int) string { return "SELECT " + strings.Repeat("?,", n-1) + "?" }
	nested := func(open, shut string, n int) string {
		return "SELECT " + strings.Repeat(open, n) + "1" + strings.Repeat(shut, n)
	}
	tests := map[string]struct {
		sql  string
		want core.Code
	}{
		"text of one mebibyte":        {sql: "SELECT '" + strings.Repeat("x", MaxTextBytes-9) + "'"},
		"one byte more":               {sql: "SELECT '" + strings.Repeat("x", MaxTextBytes-8) + "'", want: core.TooLarge},
		"all parameters there are":    {sql: marks(MaxParameters)},
		"one parameter more":          {sql: marks(MaxParameters + 1), want: core.TooLarge},
		"the highest number":          {sql: fmt.Sprintf("SELECT ?%d", MaxParameters)},
		"a number and one behind it":  {sql: fmt.Sprintf("SELECT ?%d, ?", MaxParameters), want: core.TooLarge},
		"a number too high":           {sql: "SELECT ?99999999999999999999", want: core.TooLarge},
		"parentheses, deep":           {sql: nested("(", ")", MaxNesting-3)},
		"parentheses, too deep":       {sql: nested("(", ")", MaxNesting+1), want: core.TooLarge},
		"sub-queries, too deep":       {sql: nested("(SELECT ", ")", MaxNesting), want: core.TooLarge},
		"calls, too deep":             {sql: nested("abs(", ")", MaxNesting+1), want: core.TooLarge},
		"CASE, too deep":              {sql: nested("CASE WHEN ", " THEN 1 END", MaxNesting+1), want: core.TooLarge},
		"tables, too deep":            {sql: "SELECT * FROM " + strings.Repeat("(", MaxNesting+1) + "t", want: core.TooLarge},
		"open parentheses for ever":   {sql: "SELECT " + strings.Repeat("(", MaxTextBytes-7), want: core.TooLarge},
		"open sub-queries for ever":   {sql: strings.Repeat("SELECT(", MaxTextBytes/7), want: core.TooLarge},
		"WITH inside WITH for ever":   {sql: strings.Repeat("WITH a AS(", MaxTextBytes/10), want: core.TooLarge},
		"signs for ever cost nothing": {sql: "SELECT " + strings.Repeat("-+", MaxTextBytes/2-5) + "1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Check(tt.sql)
			if got := core.CodeOf(err); got != tt.want {
				t.Errorf("code %q, want %q: %v", got, tt.want, err)
			}
		})
	}
}

// big builds one-mebibyte statements of the shapes that parsers choke on.
func big() map[string]string {
	fill := func(head, part, tail string) string {
		return head + strings.Repeat(part, (MaxTextBytes-len(head)-len(tail))/len(part)) + tail
	}
	var names strings.Builder
	for i := range 60000 {
		fmt.Fprintf(&names, ",t%d", i)
	}
	return map[string]string{
		"rows":           fill("INSERT INTO t VALUES (1,'x')", ",(1,'x')", ""),
		"terms":          fill("SELECT 1", " OR a=1", ""),
		"signs":          fill("SELECT ", "-", "1"),
		"unions":         fill("SELECT 1", " UNION SELECT 1", ""),
		"comments":       fill("SELECT ", "/**/", "1"),
		"open comments":  fill("SELECT 1", "/*", ""),
		"dashes":         fill("SELECT 1", "--\n", ""),
		"quotes":         fill("SELECT '", "''", "'"),
		"open quotes":    fill("SELECT ", "'x'", ""),
		"open brackets":  fill("SELECT ", "[", ""),
		"doubled names":  fill(`SELECT "`, `""`, `"`),
		"tables":         "SELECT * FROM t" + names.String(),
		"expressions":    fill("WITH a AS (SELECT 1)", ",a AS (SELECT * FROM a)", " SELECT 1"),
		"parameters":     fill("SELECT :a", ",:a", ""),
		"semicolons":     fill("SELECT 1", ";", ""),
		"windows":        fill("SELECT 1 WINDOW w AS ()", ",w AS ()", ""),
		"window, window": fill("SELECT ", "window ", ""),
		"trigger":        fill("CREATE TRIGGER x INSERT ON t BEGIN ", "SELECT 1;", "END"),
		"arguments":      fill("CREATE VIRTUAL TABLE x USING fts5(a", ",a", ")"),
		"types":          fill("CREATE TABLE x(a ", "int ", ")"),
		"spaces":         fill("SELECT", " ", "1"),
		"dots":           fill("SELECT a", ".a", ""),
		"line breaks":    fill("SELECT", "\n", ")"),
	}
}

// A statement whose check takes longer than its length allows would let one
// caller keep a node busy with a few requests.
func TestCheck_LinearWork(t *testing.T) {
	for name, text := range big() {
		t.Run(name, func(t *testing.T) {
			p := parser{lex: lexer{text: text}}
			st, err := p.check()
			t.Logf("%d tokens, %s %v", p.tokens, st.Kind, err)
			if p.tokens > len(text)+3 {
				t.Errorf("%d tokens were read from %d bytes: some were read again", p.tokens, len(text))
			}
			if p.steps > 16*len(text) {
				t.Errorf("%d steps for %d bytes", p.steps, len(text))
			}
		})
	}
}

// The list of limits is what "debros limits" shows; it must not drift from the code.
func TestLimits(t *testing.T) {
	for _, l := range Limits() {
		if l.Name == "" || l.Value == "" || l.Why == "" {
			t.Errorf("incomplete: %+v", l)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	texts := big()
	texts["short read"] = "SELECT id, name FROM users WHERE id = ?"
	texts["short write"] = "INSERT INTO notes(text, at) VALUES (?, CURRENT_TIMESTAMP) RETURNING id"
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := Check(text)
				_ = err
			}
		})
	}
}
