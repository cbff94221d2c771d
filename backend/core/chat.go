package core

// This file has the words of Anchat, the chat, as its screens and commands use
// them: nothing of it is secret but what people write.

import "time"

// States of the chat on this node.
const (
	ChatNone   = "none"   // no wallet has a device here yet: Enrol
	ChatLocked = "locked" // its keys are sealed: Unlock
	ChatReady  = "ready"
)

// Limits of what people write; the sealed rows have limits of their own.
const (
	MaxChatTextBytes  = 16_000 // UTF-8
	MaxChatNameBytes  = 200    // of a room, a topic, a nickname, a device
	MaxChatMembers    = 200    // of a room
	MaxChatRooms      = 1000   // of a wallet
	MaxChatReactions  = 20     // different signs on one message
	MaxChatFiles      = 10     // of one message
	MaxChatPage       = 500    // messages or hits in one answer
	MaxChatFileBytes  = 32 << 20
	MaxChatDiagnostic = 500 // kept refusals
)

// ChatState is how the chat is.
type ChatState struct {
	State   string `json:"state"` // one of the Chat constants
	Network string `json:"network"`
	Address string `json:"address"` // of the wallet, as shown; "" in state none
	Chain   string `json:"chain"`
	Device  string `json:"device"` // fingerprint in hex
	// Accounts are all wallets that have a device on this node.
	Accounts []ChatAccount `json:"accounts"`
	// Online says that the nodes that keep the rows answer; Problem why they do not.
	Online  bool   `json:"online"`
	Problem string `json:"problem"`
	// SyncDone of SyncTotal rows were caught up with since the last start.
	SyncDone  int64 `json:"sync_done"`
	SyncTotal int64 `json:"sync_total"`
	Outbox    int   `json:"outbox"`   // messages that are not stored yet
	Unread    int   `json:"unread"`   // messages in rooms that are not muted
	Mentions  int   `json:"mentions"` // unread ones that name the reader
	Requests  int   `json:"requests"` // rooms that wait to be accepted
	// ExpiresAt is the end of the device's certificate; RenewDue that it is near.
	ExpiresAt time.Time `json:"expires_at"`
	RenewDue  bool      `json:"renew_due"`
	Revoked   bool      `json:"revoked"` // this device was revoked: it sends and reads nothing new
	// Approved says that another device of the wallet has let this one in.
	Approved bool       `json:"approved"`
	Backup   ChatBackup `json:"backup"`
	Version  uint64     `json:"version"` // goes up with every change of anything
}

// ChatAccount is a wallet with a device on this node.
type ChatAccount struct {
	Address  string `json:"address"`
	Chain    string `json:"chain"`
	Device   string `json:"device"`
	Keychain bool   `json:"keychain"` // opens without a passphrase
}

// ChatEnrolment is what a wallet is asked to sign so that this node becomes one of
// its devices.
type ChatEnrolment struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	Code    string `json:"code"` // six digits, also in Text
	Address string `json:"address"`
	Renewal bool   `json:"renewal"`
}

// ChatEnrol finishes it.
type ChatEnrol struct {
	ID         string `json:"id"`
	Signature  string `json:"signature"`
	Passphrase Secret `json:"passphrase"` // seals the chat on this computer; "" when Keychain opens it
	Keychain   bool   `json:"keychain"`
	DeviceName string `json:"device_name"`
}

// Kinds of rooms.
const (
	ChatRoomGroup  = "group"
	ChatRoomDirect = "direct" // two people
	ChatRoomSelf   = "self"   // note to self
)

// What a room is to the reader.
const (
	ChatJoined  = "joined"
	ChatInvited = "invited" // a request: accept or refuse
	ChatLeft    = "left"    // left, removed or refused: nothing new comes
	ChatKnocked = "knocked" // asked to be let in by a link
)

// Roles in a room.
const (
	ChatOwner  = "owner"
	ChatAdmin  = "admin"
	ChatMember = "member"
)

// History rules of a room.
const (
	ChatHistoryJoined = "joined" // new members read from their coming on
	ChatHistoryAll    = "all"    // new members read what was before, too
)

