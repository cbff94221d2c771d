package node

// This file shows the chat's service to the gateway in the gateway's words, and
// proves the devices that come over HTTP.

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"git.debros.io/DeBros/network/backend/anchat/service"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/auth"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// maxDeviceRows bounds the rows that are known of one account.
	maxDeviceRows = 4096
	// liveFor is how long a device that was seen to live is taken to: a revoked one
	// must not read on for as long as its token lasts.
	liveFor = auth.RevokeWithin
	// maxLiving bounds the devices of which that is remembered.
	maxLiving = 4096
)

// living remembers which devices were seen to live, and when.
type living struct {
	seen *lru.Cache[wire.Caller, time.Time]
}

func newLiving() living {
	seen, err := lru.New[wire.Caller, time.Time](maxLiving)
	if err != nil {
		panic("node: the number of devices is not positive") // it is a constant
	}
	return living{seen}
}

// check asks the service when it has not done so for a while.
func (l living) check(ctx context.Context, rows *service.Service, c wire.Caller) error {
	if at, known := l.seen.Get(c); known && time.Since(at) < liveFor {
		return nil
	}
	if _, err := rows.Live(ctx, c.Account, c.Device); err != nil {
		return err
	}
	l.seen.Add(c, time.Now())
	return nil
}

// chatReplicas says which nodes keep the rows.
type chatReplicas struct {
	*database.Internal
	names func() map[string]string
}

// Name is what people call a node.
func (r chatReplicas) Name(node string) string {
	if name := r.names()[node]; name != "" {
		return name
	}
	return node
}

// chatHost is gateway.Chat of whichever network the node is in.
type chatHost struct {
	networks *networks
	living   living
}

var _ gateway.Chat = chatHost{}

func (h chatHost) rows() (*service.Service, *auth.Auth, error) {
	s, err := h.networks.session()
	if err == nil && s.rows == nil {
		err = core.Errorf(core.Unavailable, "this node is a guest; its members answer")
	}
	if err != nil {
		return nil, nil, err
	}
	return s.rows, s.auth, nil
}

// CheckDevice believes a device when the service knows it as one that lives, and
// its signature over the message holds.
func (h chatHost) CheckDevice(ctx context.Context, d gateway.ChatDevice, message string) error {
	rows, _, err := h.rows()
	if err != nil {
		return err
	}
	caller, err := readCaller(d.Wallet, d.ChainType, d.Fingerprint)
	if err != nil {
		return err
	}
	if len(d.Rows) > 0 {
		if err = admitDevice(ctx, rows, caller, d, message); err != nil {
			return err
		}
	}
	signing, err := rows.Live(ctx, caller.Account, caller.Device)
	if err != nil {
		return err
	}
	return wire.Verify(signing, d.Signature, wire.LabelDoor, []byte(message))
}

// admitDevice stores the rows of a device that is new, once it has shown that it
// holds the key which they certify.
func admitDevice(ctx context.Context, rows *service.Service, caller wire.Caller, d gateway.ChatDevice, message string) error {
	certified := false
	for _, raw := range d.Rows {
		row, err := wire.Decode(raw)
		if err != nil {
			return err
		}
		switch row := row.(type) {
		case wire.Certificate:
			if row.Fingerprint() != caller.Device || row.Account != caller.Account {
				return core.Errorf(core.Denied, "the certificate is of another device")
			}
			if err = wire.Verify(row.Signing, d.Signature, wire.LabelDoor, []byte(message)); err != nil {
				return err
			}
			certified = true
		case wire.List:
			if row.Account != caller.Account {
				return core.Errorf(core.Denied, "the list is of another wallet")
			}
		default:
			return core.Errorf(core.Invalid, "a new device brings its certificate and its list, and no %s", row.Kind())
		}
	}
	if !certified {
		return core.Errorf(core.Invalid, "a new device brings its certificate")
	}
	receipts, err := rows.As(caller).Put(ctx, d.Rows)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.Code != "" {
			return core.Errorf(r.Code, "%s", r.Why)
		}
	}
	return nil
}

// readCaller reads who wants to be whom.
func readCaller(address, chain, fingerprint string) (wire.Caller, error) {
	account, err := wallet.ParseAccount(address, wallet.Chain(chain))
	if err != nil {
		return wire.Caller{}, err
	}
	device, err := wire.ParseFingerprint(fingerprint)
	return wire.Caller{Account: account, Device: device}, err
}

