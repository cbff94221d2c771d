// This file is the sample itself: a small shop in tables, and keys as programs
// write them. It is the same each time, but for the days of the orders.

package api

import (
	"encoding/json"
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	samplePeople   = 40
	sampleOrders   = 90
	sampleReadings = 48 // one every half hour of a day, per place
)

// sampleTableNames are in the order in which they can be dropped.
func sampleTableNames() []string { return []string{"order_items", "orders", "products", "customers"} }

func sampleTables() []core.Statement {
	return []core.Statement{
		{SQL: `CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, city TEXT NOT NULL, joined_on TEXT NOT NULL)`},
		{SQL: `CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, price_cents INTEGER NOT NULL CHECK (price_cents > 0), in_stock INTEGER NOT NULL)`},
		{SQL: `CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), ordered_at TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'sent', 'returned')))`},
		{SQL: `CREATE TABLE order_items (order_id INTEGER NOT NULL REFERENCES orders(id), product_id INTEGER NOT NULL REFERENCES products(id), count INTEGER NOT NULL CHECK (count > 0), price_cents INTEGER NOT NULL, PRIMARY KEY (order_id, product_id))`},
	}
}

type samplePerson struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	City  string `json:"city"`
}

func sampleCities() []string {
	return []string{"Berlin", "Lisbon", "Nairobi", "Osaka", "Bogotá", "Tromsø"}
}

func people() []samplePerson {
	first := []string{"Ada", "Bela", "Chidi", "Dana", "Emre", "Freya", "Goro", "Hana", "Ines", "Jonas"}
	last := []string{"Okafor", "Lind", "Moreau", "Tanaka"}
	out := make([]samplePerson, samplePeople)
	for i := range out {
		f, l := first[i%len(first)], last[i/len(first)]
		out[i] = samplePerson{ID: i + 1, Name: f + " " + l, Email: fmt.Sprintf("%s.%s@example.org", f, l), City: sampleCities()[i*5%6]}
	}
	return out
}

type sampleProduct struct {
	name, kind string
	cents      int
}

func products() []sampleProduct {
	return []sampleProduct{
		{"Enamel mug", "kitchen", 1450},
		{"Moka pot", "kitchen", 3890},
		{"Bread knife", "kitchen", 2790},
		{"Linen towel", "kitchen", 1250},
		{"Desk lamp", "office", 6400},
		{"Notebook, dotted", "office", 990},
		{"Fountain pen", "office", 4200},
		{"Paper clips", "office", 320},
		{"Hammer", "tools", 2150},
		{"Spirit level", "tools", 1875},
		{"Tape measure", "tools", 1100},
		{"Screwdriver set", "tools", 3300},
		{"Bicycle bell", "outdoor", 1690},
		{"Water bottle", "outdoor", 1990},
		{"Rain jacket", "outdoor", 8900},
		{"Headlamp", "outdoor", 3450},
	}
}

// sampleRows fills the tables; the newest order is of today.
func sampleRows(now time.Time) []core.Statement {
	var out []core.Statement
	add := func(sql string, args ...any) {
		for i, arg := range args {
			if n, ok := arg.(int); ok {
				args[i] = int64(n)
			}
		}
		out = append(out, core.Statement{SQL: sql, Args: args})
	}
	day := func(ago int) string { return now.UTC().AddDate(0, 0, -ago).Format(time.DateOnly) }
	for i, p := range people() {
		add(`INSERT INTO customers VALUES (?, ?, ?, ?, ?)`, p.ID, p.Name, p.Email, p.City, day(400-7*i))
	}
	goods := products()
	for i, p := range goods {
		add(`INSERT INTO products VALUES (?, ?, ?, ?, ?)`, i+1, p.name, p.kind, p.cents, i*37%90)
	}
	states := []string{"sent", "sent", "paid", "sent", "returned", "open"}
	for i := range sampleOrders {
		at := now.UTC().Add(-time.Duration(sampleOrders-1-i) * 17 * time.Hour).Truncate(time.Minute)
		add(`INSERT INTO orders VALUES (?, ?, ?, ?)`, i+1, i*7%samplePeople+1, at.Format(time.RFC3339), states[i%len(states)])
		for j := range i%3 + 1 {
			k := (i*5 + j*3) % len(goods)
			add(`INSERT INTO order_items VALUES (?, ?, ?, ?)`, i+1, k+1, (i+j)%4+1, goods[k].cents)
		}
	}
	return out
}

// sampleKeys are puts under a few prefixes: records as JSON, settings as plain
// text, readings as numbers.
func sampleKeys() []core.Op {
	var out []core.Op
	add := func(key string, value []byte) { out = append(out, core.Op{Key: key, Value: value}) }
	for _, p := range people() {
		value, err := json.Marshal(p)
		if err != nil { // four plain fields always encode
			continue
		}
		add(fmt.Sprintf("user:%03d", p.ID), value)
	}
	for _, setting := range [][2]string{
		{"shop/name", "The Corner Shop"},
		{"shop/currency", "EUR"},
		{"shop/open", "true"},
		{"mail/sender", "hello@example.org"},
		{"mail/limit-per-hour", "200"},
		{"flags/new-basket", "on"},
		{"flags/night-mode", "off"},
	} {
		add("config/"+setting[0], []byte(setting[1]))
	}
	for i, city := range []string{"berlin", "osaka", "nairobi"} {
		for n := range sampleReadings {
			value := float64(120+40*i+abs(n-20)*-3) / 10
			add(fmt.Sprintf("reading:%s:%02d:%02d", city, n/2, n%2*30), fmt.Appendf(nil, `{"celsius": %.1f, "humidity": %d}`, value, 40+n%30))
		}
	}
	for i, note := range []string{
		"Keys are plain bytes; this one is text.",
		"A separator such as : or / makes branches of a flat list.",
		"Give a key a time to live, and it goes by itself.",
		"Every write has a version: the history of a key shows them.",
	} {
		add(fmt.Sprintf("note:%d", i+1), []byte(note))
	}
	return out
}

func abs(n int) int { return max(n, -n) }