// When a room notifies.
const (
	ChatNotifyAll      = "all"
	ChatNotifyMentions = "mentions"
	ChatNotifyNone     = "none"
)

// ChatRoom is a room as its reader sees it.
type ChatRoom struct {
	ID       string    `json:"id"` // hex
	Kind     string    `json:"kind"`
	State    string    `json:"state"` // ChatJoined …
	Name     string    `json:"name"`  // as shown: of a direct room the other's name
	Topic    string    `json:"topic"`
	Peer     string    `json:"peer"` // of a direct room: the other's address
	Members  int       `json:"members"`
	Role     string    `json:"role"`    // the reader's
	MyName   string    `json:"my_name"` // what the reader told the others here to be called
	History  string    `json:"history"`
	Timer    int64     `json:"timer"` // seconds until messages disappear; 0: they stay
	Unread   int       `json:"unread"`
	Mentions int       `json:"mentions"`
	Muted    bool      `json:"muted"`
	Notify   string    `json:"notify"`
	Receipts bool      `json:"receipts"` // the reader tells what was read here
	Typing   bool      `json:"typing"`   // the reader tells that they type
	Presence bool      `json:"presence"`
	Preview  string    `json:"preview"` // of the last message
	LastFrom string    `json:"last_from"`
	LastAt   time.Time `json:"last_at"`
	Draft    string    `json:"draft"`
	// FirstUnread is the position of the first message that was not read, 0 when all were.
	FirstUnread int64 `json:"first_unread"`
	Read        int64 `json:"read"` // position up to which the reader has read
	Last        int64 `json:"last"` // newest position
	// Open to changes by the reader; what a member may depends on role and room.
	MayWrite   bool `json:"may_write"`
	MayInvite  bool `json:"may_invite"`
	MayManage  bool `json:"may_manage"`
	FreeInvite bool `json:"free_invite"` // every member may invite
	// Warning is what the reader should know before they write: a changed device, a
	// forked chain, a look-alike name; "" when there is nothing.
	Warning string `json:"warning"`
	// InvitedBy is who opened it, of one that waits to be accepted.
	InvitedBy string `json:"invited_by"`
	// Hosts are the nodes that keep the room's rows; Answering those that do now.
	Hosts     []string `json:"hosts"`
	Answering []string `json:"answering"`
}

// ChatNewRoom is what a new room is made of.
type ChatNewRoom struct {
	Name       string   `json:"name"`
	Topic      string   `json:"topic"`
	History    string   `json:"history"`
	Members    []string `json:"members"` // addresses of wallets
	FreeInvite bool     `json:"free_invite"`
	Timer      int64    `json:"timer"`
}

// ChatRoomChange changes a room for all of it. A nil field stays as it is.
type ChatRoomChange struct {
	Room       string  `json:"room"`
	Name       *string `json:"name,omitempty"`
	Topic      *string `json:"topic,omitempty"`
	History    *string `json:"history,omitempty"`
	Timer      *int64  `json:"timer,omitempty"`
	FreeInvite *bool   `json:"free_invite,omitempty"`
}

// ChatRoomSettings changes a room for its reader alone, on all of their devices.
type ChatRoomSettings struct {
	Room     string  `json:"room"`
	Muted    *bool   `json:"muted,omitempty"`
	Notify   *string `json:"notify,omitempty"`
	Receipts *bool   `json:"receipts,omitempty"`
	Typing   *bool   `json:"typing,omitempty"`
	Presence *bool   `json:"presence,omitempty"`
	MyName   *string `json:"my_name,omitempty"` // told to the others
}

