package node

// This file is the chat's service as a guest uses it: over HTTP on a stream to a
// member, by the same door as every device that comes from afar. The device signs
// for its session; that this node says so is worth nothing there.

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// remoteCall bounds one request to a member; one that waits has that on top.
	remoteCall = 30 * time.Second
	// renewAhead is how long before its end a token or a proof is replaced.
	renewAhead = time.Minute
	// maxRemoteAnswer bounds what a member answers: all lists of an account that ever
	// were are the most, 8 MiB.
	maxRemoteAnswer = 16 << 20
	// memberURL names the member for HTTP; the carrier knows which one it is, and a
	// loopback name may stand in a challenge everywhere.
	memberURL = "http://127.0.0.1"
)

// remoteChat is wire.Service at a member, for one device.
type remoteChat struct {
	transport http.RoundTripper
	caller    wire.Caller
	sign      wire.Sign
	peer      string // id of this node
	now       func() time.Time

	gate chan struct{} // held while a session is opened

	mu    sync.Mutex
	token core.Secret
	until time.Time
	proof proof // to publish with
}

var _ wire.Service = (*remoteChat)(nil)

func newRemoteChat(transport http.RoundTripper, caller wire.Caller, sign wire.Sign, peer string) *remoteChat {
	return &remoteChat{transport: transport, caller: caller, sign: sign, peer: peer, now: time.Now, gate: make(chan struct{}, 1)}
}

// request is one question to a member.
type remoteRequest struct {
	method, path string
	body         []byte
	json         bool
	wait         time.Duration // that the answer may take by itself
	writes       bool          // lost answers leave it open whether it was done
	token        core.Secret
}

// send asks once. Errors are the member's own, or say that nobody answered.
func (r *remoteChat) send(ctx context.Context, q remoteRequest) (body []byte, head http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, remoteCall+q.wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, memberURL+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, nil, core.Errorf(core.Internal, "a request to a member could not be made") // the cause would name its path
	}
	if q.method != http.MethodGet {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	if q.json {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token.Reveal())
	}
	res, err := r.transport.RoundTrip(req)
	if err != nil {
		return nil, nil, lost(q, err)
	}
	defer func() {
		if errClose := res.Body.Close(); errClose != nil && err == nil {
			err = lost(q, errClose)
		}
	}()
	var buf bytes.Buffer
	n, err := buf.ReadFrom(io.LimitReader(res.Body, maxRemoteAnswer+1))
	switch {
	case err != nil:
		return nil, nil, lost(q, err)
	case n > maxRemoteAnswer:
		return nil, nil, core.Errorf(core.TooLarge, "the member's answer has more than %d MiB", maxRemoteAnswer>>20)
	case res.StatusCode >= http.StatusBadRequest:
		return nil, nil, toldError(res.StatusCode, buf.Bytes())
	}
	return buf.Bytes(), res.Header, nil
}

// lost says what it means that no answer came.
func lost(q remoteRequest, err error) error {
	if coded, ok := errors.AsType[*core.Error](err); ok && coded.Code == core.Unavailable {
		return coded // no stream could be opened
	}
	if q.writes {
		return core.Wrap(core.OutcomeUnknown, err, "the member that was asked did not answer; it may have happened")
	}
	return core.Wrap(core.Unavailable, err, "no member of the network answers; nothing was done")
}

// toldError is a member's refusal.
func toldError(status int, body []byte) error {
	var told struct {
		Error string    `json:"error"`
		Code  core.Code `json:"code"`
	}
	if err := json.Unmarshal(body, &told); err != nil || told.Code == "" {
		return core.Errorf(core.Unavailable, "a member of the network answered with the status %d", status)
	}
	return core.Errorf(told.Code, "%s", told.Error)
}

// ask sends a request in the device's session. A token that the member does not
// take any more is replaced once. rows are those of a device that is new.
func (r *remoteChat) ask(ctx context.Context, q remoteRequest, rows ...[]byte) (body []byte, head http.Header, err error) {
	for range 2 {
		if q.token, err = r.session(ctx, rows); err != nil {
			return nil, nil, err
		}
		body, head, err = r.send(ctx, q)
		if core.CodeOf(err) != core.Unauthenticated {
			return body, head, err
		}
		r.forget(q.token)
	}
	return nil, nil, err
}

func (r *remoteChat) forget(token core.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token == token {
		r.token = ""
	}
}

func (r *remoteChat) have() (core.Secret, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.token, r.token != "" && r.now().Before(r.until.Add(-renewAhead))
}

