package gateway

// This file lists the bounds of keys and SQL over HTTP.

import (
	"fmt"

	"git.debros.io/DeBros/network/backend/core"
)

// dataLimits lists the bounds that a user of keys and SQL over HTTP may meet
// before those of the database and the store.
func dataLimits() []core.Limit {
	return []core.Limit{
		{Name: "statements of a transaction over HTTP", Value: fmt.Sprint(MaxTransactionStatements), Why: "their results are held in memory"},
		{Name: "rows of a transaction that only reads", Value: fmt.Sprintf("%d MiB in all", MaxTransactionBytes>>20), Why: "they are held in memory"},
		{Name: "time of a transaction that only reads", Value: MaxTransactionTime.String(), Why: "a long read holds up everybody's writes"},
		{Name: "parts of one kind in a SELECT that is put together", Value: fmt.Sprint(maxParts), Why: "longer ones are written as SQL"},
		{Name: "silence of who sends or reads a stream", Value: MaxStallTime.String(), Why: "a sender or reader that stops is cut off"},
	}
}
