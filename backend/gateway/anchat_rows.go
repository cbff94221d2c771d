package gateway

// This file has the routes of the chat's rows: put, read, follow.

import (
	"net/http"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

type chatPutAnswer struct {
	Rows []ChatReceipt `json:"rows"` // as they came
}

// ChatFollow asks for what is new after a log entry. Mailboxes are named by their
// tags, which open them: they stand in the body and in no log.
type ChatFollow struct {
	Tags  []string `json:"tags"`
	After uint64   `json:"after"`
	Wait  int64    `json:"wait_ms,omitempty"`
}

func chatRowRoutes() []route {
	chat := needs(core.PermissionChat)
	page := []param{{name: "after", help: "the number after which to read; left out, from the beginning"}, {name: "limit", help: "rows, at most 500"}}
	return []route{
		{
			methods: "POST", path: "/v1/anchat/rows", access: chat, body: rawBody, serve: withDevice(chatPutRows), response: chatPutAnswer{},
			summary: "Stores up to 1 MiB of length-prefixed rows in order, of each mailbox all or none.",
		},
		{
			methods: "POST", path: "/v1/anchat/ack", access: chat, body: rawBody, serve: withDevice(chatAckRow), response: chatPutAnswer{},
			summary: "Takes the device's signed receipt of envelopes, which are removed then.",
		},
		{
			methods: "GET", path: "/v1/anchat/mailboxes/{tag}", access: chat, mediaType: string(rawBody), params: page, serve: withDevice(chatMailbox),
			summary: "Reads a page of the mailbox that a tag opens: rows after their number, log entry, time and length. Anchat-Last is its highest number, Anchat-Closed that it takes no more.",
		},
		{
			methods: "GET", path: "/v1/anchat/inbox", access: chat, mediaType: string(rawBody), params: page, serve: withDevice(chatInbox),
			summary: "Reads a page of the envelopes to the device, likewise.",
		},
		{
			methods: "GET", path: "/v1/anchat/stored", access: chat, response: ChatHeld{}, serve: withDevice(chatStored),
			params:  []param{{name: "session", help: "the sending session, in hex", required: true}, {name: "idx", help: "the message's index in it", required: true}},
			summary: "Tells which replicas hold a message.",
		},
		{
			methods: "POST", path: "/v1/anchat/follow", access: chat, body: jsonBody, stream: true, request: ChatFollow{}, response: ChatChange{}, serve: withDevice(chatFollow),
			summary: "Waits for something new in mailboxes and in the device's inbox, for at most 25 seconds.",
		},
		{
			methods: "GET", path: "/v1/anchat/ws", access: chat, upgrade: true, stream: true, status: http.StatusSwitchingProtocols, serve: withDevice(chatSocket),
			summary: "Opens a WebSocket that brings new rows. The client's text frames {mailboxes: [{tag, after}], inbox} say what to follow, from which numbers on.",
		},
	}
}

func chatPutRows(c *call, s ChatService) error {
	raw, err := c.read(MaxChatPutBytes, "a request with rows")
	if err != nil {
		return err
	}
	rows, err := ReadChatFrames(raw, MaxChatPutRows, MaxChatRowBytes)
	if err != nil {
		return err
	}
	return c.put(s, rows)
}

func chatAckRow(c *call, s ChatService) error {
	raw, err := c.read(MaxChatRowBytes, "a receipt")
	if err != nil {
		return err
	}
	return c.put(s, [][]byte{raw})
}

func (c *call) put(s ChatService, rows [][]byte) error {
	if len(rows) == 0 {
		return core.Errorf(core.Invalid, "there is no row in the body")
	}
	receipts, err := s.Put(c.r.Context(), rows)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, chatPutAnswer{Rows: some(receipts)})
}

// from reads after and limit.
func (c *call) from() (after uint64, limit int, err error) {
	if text := c.query("after"); text != "" {
		if after, err = strconv.ParseUint(text, 10, 63); err != nil {
			return 0, 0, core.Errorf(core.Invalid, "after is the number of a row")
		}
	}
	limit, err = whole(c.queries(), "limit")
	if err != nil || limit > MaxChatPage {
		return 0, 0, core.Errorf(core.Invalid, "limit is a number up to %d", MaxChatPage)
	}
	if limit == 0 {
		limit = MaxChatPage
	}
	return after, limit, nil
}

func chatMailbox(c *call, s ChatService) error {
	after, limit, err := c.from()
	if err != nil {
		return err
	}
	p, err := s.Mailbox(c.r.Context(), c.r.PathValue("tag"), after, limit)
	if err != nil {
		return err
	}
	return c.page(p)
}

func chatInbox(c *call, s ChatService) error {
	after, limit, err := c.from()
	if err != nil {
		return err
	}
	p, err := s.Inbox(c.r.Context(), after, limit)
	if err != nil {
		return err
	}
	return c.page(p)
}

func (c *call) page(p ChatPage) error {
	h := c.w.Header()
	h.Set(lastHeader, strconv.FormatUint(p.Last, 10))
	h.Set(closedHead, strconv.FormatBool(p.Closed))
	return c.send(http.StatusOK, string(rawBody), AppendChatRows(nil, p.Rows))
}

// ReadChatPage reads what a page's answer brought.
func ReadChatPage(h http.Header, body []byte) (ChatPage, error) {
	rows, err := ReadChatRows(body)
	if err != nil {
		return ChatPage{}, err
	}
	last, err := strconv.ParseUint(h.Get(lastHeader), 10, 64)
	if err != nil {
		return ChatPage{}, core.Errorf(core.Invalid, "the answer does not say how much there is")
	}
	return ChatPage{Rows: rows, Last: last, Closed: h.Get(closedHead) == "true"}, nil
}

func chatStored(c *call, s ChatService) error {
	index, err := strconv.ParseUint(c.query("idx"), 10, 32)
	if err != nil {
		return core.Errorf(core.Invalid, "idx is the message's index in its session")
	}
	held, err := s.StoredAt(c.r.Context(), c.query("session"), uint32(index))
	if err != nil {
		return err
	}
	held.By, held.All = some(held.By), some(held.All)
	return c.answer(http.StatusOK, held)
}

func chatFollow(c *call, s ChatService) error {
	var in ChatFollow
	if err := c.decode(&in); err != nil {
		return err
	}
	wait := time.Duration(in.Wait) * time.Millisecond
	if len(in.Tags) > MaxChatFollowed || in.Wait < 0 || in.Wait > MaxChatWait.Milliseconds() {
		return core.Errorf(core.Invalid, "one question follows %d mailboxes for %v at most", MaxChatFollowed, MaxChatWait)
	}
	change, err := s.Follow(c.r.Context(), in.Tags, in.After, wait)
	if err != nil {
		return err
	}
	if change.Mailboxes == nil {
		change.Mailboxes = map[string]uint64{}
	}
	return c.answer(http.StatusOK, change)
}
