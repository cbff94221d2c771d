package places_test

import (
	"fmt"
	"log/slog"
	"time"

	"git.debros.io/DeBros/network/backend/p2p/places"
)

func Example() {
	p := places.New(time.Now, slog.New(slog.DiscardHandler))
	fmt.Println(p.Of("/ip4/192.168.1.5/tcp/4001").Kind)
	there := p.Of("/ip4/129.132.1.1/tcp/4001")
	fmt.Println(there.Kind, there.Country, "–", places.Attribution)
	// Output:
	// local
	// public CH – IP geolocation by DB-IP
}
