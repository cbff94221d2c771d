package doctor_test

import (
	"fmt"

	"git.debros.io/DeBros/network/backend/doctor"
)

func Example() {
	for _, f := range doctor.Examine(doctor.Facts{Listening: []string{"/ip4/0.0.0.0/tcp/4001"}, Failed: []string{"/ip4/9.9.9.9/tcp/4001"}, Reachability: "private"})[1:2] {
		fmt.Printf("%s: %s\n%s\n%s\n", f.Title, f.Result, f.Evidence, f.Remedy)
	}
	// Output:
	// Reachable by TCP: bad
	// Others could not dial /ip4/9.9.9.9/tcp/4001.
	// Forward TCP port 4001 in the router to this computer, or turn on UPnP or NAT-PMP there.
}