// session is a token that lives on for a while.
func (r *remoteChat) session(ctx context.Context, rows [][]byte) (core.Secret, error) {
	if token, ok := r.have(); ok {
		return token, nil
	}
	select {
	case r.gate <- struct{}{}:
	case <-ctx.Done():
		return "", core.Wrap(core.Unavailable, ctx.Err(), "the call ended before a member had let the device in")
	}
	defer func() { <-r.gate }()
	if token, ok := r.have(); ok { // somebody was faster
		return token, nil
	}
	if r.sign == nil {
		return "", core.Errorf(core.Unauthenticated, "this belongs to a device; open the chat first")
	}
	var c struct {
		Nonce   string `json:"nonce"`
		Message string `json:"message"`
	}
	account, chain := r.caller.Account.String(), string(r.caller.Account.Chain())
	if err := r.post(ctx, "/v1/auth/challenge", map[string]any{"wallet": account, "chain_type": chain, "purpose": core.PurposeDevice}, &c); err != nil {
		return "", err
	}
	signature, err := r.sign(wire.Signed(wire.LabelDoor, []byte(c.Message)))
	if err != nil {
		return "", err
	}
	var t struct {
		Token     string `json:"access_token"` //nolint:gosec // G117: the member hands it out
		ExpiresIn int64  `json:"expires_in"`
	}
	if err = r.post(ctx, "/v1/anchat/session", map[string]any{
		"wallet": account, "chain_type": chain, "device": r.caller.Device.String(), "nonce": c.Nonce, "signature": signature, "rows": rows,
	}, &t); err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token, r.until = core.Secret(t.Token), r.now().Add(time.Duration(t.ExpiresIn)*time.Second)
	return r.token, nil
}

// post sends JSON without a session.
func (r *remoteChat) post(ctx context.Context, path string, in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	body, _, err := r.send(ctx, remoteRequest{method: http.MethodPost, path: path, body: raw, json: true})
	if err != nil {
		return err
	}
	return readJSON(body, out)
}

func readJSON(body []byte, out any) error {
	if err := json.Unmarshal(body, out); err != nil {
		return core.Wrap(core.Unavailable, err, "a member of the network answered something else than was asked")
	}
	return nil
}

// askJSON asks in the session for JSON; in may be nil.
func (r *remoteChat) askJSON(ctx context.Context, q remoteRequest, in, out any) error {
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write request: %w", err)
		}
		q.body, q.json = raw, true
	}
	body, _, err := r.ask(ctx, q)
	if err != nil || out == nil {
		return err
	}
	return readJSON(body, out)
}

// own are the rows that make the device known: its certificate and its list.
func (r *remoteChat) own(rows [][]byte) (own [][]byte) {
	for _, raw := range rows {
		row, err := wire.Decode(raw)
		if err != nil {
			continue // the member says what is wrong with it
		}
		switch row := row.(type) {
		case wire.Certificate:
			if row.Fingerprint() == r.caller.Device {
				own = append(own, raw)
			}
		case wire.List:
			if row.Lives(r.caller.Device) {
				own = append(own, raw)
			}
		}
	}
	if len(own) != 2 { // nothing is new
		return nil
	}
	return own
}

func (r *remoteChat) Put(ctx context.Context, rows [][]byte) ([]wire.Receipt, error) {
	var answer struct {
		Rows []gateway.ChatReceipt `json:"rows"`
	}
	q := remoteRequest{method: http.MethodPost, path: "/v1/anchat/rows", body: gateway.AppendChatFrames(nil, rows...), writes: true}
	body, _, err := r.ask(ctx, q, r.own(rows)...)
	if err != nil {
		return nil, err
	}
	if err = readJSON(body, &answer); err != nil || len(answer.Rows) != len(rows) {
		return nil, core.Wrap(core.OutcomeUnknown, err, "the member does not say what became of each row")
	}
	receipts := make([]wire.Receipt, len(rows))
	for i, one := range answer.Rows {
		receipts[i] = wire.Receipt{Seq: one.Seq, Index: one.Index, Code: one.Code, Why: one.Error}
	}
	return receipts, nil
}

func (r *remoteChat) Mailbox(ctx context.Context, tag wire.Tag, after uint64, limit int) (wire.Page, error) {
	return r.page(ctx, "/v1/anchat/mailboxes/"+tag.Reveal(), after, limit)
}

