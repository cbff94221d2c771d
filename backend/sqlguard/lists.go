package sqlguard

// This file lists the functions, table functions and tables of SQLite itself
// that a tenant may use. A test asks the engine for all that it has, so none of
// them can be forgotten here.

import "strings"

// use says what a statement does with a table.
type use uint8

const (
	forReading use = iota
	forWriting
)

// judge decides about a table by its name in lower case.
func (p *parser) judge(low string, u use) {
	switch {
	case p.err != nil || low == "":
	case isReserved(low):
		p.refuseReserved()
	case strings.HasPrefix(low, "sqlite_"):
		p.judgeSystem(low, u)
	case isPragmaFunction(low):
		if pragmaUse(strings.TrimPrefix(low, "pragma_")) == pragmaRefused {
			p.refuse("%s is not available: the node sets its connections itself", shown(low))
		}
	case isEngineTable(low):
		p.refuse("table %s belongs to the engine and is not available", shown(low))
	}
}

// judgeSystem decides about SQLite's own tables. sqlite_sequence may not be
// written because our own tables take their never reused numbers from it.
func (p *parser) judgeSystem(low string, u use) {
	switch low {
	case "sqlite_schema", "sqlite_master", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4":
		if u == forWriting {
			p.refuse("table %s is kept by SQLite itself; change it through CREATE, ALTER and DROP", shown(low))
		}
	default:
		p.refuse("names that begin with \"sqlite_\" belong to SQLite; choose another name")
	}
}

func isPragmaFunction(low string) bool { return strings.HasPrefix(low, "pragma_") }

// isEngineTable lists tables that some builds of SQLite have without anybody
// creating them. They show pages, statements or files.
func isEngineTable(low string) bool {
	switch low {
	case "dbstat", "fts3tokenize", "bytecode", "tables_used", "fts5vocab":
		return true
	}
	return false
}

// functionRefusal is why a function may not be called, or "" if it may.
func functionRefusal(low string) string {
	if isFunction(low) {
		return ""
	}
	switch low {
	case "load_extension", "readfile", "writefile", "edit", "fsdir", "lsmode", "fts3_tokenizer", "zipfile", "sqlar_compress", "sqlar_uncompress":
		return "it reaches beyond the database"
	case "total_changes":
		return "its answer depends on the connection and differs between replicas; use changes() or RETURNING"
	case "sqlite_log", "sqlite_offset", "sqlite_dbpage", "sqlite_compileoption_get", "sqlite_compileoption_used":
		return "it is about the engine and not about your data"
	case "fts5", "fts5_locale", "fts5_insttoken", "fts5_source_id", "rtreecheck", "rtreedepth", "rtreenode",
		"authenticate", "auth_enabled", "auth_user_add", "auth_user_change", "auth_user_delete":
		return "it is meant for the engine's own use"
	}
	return "the database has no such function; check its name"
}

// isFunction lists the functions that a tenant may call. The random and the
// current ones are among them: the database makes them equal on all replicas.
func isFunction(low string) bool {
	switch low {
	case // plain
		"abs", "char", "coalesce", "concat", "concat_ws", "format", "glob", "hex", "if", "ifnull", "iif", "instr",
		"last_insert_rowid", "length", "like", "likelihood", "likely", "lower", "ltrim", "max", "min", "nullif",
		"octet_length", "printf", "quote", "random", "randomblob", "replace", "round", "rtrim", "sign", "soundex",
		"sqlite_source_id", "sqlite_version", "substr", "substring", "subtype", "trim", "typeof", "unhex", "unicode",
		"unistr", "unistr_quote", "unlikely", "upper", "zeroblob", "changes",
		// dates
		"date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff", "current_date",
		"current_time", "current_timestamp",
		// aggregates and windows
		"avg", "count", "group_concat", "string_agg", "sum", "total", "median", "percentile", "percentile_cont",
		"percentile_disc", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead",
		"first_value", "last_value", "nth_value",
		// mathematics
		"acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos", "cosh", "degrees",
		"exp", "floor", "ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians", "sin", "sinh", "sqrt",
		"tan", "tanh", "trunc",
		// JSON
		"json", "json_array", "json_array_length", "json_error_position", "json_extract", "json_group_array",
		"json_group_object", "json_insert", "json_object", "json_patch", "json_pretty", "json_quote", "json_remove",
		"json_replace", "json_set", "json_type", "json_valid", "jsonb", "jsonb_array", "jsonb_extract",
		"jsonb_group_array", "jsonb_group_object", "jsonb_insert", "jsonb_object", "jsonb_patch", "jsonb_remove",
		"jsonb_replace", "jsonb_set", "->", "->>",
		// full text
		"bm25", "highlight", "snippet", "match", "fts5_get_locale":
		return true
	}
	return false
}

// mentionsReserved says whether text holds a reserved name in any place.
func mentionsReserved(text string) bool {
	return strings.Contains(lower(text), ReservedPrefix[:len(ReservedPrefix)-1])
}
