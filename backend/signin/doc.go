// Package signin lets a wallet of the system browser sign in: it serves one
// small page and takes the wallet's answer. It knows no signature and no
// challenge; who checks them is handed in.
//
// The page has three hosts:
//
//   - [Server] is the program's own loopback page. It shows a text that the
//     program made and brings back one signature.
//   - [GatewayPage] is the same page at a gateway, GET /v1/auth/login?callback=.
//     It asks that gateway for an API key and hands it to the callback.
//   - [Callback] is the program that waits for that key, on loopback.
//
// Signing in on this computer:
//
//	s, err := signin.Listen(ctx, signin.Settings{Dist: frontend.Dist(), Begin: begin, Finish: finish}, log)
//	if err != nil { … }
//	defer s.Close()
//	show(s.Code())
//	openBrowser(s.URL())
//	account, err := s.Run(ctx)
//
// # Who may talk to the loopback page
//
// Another page of the same browser, a rebound name and another user of the
// computer all reach the port. So each request passes, in this order: an exact
// Host, an exact Origin, Sec-Fetch-Site, the method, and for calls a JSON type,
// the secret of the page in X-DeBros-Session, and a body of at most [MaxBodyBytes].
// The secret stands in the fragment of the page's address only: no script file
// holds it, and no request line. The header makes foreign pages ask first with
// OPTIONS, which is refused.
//
// Another program of the same user can open such a page too. Therefore a code of
// six digits stands on both screens, and in the text that is signed where this
// program makes it.
package signin

import (
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// PageLife is how long a page waits for its one answer. A challenge lives as long.
	PageLife = 5 * time.Minute
	// MaxBodyBytes bounds the body of a call. A text is about 500 bytes, a signature 132.
	MaxBodyBytes = 16 << 10
	// MaxTextBytes bounds the text to sign: hardware wallets show no more.
	MaxTextBytes = 1212
	// MaxCallbackBytes bounds the address that a key goes to. Ours has about 100.
	MaxCallbackBytes = 2 << 10
	// MaxChoices bounds how often a person may choose an account on one page, so
	// that a page gone wrong asks for no endless row of challenges.
	MaxChoices = 20

	maxWalletBytes    = 128                // an Ethereum address has 42, a Solana one 44
	maxSignatureBytes = 1 << 10            // 132 in hex; whoever checks it says why a longer one is refused
	maxKeyBytes       = 1 << 10            // an API key has about 70
	maxConnections    = 32                 // a few tabs with six each
	maxHeaderBytes    = 16 << 10           // ours are well below one
	headerTime        = 10 * time.Second   // to send the headers of a request
	bodyTime          = 30 * time.Second   // to send all of it
	stopTime          = 1 * time.Second    // for the last answer to reach the page
	secretBytes       = 32                 // nobody guesses 256 bits
	sessionHeader     = "X-DeBros-Session" // no form can send it
)

// Limits lists the bounds of the page that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "a sign-in page in the browser", Value: PageLife.String() + ", one answer", Why: "what is forgotten in a tab must not work tomorrow"},
		{Name: "accounts chosen on one sign-in page", Value: strconv.Itoa(MaxChoices), Why: "each choice asks for a new challenge"},
		{Name: "callback of a gateway's sign-in page", Value: strconv.Itoa(MaxCallbackBytes>>10) + " KiB", Why: "it is an address on this computer, about 100 bytes long"},
	}
}
