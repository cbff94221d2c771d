// Package rpc carries calls between a client and a node, and later between
// nodes, over one long-lived libp2p stream: many calls in flight, protobuf
// bodies, no HTTP. It serves the hot paths (get, put, query, execute); everyone
// who has no libp2p uses the HTTP gateway, and both end in the same services.
//
// A node makes a [Server] from its [Services] and runs it. A client calls
// [Dial]; the [Conn] it gets has the services' methods.
//
// # Frames
//
// Either side sends frames. Numbers are big-endian.
//
//	length   4 bytes   of all that follows; 16 to 16 + MaxFrameBytes
//	kind     1 byte    1 hello, 2 request, 3 response, 4 error, 5 cancel
//	flags    1 byte    1: more of this body follows, 2: this continues a body
//	method   2 bytes   of a request's first frame, else 0
//	timeout  4 bytes   milliseconds left, of a request's first frame; 0: none given
//	id       8 bytes   names the call; 0 speaks about the stream itself
//	body     the rest  a message of rpc.proto, or a part of one
//
// The first frame is a hello with credential and namespace; a response or an
// error answers it. A body larger than a frame is sent in parts, all but the
// last of MaxFrameBytes, so a large answer never keeps small ones waiting.
//
// # Waiting
//
// Calls that wait for changes ([FeedService]) are long polls: each is answered
// when there is something to tell, or when its time is up, and the client asks
// again from where the answer ended. They have a bound of their own ([MaxWaits])
// beside the calls that work, and a server that ends answers them at once.
//
// # Promises
//
//   - Every request is answered once, unless it was cancelled.
//   - A server ends a stream with an error frame of id 0. It sends that after
//     the answers of all calls that it began: a call without an answer was not run.
//   - When a stream breaks without that word, a read is core.Unavailable; a
//     write that went out is core.OutcomeUnknown, one that did not is
//     core.Unavailable.
//   - A malformed frame ends its own stream and nothing else.
//   - An error is a code, a sentence and a [RequestID]; its cause stays in the
//     server's log.
package rpc
