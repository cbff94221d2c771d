package gateway

// This file has the routes of the chat's files and of the backup of its keys.

import (
	"net/http"
	"strconv"

	"git.debros.io/DeBros/network/backend/core"
)

type chatChunks struct {
	Chunks []uint32 `json:"chunks"` // that are there
}

type chatBackupKey struct {
	Version uint64 `json:"version"` // one more than the newest
	Key     []byte `json:"key"`     // wrapped
}

func chatFileRoutes() []route {
	chat := needs(core.PermissionChat)
	return []route{
		{
			methods: "POST", path: "/v1/anchat/blobs/{id}/{chunk}", access: chat, body: rawBody, response: okAnswer{}, serve: withDevice(chatPutChunk),
			params: []param{{name: "chunks", help: "how many the file has", required: true}}, summary: "Keeps a sealed chunk of a file.",
		},
		{
			methods: "POST", path: "/v1/anchat/blobs/{id}", access: chat, body: rawBody, response: okAnswer{}, serve: withDevice(chatBeginBlob),
			summary: "Begins a file: the body is the SHA-256 of each of its sealed chunks, 32 bytes each.",
		},
		{methods: "GET", path: "/v1/anchat/blobs/{id}/{chunk}", access: chat, mediaType: string(rawBody), serve: withDevice(chatGetChunk), summary: "Reads a sealed chunk."},
		{methods: "GET", path: "/v1/anchat/blobs/{id}", access: chat, response: chatChunks{}, serve: withDevice(chatHaveChunks), summary: "Lists the chunks of a file that are there."},
		{methods: "PUT", path: "/v1/anchat/blobs/{id}", access: chat, response: okAnswer{}, serve: withDevice(chatConfirmBlob), summary: "Says that a stored message names the file; others are dropped after a day."},
		{methods: "DELETE", path: "/v1/anchat/blobs/{id}", access: chat, response: okAnswer{}, serve: withDevice(chatDropBlob), summary: "Removes a file of the caller's own wallet."},
	}
}

func chatBackupRoutes() []route {
	chat := needs(core.PermissionChat)
	return []route{
		{methods: "GET", path: "/v1/anchat/backup", access: chat, response: ChatBackup{}, serve: withDevice(chatBackup), summary: "Describes the newest backup of the wallet's keys, with its wrapped key."},
		{methods: "POST", path: "/v1/anchat/backup", access: chat, body: jsonBody, request: chatBackupKey{}, response: okAnswer{}, serve: withDevice(chatPutBackupKey), summary: "Begins a version of the backup."},
		{
			methods: "POST", path: "/v1/anchat/backup/{version}", access: chat, body: rawBody, response: okAnswer{}, serve: withDevice(chatPutBackup),
			summary: "Keeps length-prefixed entries: 32 bytes of name, then what is sealed.",
		},
		{
			methods: "GET", path: "/v1/anchat/backup/{version}", access: chat, mediaType: string(rawBody), serve: withDevice(chatBackupEntries),
			params:  []param{{name: "after", help: "the name after which to read, in hex"}, {name: "limit", help: "entries, at most 1000"}},
			summary: "Reads entries in the order of their names, likewise.",
		},
		{methods: "DELETE", path: "/v1/anchat/backup/{version}", access: chat, response: okAnswer{}, serve: withDevice(chatDropBackups), summary: "Removes the versions before this one, once it was read back."},
	}
}

// pathNumber reads a number that stands in the path.
func (c *call) pathNumber(name string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(c.r.PathValue(name), 10, bits)
	if err != nil {
		return 0, core.Errorf(core.Invalid, "the path's %s is a number", name)
	}
	return n, nil
}

func chatBeginBlob(c *call, s ChatService) error {
	raw, err := c.read(MaxChatChunks*chatIDBytes, "the hashes of a file")
	if err != nil {
		return err
	}
	if len(raw)%chatIDBytes != 0 {
		return core.Errorf(core.Invalid, "the body is the SHA-256 of each chunk, %d bytes each", chatIDBytes)
	}
	var chunks [][]byte
	for ; len(raw) > 0; raw = raw[chatIDBytes:] {
		chunks = append(chunks, raw[:chatIDBytes])
	}
	if err = s.BeginBlob(c.r.Context(), c.r.PathValue("id"), chunks); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func chatPutChunk(c *call, s ChatService) error {
	chunk, err := c.pathNumber("chunk", 32)
	if err != nil {
		return err
	}
	chunks, err := strconv.ParseUint(c.query("chunks"), 10, 32)
	if err != nil {
		return core.Errorf(core.Invalid, "chunks says how many chunks the file has")
	}
	sealed, err := c.read(MaxChatChunkBytes, "a chunk")
	if err != nil {
		return err
	}
	if err = s.PutChunk(c.r.Context(), c.r.PathValue("id"), uint32(chunk), uint32(chunks), sealed); err != nil { //nolint:gosec // 32 bits were read
		return err
	}
	return c.ok(http.StatusOK)
}

func chatGetChunk(c *call, s ChatService) error {
	chunk, err := c.pathNumber("chunk", 32)
	if err != nil {
		return err
	}
	sealed, err := s.Chunk(c.r.Context(), c.r.PathValue("id"), uint32(chunk)) //nolint:gosec // 32 bits were read
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, string(rawBody), sealed)
}

func chatHaveChunks(c *call, s ChatService) error {
	list, err := s.HaveChunks(c.r.Context(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, chatChunks{Chunks: some(list)})
}

func chatConfirmBlob(c *call, s ChatService) error {
	if err := s.ConfirmBlob(c.r.Context(), c.r.PathValue("id")); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func chatDropBlob(c *call, s ChatService) error {
	if err := s.DropBlob(c.r.Context(), c.r.PathValue("id")); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func chatBackup(c *call, s ChatService) error {
	b, err := s.Backup(c.r.Context())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, b)
}

func chatPutBackupKey(c *call, s ChatService) error {
	var in chatBackupKey
	if err := c.decode(&in); err != nil {
		return err
	}
	if len(in.Key) > maxChatKeyBytes {
		return tooLarge("a wrapped key", maxChatKeyBytes)
	}
	if err := s.PutBackupKey(c.r.Context(), in.Version, in.Key); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func chatPutBackup(c *call, s ChatService) error {
	version, err := c.pathNumber("version", 63)
	if err != nil {
		return err
	}
	raw, err := c.read(MaxChatBackupEntries*(frameHead+chatIDBytes+MaxChatBackupBytes), "a request with entries")
	if err != nil {
		return err
	}
	entries, err := ReadChatEntries(raw)
	if err != nil {
		return err
	}
	if err = s.PutBackup(c.r.Context(), version, entries); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func chatBackupEntries(c *call, s ChatService) error {
	version, err := c.pathNumber("version", 63)
	if err != nil {
		return err
	}
	limit, err := whole(c.queries(), "limit")
	if err != nil || limit > MaxChatBackupEntries {
		return core.Errorf(core.Invalid, "limit is a number up to %d", MaxChatBackupEntries)
	}
	if limit == 0 {
		limit = MaxChatBackupEntries
	}
	entries, err := s.BackupEntries(c.r.Context(), version, c.query("after"), limit)
	if err != nil {
		return err
	}
	out, err := AppendChatEntries(nil, entries)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, string(rawBody), out)
}

func chatDropBackups(c *call, s ChatService) error {
	version, err := c.pathNumber("version", 63)
	if err != nil {
		return err
	}
	if err = s.DropBackups(c.r.Context(), version); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}