// ChatPerson is somebody with a wallet.
type ChatPerson struct {
	Address  string `json:"address"`
	Name     string `json:"name"`     // as shown: nickname, name in the room, short address
	Nickname string `json:"nickname"` // given by the reader
	Role     string `json:"role"`     // in the room that was asked about
	Me       bool   `json:"me"`
	Verified bool   `json:"verified"`
	// Changed says that their devices changed since they were verified.
	Changed   bool         `json:"changed"`
	Blocked   bool         `json:"blocked"`
	LookAlike bool         `json:"look_alike"` // another member's name looks like this one
	Contact   bool         `json:"contact"`
	Devices   []ChatDevice `json:"devices"`
	Present   bool         `json:"present"`
	SeenAt    time.Time    `json:"seen_at"` // the last row of theirs; zero when none
	// Invited: not let in yet. Banned: may not come back by a link.
	Invited bool `json:"invited"`
	Banned  bool `json:"banned"`
}

// ChatDevice is a device of somebody.
type ChatDevice struct {
	Fingerprint string    `json:"fingerprint"`
	Name        string    `json:"name"` // told to own devices only
	This        bool      `json:"this"`
	CreatedAt   time.Time `json:"created_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	RevokedAt   time.Time `json:"revoked_at"`
	// Approved: let in by a device that lived before. Otherwise by the wallet alone.
	Approved bool      `json:"approved"`
	New      bool      `json:"new"` // came since the reader last looked
	SeenAt   time.Time `json:"seen_at"`
}

// ChatSafety is what two people compare.
type ChatSafety struct {
	Address  string       `json:"address"`
	Number   string       `json:"number"` // 60 digits in groups of five
	QR       string       `json:"qr"`
	Verified bool         `json:"verified"`
	Devices  []ChatDevice `json:"devices"`
}

// Kinds of lines in a room.
const (
	ChatText   = "text"
	ChatNotice = "notice" // what became of the room: see Notice
	ChatHole   = "hole"   // messages that should be there and are not: see Missing
)

// Steps of a message's delivery.
const (
	ChatQueued = "queued"
	ChatSent   = "sent"
	ChatStored = "stored"
	ChatSeen   = "seen"
	ChatFailed = "failed"
)

// ChatMessage is one line of a room.
type ChatMessage struct {
	ID       string `json:"id"`       // stable on all devices once sealed; before: "out:…"
	Position int64  `json:"position"` // order on screen: rises; above 1<<52 for what is not stored yet
	Room     string `json:"room"`
	Kind     string `json:"kind"`
	From     string `json:"from"` // address
	FromName string `json:"from_name"`
	Device   string `json:"device"`
	Mine     bool   `json:"mine"`
	Text     string `json:"text"`
	// Notice is what happened, of a notice: "created", "joined", "invited", "left",
	// "removed", "banned", "role", "renamed", "topic", "history", "timer", "device", …
	Notice  string   `json:"notice"`
	Targets []string `json:"targets"` // whom or what a notice is about
	Missing int      `json:"missing"`
	// Waiting is from whom the key is awaited, of a message that cannot be read yet.
	Waiting   string           `json:"waiting"`
	Edited    bool             `json:"edited"`
	Earlier   []ChatVersion    `json:"earlier,omitempty"`
	Deleted   bool             `json:"deleted"`
	DeletedBy string           `json:"deleted_by"`
	ReplyTo   *ChatQuote       `json:"reply_to,omitempty"`
	Reactions []ChatReaction   `json:"reactions"`
	Mentions  []string         `json:"mentions"`
	ToMe      bool             `json:"to_me"` // names the reader or answers them
	Files     []ChatAttachment `json:"files"`
	SentAt    time.Time        `json:"sent_at"`   // by the sender's clock
	StoredAt  time.Time        `json:"stored_at"` // by the store's; zero when not stored
	ExpiresAt time.Time        `json:"expires_at"`
	Step      string           `json:"step"`
	Place     int              `json:"place"`     // in the queue, of one that is queued
	Failure   string           `json:"failure"`   // sentence, of one that failed
	StoredOn  int              `json:"stored_on"` // replicas, last heard of; of own messages
	StoredOf  int              `json:"stored_of"`
	SeenBy    int              `json:"seen_by"`
	// Flags are what the reader should know: "not_member", "second_content",
	// "forked", "list_rolled_back", "unapproved_device", "newer_version" (this program
	// is too old to read it), "damaged" (of a hole: what was here cannot be read from
	// the disk any more).
	Flags []string `json:"flags"`
}

// ChatVersion is what a message said before.
type ChatVersion struct {
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// ChatQuote is the message that another one answers.
type ChatQuote struct {
	ID       string `json:"id"`
	Position int64  `json:"position"` // 0 when it is not here
	From     string `json:"from"`
	FromName string `json:"from_name"`
	Text     string `json:"text"` // its beginning
}

// ChatReaction is one sign on a message.
type ChatReaction struct {
	Sign string   `json:"sign"`
	By   []string `json:"by"` // names
	Mine bool     `json:"mine"`
}

// ChatAttachment is a file of a message.
type ChatAttachment struct {
	ID     string `json:"id"` // of the blob, hex
	Name   string `json:"name"`
	Type   string `json:"type"` // media type
	Size   int64  `json:"size"`
	Width  int    `json:"width"` // of an image
	Height int    `json:"height"`
	// Ready says that it is here; otherwise fetching it is up to the reader where
	// Ask is true: it is large or from a stranger.
	Ready bool `json:"ready"`
	Ask   bool `json:"ask"`
}

// ChatDraft is what is to be sent.
type ChatDraft struct {
	Room     string   `json:"room"`
	Text     string   `json:"text"`
	ReplyTo  string   `json:"reply_to"` // a message's id
	Mentions []string `json:"mentions"` // addresses
	Files    []string `json:"files"`    // ids that Attach gave
}

// ChatQuery asks for messages of a room: before or after a position, or around
// one, which is the first choice that is not 0. With none it is the newest.
type ChatQuery struct {
	Room   string `json:"room"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Around int64  `json:"around"`
	Limit  int    `json:"limit"` // 0: 50; at most MaxChatPage
}