// DevicesOf takes an account as CAIP-10 writes it, or as wallets show it.
func (h chatHost) DevicesOf(ctx context.Context, text string) ([][]byte, error) {
	rows, _, err := h.rows()
	if err != nil {
		return nil, err
	}
	account, err := wire.ParseAccountID(text)
	if err != nil {
		if account, err = wallet.ParseAccount(text, ""); err != nil {
			return nil, err
		}
	}
	d, err := rows.As(wire.Caller{}).DevicesOf(ctx, account)
	if err != nil {
		return nil, err
	}
	return writeDevices(d), nil
}

func writeDevices(d wire.Devices) [][]byte {
	var rows [][]byte
	for _, c := range d.Certificates {
		rows = append(rows, c.Encode())
	}
	for _, l := range d.Lists {
		rows = append(rows, l.Encode())
	}
	for _, p := range d.Prekeys {
		rows = append(rows, p.Encode())
	}
	return rows
}

// readDevices takes apart what writeDevices wrote. Rows of kinds that do not
// belong there are left out: a newer member may tell more.
func readDevices(rows [][]byte) (wire.Devices, error) {
	var d wire.Devices
	for _, raw := range rows {
		row, err := wire.Decode(raw)
		if err != nil {
			return wire.Devices{}, core.Wrap(core.Unavailable, err, "a member of the network answered something else than devices")
		}
		switch row := row.(type) {
		case wire.Certificate:
			d.Certificates = append(d.Certificates, row)
		case wire.List:
			d.Lists = append(d.Lists, row)
		case wire.Prekey:
			d.Prekeys = append(d.Prekeys, row)
		}
	}
	return d, nil
}

// As is the service of one device.
func (h chatHost) As(ctx context.Context, p core.Principal) (gateway.ChatService, error) {
	rows, a, err := h.rows()
	if err != nil {
		return nil, err
	}
	caller, err := readCaller(p.Subject, "", p.Device)
	if err != nil {
		return nil, err
	}
	live := func(ctx context.Context) error { return h.living.check(ctx, rows, caller) }
	return chatDevice{rows.As(caller), a, p, live}, live(ctx)
}

// chatDevice is the service of one device, with names as text.
type chatDevice struct {
	rows wire.Service
	auth *auth.Auth
	p    core.Principal
	live func(ctx context.Context) error
}

func (d chatDevice) Put(ctx context.Context, rows [][]byte) ([]gateway.ChatReceipt, error) {
	receipts, err := d.rows.Put(ctx, rows)
	if err != nil {
		return nil, err
	}
	list := make([]gateway.ChatReceipt, len(receipts))
	for i, r := range receipts {
		list[i] = gateway.ChatReceipt{Seq: r.Seq, Index: r.Index, Code: r.Code, Error: r.Why}
	}
	return list, nil
}

func (d chatDevice) Mailbox(ctx context.Context, tag string, after uint64, limit int) (gateway.ChatPage, error) {
	t, err := wire.ParseTag(tag)
	if err != nil {
		return gateway.ChatPage{}, err
	}
	p, err := d.rows.Mailbox(ctx, t, after, limit)
	return pageOf(p), err
}

func (d chatDevice) MailboxName(tag string) (string, error) {
	t, err := wire.ParseTag(tag)
	return t.Name().String(), err
}

func (d chatDevice) Inbox(ctx context.Context, after uint64, limit int) (gateway.ChatPage, error) {
	p, err := d.rows.Inbox(ctx, after, limit)
	return pageOf(p), err
}

func pageOf(p wire.Page) gateway.ChatPage {
	page := gateway.ChatPage{Last: p.Last, Closed: p.Closed, Rows: make([]gateway.ChatRow, len(p.Rows))}
	for i, r := range p.Rows {
		page.Rows[i] = gateway.ChatRow(r)
	}
	return page
}

func (d chatDevice) AccountOf(ctx context.Context, device string) (string, error) {
	f, err := wire.ParseFingerprint(device)
	if err != nil {
		return "", err
	}
	account, err := d.rows.AccountOf(ctx, f)
	return wire.AccountID(account), err
}