func (r *remoteChat) Inbox(ctx context.Context, after uint64, limit int) (wire.Page, error) {
	return r.page(ctx, "/v1/anchat/inbox", after, limit)
}

func (r *remoteChat) page(ctx context.Context, path string, after uint64, limit int) (wire.Page, error) {
	path += "?after=" + strconv.FormatUint(after, 10) + "&limit=" + strconv.Itoa(limit)
	body, head, err := r.ask(ctx, remoteRequest{method: http.MethodGet, path: path})
	if err != nil {
		return wire.Page{}, err
	}
	p, err := gateway.ReadChatPage(head, body)
	if err != nil {
		return wire.Page{}, core.Wrap(core.Unavailable, err, "a member of the network answered something else than rows")
	}
	page := wire.Page{Last: p.Last, Closed: p.Closed, Rows: make([]wire.Stored, len(p.Rows))}
	for i, row := range p.Rows {
		page.Rows[i] = wire.Stored(row)
	}
	return page, nil
}

func (r *remoteChat) DevicesOf(ctx context.Context, account wallet.Account) (wire.Devices, error) {
	body, _, err := r.send(ctx, remoteRequest{method: http.MethodGet, path: "/v1/anchat/devices/" + url.PathEscape(wire.AccountID(account))})
	if err != nil {
		return wire.Devices{}, err
	}
	rows, err := gateway.ReadChatFrames(body, maxDeviceRows, wire.MaxRowBytes)
	if err != nil {
		return wire.Devices{}, core.Wrap(core.Unavailable, err, "a member of the network answered something else than rows")
	}
	return readDevices(rows)
}

func (r *remoteChat) AccountOf(ctx context.Context, device wire.Fingerprint) (wallet.Account, error) {
	var answer struct {
		Account string `json:"account"`
	}
	if err := r.askJSON(ctx, remoteRequest{method: http.MethodGet, path: "/v1/anchat/accounts/" + device.String()}, nil, &answer); err != nil {
		return wallet.Account{}, err
	}
	return wire.ParseAccountID(answer.Account)
}

func (r *remoteChat) StoredAt(ctx context.Context, session wire.Session, index uint32) (wire.Held, error) {
	var held gateway.ChatHeld
	path := "/v1/anchat/stored?session=" + session.String() + "&idx=" + strconv.FormatUint(uint64(index), 10)
	err := r.askJSON(ctx, remoteRequest{method: http.MethodGet, path: path}, nil, &held)
	return wire.Held(held), err
}

func (r *remoteChat) Follow(ctx context.Context, tags []wire.Tag, after uint64, wait time.Duration) (wire.Change, error) {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Reveal()
	}
	wait = min(max(wait, 0), wire.MaxFollowWait)
	var told gateway.ChatChange
	q := remoteRequest{method: http.MethodPost, path: "/v1/anchat/follow", wait: wait}
	if err := r.askJSON(ctx, q, gateway.ChatFollow{Tags: names, After: after, Wait: wait.Milliseconds()}, &told); err != nil {
		return wire.Change{}, err
	}
	change := wire.Change{Mailboxes: make(map[wire.Name]uint64, len(told.Mailboxes)), Inbox: told.Inbox, Index: told.Index}
	for text, n := range told.Mailboxes {
		name, err := wire.ParseName(text)
		if err != nil {
			return wire.Change{}, core.Wrap(core.Unavailable, err, "a member of the network answered something else than mailboxes")
		}
		change.Mailboxes[name] = n
	}
	return change, nil
}

func blobPath(id wire.Hash) string { return "/v1/anchat/blobs/" + id.String() }

func chunkPath(id wire.Hash, chunk uint32) string {
	return blobPath(id) + "/" + strconv.FormatUint(uint64(chunk), 10)
}

func (r *remoteChat) BeginBlob(ctx context.Context, id wire.Hash, chunks []wire.Hash) error {
	var body []byte
	for _, h := range chunks {
		body = append(body, h[:]...)
	}
	_, _, err := r.ask(ctx, remoteRequest{method: http.MethodPost, path: blobPath(id), body: body, writes: true})
	return err
}

func (r *remoteChat) PutChunk(ctx context.Context, id wire.Hash, chunk, chunks uint32, sealed []byte) error {
	path := chunkPath(id, chunk) + "?chunks=" + strconv.FormatUint(uint64(chunks), 10)
	_, _, err := r.ask(ctx, remoteRequest{method: http.MethodPost, path: path, body: sealed, writes: true})
	return err
}

