// Package api is what the page can call: one bound struct per screen, plain
// data in and out. Wails binds the structs to the window and package bridge
// serves the same ones to a browser, so there is one API and one front end.
//
// A method checks its input, calls the backend, and turns the answer into what
// JavaScript can hold; the rules of the node live in the backend. What is here
// besides is what only a screen has: long tasks, files on their way, results kept
// for paging, staged edits with their undo, the laying side by side of answers.
//
// Times are RFC 3339 strings, numbers that may exceed 2^53 are decimal strings,
// bytes are base64, a list is never null. An error is one JSON string with a
// sentence, a code and a request id (see [Failure]).
//
// [New] makes the structs before there is a node, because the window opens
// first. [API.Attach] gives them the node; until then, and when it has failed,
// every method that needs one answers unavailable and [App.Info] says why.
//
// Bound methods have no context of their own: the page cannot hand one over.
// Each runs under a limit and ends when [API.Run] does; long work is a task
// (see [Tasks]), and a SQL run is cancelled by the id that the page gave it.
package api
