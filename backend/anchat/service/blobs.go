package service

// This file keeps sealed files in chunks.

import (
	"context"
	"crypto/sha256"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const hashBytes = len(wire.Hash{})

func errNoBlob() error {
	return core.Errorf(core.NotFound, "this file is not stored here; a file that no message names is dropped after a day")
}

// BeginBlob names the chunks of a blob.
func (c *caller) BeginBlob(ctx context.Context, id wire.Hash, chunks []wire.Hash) error {
	owner, err := c.account()
	switch {
	case err != nil:
		return err
	case len(chunks) == 0 || len(chunks) > wire.MaxBlobChunks:
		return core.Errorf(core.TooLarge, "a file has 1 to %d chunks", wire.MaxBlobChunks)
	case wire.BlobID(chunks) != id:
		return core.Errorf(core.Invalid, "these are not the chunks of this file")
	}
	hashes := make([]byte, 0, len(chunks)*hashBytes)
	for _, h := range chunks {
		hashes = append(hashes, h[:]...)
	}
	results, _, err := c.exec(ctx, stmt(`INSERT INTO blobs(id, owner, hashes, bytes, confirmed, at) SELECT ?, ?, ?, 0, 0, ?
 WHERE (SELECT count(*) FROM blobs WHERE owner = ?) < ? AND (SELECT count(*) FROM blobs WHERE owner = ? AND confirmed = 0) < ?
 ON CONFLICT DO NOTHING RETURNING 1`, id[:], owner, hashes, c.settings.Now(), owner, MaxBlobs, owner, MaxLooseBlobs))
	if err != nil || results[0].RowsAffected > 0 {
		return err
	}
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT 1 FROM blobs WHERE id = ?`, id[:]))
	if err == nil && len(rows.Values) == 0 {
		return core.Errorf(core.Limited, "a wallet has at most %d files, and %d that it has not sent; remove some, or send them", MaxBlobs, MaxLooseBlobs)
	}
	return err
}

// PutChunk keeps a chunk. A blob that somebody else has begun is theirs to fill.
func (c *caller) PutChunk(ctx context.Context, id wire.Hash, chunk, chunks uint32, sealed []byte) error {
	owner, err := c.account()
	switch {
	case err != nil:
		return err
	case len(sealed) == 0 || len(sealed) > wire.MaxChunkBytes:
		return core.Errorf(core.TooLarge, "a sealed chunk has at most %d bytes", wire.MaxChunkBytes)
	case chunk >= chunks || chunks > wire.MaxBlobChunks:
		return core.Errorf(core.Invalid, "a file of %d chunks has none of number %d", chunks, chunk)
	}
	hash := sha256.Sum256(sealed)
	results, _, err := c.exec(ctx, stmt(`INSERT INTO chunks(id, chunk, sealed) SELECT id, ?, ? FROM blobs
 WHERE id = ? AND owner = ? AND length(hashes) = ? AND substr(hashes, ?, ?) = ?
 AND (SELECT sum(bytes) FROM blobs WHERE owner = ?) + ? <= ? ON CONFLICT DO NOTHING RETURNING chunk`,
		chunk, sealed, id[:], owner, int(chunks)*hashBytes, int(chunk)*hashBytes+1, hashBytes, hash[:],
		owner, len(sealed), c.settings.FilesBytes))
	if err != nil || results[0].RowsAffected > 0 {
		return err
	}
	return c.whyNoChunk(ctx, id, chunk, chunks, hash, owner)
}

// whyNoChunk is nil when the chunk is there already.
func (c *caller) whyNoChunk(ctx context.Context, id wire.Hash, chunk, chunks uint32, hash wire.Hash, owner string) error {
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT owner, length(hashes) = ? AND substr(hashes, ?, ?) = ?,
 EXISTS (SELECT 1 FROM chunks WHERE id = ? AND chunk = ?) FROM blobs WHERE id = ?`,
		int(chunks)*hashBytes, int(chunk)*hashBytes+1, hashBytes, hash[:], id[:], chunk, id[:]))
	switch {
	case err != nil:
		return err
	case len(rows.Values) == 0:
		return errNoBlob()
	case number(rows.Values[0][1]) == 0:
		return core.Errorf(core.Invalid, "this chunk is not the one that was named when the file was begun; it may be damaged")
	case number(rows.Values[0][2]) != 0:
		return nil
	case text(rows.Values[0][0]) != owner:
		return core.Errorf(core.Denied, "this file is another account's")
	}
	return core.Errorf(core.Limited, "files of one wallet take at most %s; remove some", mebibytes(int(c.settings.FilesBytes)))
}

// HaveChunks lists the chunks that are there.
func (c *caller) HaveChunks(ctx context.Context, id wire.Hash) ([]uint32, error) {
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(
		`SELECT c.chunk FROM blobs AS b LEFT JOIN chunks AS c ON c.id = b.id WHERE b.id = ? ORDER BY c.chunk`, id[:]))
	if err != nil {
		return nil, err
	}
	if len(rows.Values) == 0 {
		return nil, errNoBlob()
	}
	have := []uint32{}
	for _, row := range rows.Values {
		if row[0] != nil {
			have = append(have, uint32(count(row[0]))) //nolint:gosec // at most MaxBlobChunks
		}
	}
	return have, nil
}

// ConfirmBlob keeps a blob for good.
func (c *caller) ConfirmBlob(ctx context.Context, id wire.Hash) error {
	owner, err := c.account()
	if err != nil {
		return err
	}
	results, _, err := c.exec(ctx, stmt(`UPDATE blobs SET confirmed = 1
 WHERE id = ? AND owner = ? AND (SELECT count(*) FROM chunks WHERE id = blobs.id) * ? = length(hashes)`, id[:], owner, hashBytes))
	if err != nil || results[0].RowsAffected > 0 {
		return err
	}
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT owner FROM blobs WHERE id = ?`, id[:]))
	switch {
	case err != nil:
		return err
	case len(rows.Values) == 0:
		return errNoBlob()
	case text(rows.Values[0][0]) != owner:
		return core.Errorf(core.Denied, "this file is another account's")
	}
	return core.Errorf(core.Conflict, "chunks of this file are missing; put them first")
}

// DropBlob removes a blob of the caller's own account. One that is not there any
// more was removed before.
func (c *caller) DropBlob(ctx context.Context, id wire.Hash) error {
	owner, err := c.account()
	if err != nil {
		return err
	}
	results, _, err := c.exec(ctx, stmt(`DELETE FROM blobs WHERE id = ? AND owner = ?`, id[:], owner))
	if err != nil || results[0].RowsAffected > 0 {
		return err
	}
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT 1 FROM blobs WHERE id = ?`, id[:]))
	if err == nil && len(rows.Values) > 0 {
		return core.Errorf(core.Denied, "this file is another account's")
	}
	return err
}

// Chunk reads one. Who knows the name of a blob was told it in a message.
func (c *caller) Chunk(ctx context.Context, id wire.Hash, chunk uint32) ([]byte, error) {
	st := stmt(`SELECT sealed FROM chunks WHERE id = ? AND chunk = ?`, id[:], chunk)
	rows, err := c.near(ctx, core.QueryOptions{}, st)
	if err == nil && len(rows.Values) == 0 {
		rows, err = c.atLeader(ctx, core.QueryOptions{}, st)
	}
	if err != nil {
		return nil, err
	}
	if len(rows.Values) == 0 {
		return nil, errNoBlob()
	}
	return raw(rows.Values[0][0]), nil
}
