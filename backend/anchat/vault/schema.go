package vault

// format is the version of the tables; a file of a newer one is refused.
const format = 1

// appID marks the file as ours in the header that SQLite keeps for that.
const appID = 0x416e6368

// schema makes the tables. A line's plain columns are numbers, and HMACs of its
// session, its author and the line that it points at:
//
//	position  its order in the room, see Place
//	kind      lineText …
//	state     stateWaiting …
//	shown     1: people see it. gap: how many messages are missing right before it
//	mine      1: the vault's owner wrote it. tome: it names them. seen: read though not stored yet
//	at        when it was stored, or heard, or queued (milliseconds)
//	expires   when it disappears, 0: never
//	strong    1: its author could delete what others wrote
const schema = `
CREATE TABLE meta (id INTEGER PRIMARY KEY, clean INTEGER NOT NULL, cell BLOB NOT NULL);
CREATE TABLE entry (name BLOB PRIMARY KEY, kind BLOB NOT NULL, cell BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX entry_kind ON entry (kind);
CREATE TABLE cursor (name BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE refusal (id INTEGER PRIMARY KEY, cell BLOB NOT NULL);
CREATE TABLE room (id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, read INTEGER NOT NULL DEFAULT 0, state BLOB NOT NULL, local BLOB NOT NULL);
CREATE TABLE mailbox (name BLOB PRIMARY KEY, room INTEGER NOT NULL, epoch INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE line (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  room INTEGER NOT NULL,
  position INTEGER NOT NULL,
  session BLOB,
  idx INTEGER,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  shown INTEGER NOT NULL DEFAULT 0,
  gap INTEGER NOT NULL DEFAULT 0,
  mine INTEGER NOT NULL DEFAULT 0,
  tome INTEGER NOT NULL DEFAULT 0,
  seen INTEGER NOT NULL DEFAULT 0,
  strong INTEGER NOT NULL DEFAULT 0,
  at INTEGER NOT NULL,
  expires INTEGER NOT NULL DEFAULT 0,
  author BLOB,
  target BLOB,
  cell BLOB NOT NULL
);
CREATE UNIQUE INDEX line_position ON line (room, position);
CREATE UNIQUE INDEX line_pair ON line (session, idx) WHERE session IS NOT NULL;
CREATE INDEX line_shown ON line (room, position) WHERE shown = 1 OR gap > 0;
CREATE INDEX line_at ON line (room, at) WHERE shown = 1;
CREATE INDEX line_target ON line (target) WHERE target IS NOT NULL;
CREATE INDEX line_expires ON line (expires) WHERE expires > 0;
CREATE INDEX line_unopened ON line (session) WHERE state = 0;
CREATE TABLE raw (line INTEGER PRIMARY KEY, cell BLOB NOT NULL);
CREATE TABLE reader (room INTEGER NOT NULL, author BLOB NOT NULL, read INTEGER NOT NULL, received INTEGER NOT NULL, at INTEGER NOT NULL, cell BLOB NOT NULL, PRIMARY KEY (room, author)) WITHOUT ROWID;
CREATE TABLE outbox (line INTEGER PRIMARY KEY, room INTEGER NOT NULL, state INTEGER NOT NULL, cell BLOB NOT NULL);
CREATE TABLE outrow (line INTEGER NOT NULL, n INTEGER NOT NULL, cell BLOB NOT NULL, PRIMARY KEY (line, n)) WITHOUT ROWID;
`
