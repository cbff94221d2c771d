package inner_test

import (
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
)

// A text is written into a body, the body into a message, and the message is
// padded, so that its length tells little.
func Example() {
	text := inner.Text{Text: "Tea at eight?"}
	body, err := inner.Marshal(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	padded, err := inner.Message{Kind: inner.KindText, At: time.Unix(0, 0), Body: body}.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	message, err := inner.Decode(padded)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := message.Text()
	fmt.Println(len(padded), back.Text, err)
	// Output: 256 Tea at eight? <nil>
}