func (r *remoteChat) HaveChunks(ctx context.Context, id wire.Hash) (have []uint32, err error) {
	var answer struct {
		Chunks []uint32 `json:"chunks"`
	}
	err = r.askJSON(ctx, remoteRequest{method: http.MethodGet, path: blobPath(id)}, nil, &answer)
	return answer.Chunks, err
}

func (r *remoteChat) ConfirmBlob(ctx context.Context, id wire.Hash) error {
	return r.askJSON(ctx, remoteRequest{method: http.MethodPut, path: blobPath(id), writes: true}, nil, nil)
}

func (r *remoteChat) DropBlob(ctx context.Context, id wire.Hash) error {
	return r.askJSON(ctx, remoteRequest{method: http.MethodDelete, path: blobPath(id), writes: true}, nil, nil)
}

func (r *remoteChat) Chunk(ctx context.Context, id wire.Hash, chunk uint32) ([]byte, error) {
	body, _, err := r.ask(ctx, remoteRequest{method: http.MethodGet, path: chunkPath(id, chunk)})
	return body, err
}

const backupPath = "/v1/anchat/backup"

func versionPath(version uint64) string { return backupPath + "/" + strconv.FormatUint(version, 10) }

func (r *remoteChat) Backup(ctx context.Context) (wire.BackupInfo, error) {
	var b gateway.ChatBackup
	err := r.askJSON(ctx, remoteRequest{method: http.MethodGet, path: backupPath}, nil, &b)
	return wire.BackupInfo(b), err
}

func (r *remoteChat) PutBackupKey(ctx context.Context, version uint64, key []byte) error {
	return r.askJSON(ctx, remoteRequest{method: http.MethodPost, path: backupPath, writes: true}, map[string]any{"version": version, "key": key}, nil)
}

func (r *remoteChat) PutBackup(ctx context.Context, version uint64, entries []wire.BackupEntry) error {
	list := make([]gateway.ChatBackupEntry, len(entries))
	for i, e := range entries {
		list[i] = gateway.ChatBackupEntry{ID: e.ID.String(), Sealed: e.Sealed}
	}
	body, err := gateway.AppendChatEntries(nil, list)
	if err != nil {
		return err
	}
	_, _, err = r.ask(ctx, remoteRequest{method: http.MethodPost, path: versionPath(version), body: body, writes: true})
	return err
}

func (r *remoteChat) BackupEntries(ctx context.Context, version uint64, after wire.Hash, limit int) ([]wire.BackupEntry, error) {
	path := versionPath(version) + "?limit=" + strconv.Itoa(limit)
	if after != (wire.Hash{}) {
		path += "&after=" + after.String()
	}
	body, _, err := r.ask(ctx, remoteRequest{method: http.MethodGet, path: path})
	if err != nil {
		return nil, err
	}
	list, err := gateway.ReadChatEntries(body)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "a member of the network answered something else than entries")
	}
	return backupEntries(list)
}

func (r *remoteChat) DropBackups(ctx context.Context, below uint64) error {
	return r.askJSON(ctx, remoteRequest{method: http.MethodDelete, path: versionPath(below), writes: true}, nil, nil)
}

// author is a proof with which this node publishes the device's rows.
func (r *remoteChat) author(ctx context.Context) ([]byte, error) {
	r.mu.Lock()
	have := r.proof
	r.mu.Unlock()
	if r.now().Before(have.expires.Add(-renewAhead)) {
		return have.text, nil
	}
	var told struct {
		Proof     string    `json:"proof"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := r.askJSON(ctx, remoteRequest{method: http.MethodPost, path: "/v1/anchat/author"}, map[string]any{"peer": r.peer}, &told); err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(told.Proof)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "a member of the network answered something else than a proof")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.proof = proof{text, told.ExpiresAt}
	return text, nil
}

// backupEntries are entries in package wire's words.
func backupEntries(list []gateway.ChatBackupEntry) ([]wire.BackupEntry, error) {
	entries := make([]wire.BackupEntry, len(list))
	for i, e := range list {
		id, err := parseHash(e.ID)
		if err != nil {
			return nil, err
		}
		entries[i] = wire.BackupEntry{ID: id, Sealed: e.Sealed}
	}
	return entries, nil
}

// parseHash reads what wire.Hash.String wrote.
func parseHash(text string) (h wire.Hash, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(h) {
		return h, core.Errorf(core.Invalid, "a name of %d hexadecimal digits is needed here", 2*len(h))
	}
	copy(h[:], raw)
	return h, nil
}