// ChatMessages is a part of a room, oldest first.
type ChatMessages struct {
	Messages []ChatMessage `json:"messages"`
	Older    bool          `json:"older"` // there is something before
	Newer    bool          `json:"newer"`
	Version  uint64        `json:"version"` // of the state that was read
	// Total is how many lines the room has here.
	Total int64 `json:"total"`
}

// ChatSearch asks for messages with words in them.
type ChatSearch struct {
	Words string    `json:"words"`
	Room  string    `json:"room"` // "": all rooms
	From  string    `json:"from"` // an address
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	Limit int       `json:"limit"` // 0: 50
}

// ChatHit is a message that was found. Ranges are the byte ranges of the words in
// Text.
type ChatHit struct {
	Room     string    `json:"room"`
	RoomName string    `json:"room_name"`
	ID       string    `json:"id"`
	Position int64     `json:"position"`
	From     string    `json:"from"`
	FromName string    `json:"from_name"`
	At       time.Time `json:"at"`
	Text     string    `json:"text"`
	Ranges   [][2]int  `json:"ranges"`
}

// ChatLadder is how far a message of one's own is, with evidence.
type ChatLadder struct {
	ID       string     `json:"id"`
	Step     string     `json:"step"`
	Steps    []ChatStep `json:"steps"` // those that were reached, in order
	Place    int        `json:"place"`
	Failure  string     `json:"failure"`
	StoredBy []string   `json:"stored_by"` // nodes that have it
	Replicas []string   `json:"replicas"`  // nodes that are to have it
	People   []ChatRead `json:"people"`    // of at most 20 members, else only counts
	Seen     int        `json:"seen"`
	Received int        `json:"received"`
	Members  int        `json:"members"` // others in the room
	// CheckedAt is when the replicas were asked; zero when they did not answer.
	CheckedAt time.Time `json:"checked_at"`
}

// ChatStep is one step with its time and what shows it.
type ChatStep struct {
	Step     string    `json:"step"`
	At       time.Time `json:"at"`
	Evidence string    `json:"evidence"`
}

// What is known of a reader.
const (
	ChatReadSeen     = "seen"
	ChatReadReceived = "received"     // decrypted, not shown yet
	ChatReadSilent   = "silent"       // does not tell
	ChatReadNot      = "not_yet"      // tells, and has not seen it
	ChatReadUnknown  = "not_told_yet" // tells nothing so far
)