func (d chatDevice) StoredAt(ctx context.Context, session string, index uint32) (gateway.ChatHeld, error) {
	s, err := wire.ParseSession(session)
	if err != nil {
		return gateway.ChatHeld{}, err
	}
	held, err := d.rows.StoredAt(ctx, s, index)
	return gateway.ChatHeld(held), err
}

func (d chatDevice) Follow(ctx context.Context, tags []string, after uint64, wait time.Duration) (gateway.ChatChange, error) {
	list := make([]wire.Tag, len(tags))
	for i, text := range tags {
		var err error
		if list[i], err = wire.ParseTag(text); err != nil {
			return gateway.ChatChange{}, err
		}
	}
	if err := d.live(ctx); err != nil { // a socket asks again and again
		return gateway.ChatChange{}, err
	}
	c, err := d.rows.Follow(ctx, list, after, wait)
	if err != nil {
		return gateway.ChatChange{}, err
	}
	told := gateway.ChatChange{Mailboxes: make(map[string]uint64, len(c.Mailboxes)), Inbox: c.Inbox, Index: c.Index}
	for name, n := range c.Mailboxes {
		told.Mailboxes[name.String()] = n
	}
	return told, nil
}

func (d chatDevice) BeginBlob(ctx context.Context, id string, chunks [][]byte) error {
	h, err := parseHash(id)
	if err != nil {
		return err
	}
	list := make([]wire.Hash, len(chunks))
	for i, c := range chunks {
		copy(list[i][:], c)
	}
	return d.rows.BeginBlob(ctx, h, list)
}

func (d chatDevice) PutChunk(ctx context.Context, id string, chunk, chunks uint32, sealed []byte) error {
	h, err := parseHash(id)
	if err != nil {
		return err
	}
	return d.rows.PutChunk(ctx, h, chunk, chunks, sealed)
}

func (d chatDevice) HaveChunks(ctx context.Context, id string) ([]uint32, error) {
	h, err := parseHash(id)
	if err != nil {
		return nil, err
	}
	return d.rows.HaveChunks(ctx, h)
}

func (d chatDevice) ConfirmBlob(ctx context.Context, id string) error {
	h, err := parseHash(id)
	if err != nil {
		return err
	}
	return d.rows.ConfirmBlob(ctx, h)
}

func (d chatDevice) DropBlob(ctx context.Context, id string) error {
	h, err := parseHash(id)
	if err != nil {
		return err
	}
	return d.rows.DropBlob(ctx, h)
}

func (d chatDevice) Chunk(ctx context.Context, id string, chunk uint32) ([]byte, error) {
	h, err := parseHash(id)
	if err != nil {
		return nil, err
	}
	return d.rows.Chunk(ctx, h, chunk)
}

func (d chatDevice) Backup(ctx context.Context) (gateway.ChatBackup, error) {
	b, err := d.rows.Backup(ctx)
	return gateway.ChatBackup(b), err
}

func (d chatDevice) PutBackupKey(ctx context.Context, version uint64, key []byte) error {
	return d.rows.PutBackupKey(ctx, version, key)
}

func (d chatDevice) PutBackup(ctx context.Context, version uint64, entries []gateway.ChatBackupEntry) error {
	list, err := backupEntries(entries)
	if err != nil {
		return err
	}
	return d.rows.PutBackup(ctx, version, list)
}

func (d chatDevice) BackupEntries(ctx context.Context, version uint64, after string, limit int) ([]gateway.ChatBackupEntry, error) {
	var from wire.Hash
	if after != "" {
		var err error
		if from, err = parseHash(after); err != nil {
			return nil, err
		}
	}
	entries, err := d.rows.BackupEntries(ctx, version, from, limit)
	if err != nil {
		return nil, err
	}
	list := make([]gateway.ChatBackupEntry, len(entries))
	for i, e := range entries {
		list[i] = gateway.ChatBackupEntry{ID: e.ID.String(), Sealed: e.Sealed}
	}
	return list, nil
}

func (d chatDevice) DropBackups(ctx context.Context, below uint64) error {
	return d.rows.DropBackups(ctx, below)
}

// Author makes the proof for the node through which the device publishes.
func (d chatDevice) Author(ctx context.Context, peer string) (proof []byte, expires time.Time, err error) {
	return d.auth.AuthorProof(ctx, d.p, core.ChatNamespace, peer)
}