// ChatRead is how far a person is with a message.
type ChatRead struct {
	Address string    `json:"address"`
	Name    string    `json:"name"`
	State   string    `json:"state"`
	At      time.Time `json:"at"`
	SeenAt  time.Time `json:"seen_at"` // the last row of theirs at all
}

// ChatLinkOptions say what an invite link may.
type ChatLinkOptions struct {
	Room      string        `json:"room"`
	ExpiresIn time.Duration `json:"expires_in"` // 0: a week; at most four
	Uses      int           `json:"uses"`       // 0: one; at most MaxChatMembers
}

// ChatLink is an invite link. URL is empty where it is not known, as only the
// device that made it has the secret.
type ChatLink struct {
	ID        string    `json:"id"`
	Room      string    `json:"room"`
	RoomName  string    `json:"room_name"`
	URL       string    `json:"url"`
	By        string    `json:"by"`
	ByName    string    `json:"by_name"`
	ExpiresAt time.Time `json:"expires_at"`
	Uses      int       `json:"uses"`
	Used      int       `json:"used"`
	Network   string    `json:"network"` // id
	// Here says that the link is of the network that this node is in.
	Here bool `json:"here"`
}

// ChatBackup is the backup of the chat's keys.
type ChatBackup struct {
	Exists    bool      `json:"exists"`
	Version   uint64    `json:"version"`
	Entries   int64     `json:"entries"`
	Pending   int       `json:"pending"` // keys that are not in it yet
	UpdatedAt time.Time `json:"updated_at"`
	// Open says that this device can write to it; otherwise Restore opens it.
	Open     bool `json:"open"`
	Offered  bool `json:"offered"`  // the reader was asked and said "not now"
	Restored int  `json:"restored"` // by the last restore
}

// ChatBackupMade is a backup that was begun. Code is shown once.
type ChatBackupMade struct {
	Code    Secret `json:"code"` // the recovery code
	Version uint64 `json:"version"`
}

// ChatProgress is how far a long task of the chat is.
type ChatProgress struct {
	Done    int64 `json:"done"`
	Total   int64 `json:"total"` // 0 while it is not known
	Refused int64 `json:"refused"`
}

// ChatRestored is what a restore did.
type ChatRestored struct {
	Keys     int64    `json:"keys"`
	Messages int64    `json:"messages"` // that became readable
	Rooms    int      `json:"rooms"`
	Refused  int64    `json:"refused"`
	Reasons  []string `json:"reasons"`
}

// Formats of an export.
const (
	ChatExportJSON = "jsonl"
	ChatExportHTML = "html"
	ChatExportAge  = "age" // everything, sealed with a passphrase, with signatures
)

// ChatExport says what is written out.
type ChatExport struct {
	Room       string `json:"room"` // "": everything
	Format     string `json:"format"`
	Passphrase Secret `json:"passphrase"` // of ChatExportAge
}

// ChatActivity is what others do in a room now.
type ChatActivity struct {
	Room    string   `json:"room"`
	Typing  []string `json:"typing"`  // names
	Present []string `json:"present"` // addresses
}

// ChatRefusal is a row or a key that was not believed.
type ChatRefusal struct {
	At     time.Time `json:"at"`
	Room   string    `json:"room"`
	What   string    `json:"what"`
	From   string    `json:"from"` // device or node, as far as it is known
	Reason string    `json:"reason"`
}

// Kinds of events.
const (
	ChatEventState    = "state"
	ChatEventRooms    = "rooms"
	ChatEventMessages = "messages"
	ChatEventActivity = "activity"
	ChatEventNotify   = "notify" // tell the person: Message says what
)

// ChatEvent tells a screen what to read anew.
type ChatEvent struct {
	Kind    string `json:"kind"`
	Room    string `json:"room"`
	Version uint64 `json:"version"`
	// Message is of ChatEventNotify alone.
	Message *ChatMessage `json:"message,omitempty"`
	Title   string       `json:"title,omitempty"`
}
