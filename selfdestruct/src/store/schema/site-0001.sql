-- Moments are milliseconds since the Unix epoch, ids and claims are 16 bytes, hashes 32.

-- What holds for the whole site. One row.
CREATE TABLE standing (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    name       TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    origin     BLOB NOT NULL,             -- the hash before the first event
    opened_by  BLOB NOT NULL,             -- SHA-256 of what opened the epoch, to know a repetition
    stopped    INTEGER NOT NULL,          -- the chain is not the one that the core knows
    generation INTEGER NOT NULL,          -- the highest of the core's that was seen
    acked      INTEGER NOT NULL,          -- the last event that the core keeps
    pruned     INTEGER NOT NULL,          -- the last event that is no longer here; 0: none
    pruned_hash BLOB NOT NULL,            -- its hash, or the origin
    clock      INTEGER NOT NULL           -- the latest moment that was seen
) STRICT;

-- The end of the chain, and the key of the event that comes next. One row, overwritten with each event.
CREATE TABLE chain (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    seq     INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    ratchet BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    seq   INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    event TEXT NOT NULL,                  -- contract::sync::Event as JSON: these bytes are chained
    hash  BLOB NOT NULL,
    tag   BLOB NOT NULL
) STRICT;

-- How much is held: of messages (1) and of what lies in drop boxes (2).
CREATE TABLE held (
    kind  INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO held (kind, count, bytes) VALUES (1, 0, 0), (2, 0, 0);

-- Messages, and the tombstones that they become. Row numbers are never used a second time: they join a row with its
-- bytes here and with its data key in the other database.
CREATE TABLE message (
    row           INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE,
    digest        BLOB NOT NULL,          -- of the whole push
    header        TEXT NOT NULL,
    nonce         BLOB NOT NULL,
    link          BLOB NOT NULL,          -- SHA-256 of A1; stays in the tombstone
    open          BLOB,                   -- SHA-256 of A2
    size          INTEGER NOT NULL,       -- of the ciphertext
    pushed_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    readings_left INTEGER NOT NULL,
    max_wrong     INTEGER NOT NULL,
    tries_left    INTEGER NOT NULL,
    unlocked      INTEGER NOT NULL,       -- once and no more
    opened_at     INTEGER,                -- the last reading
    state         INTEGER NOT NULL,       -- 0 live, 1 ended and not erased, 2 erased: a tombstone
    ended         INTEGER,                -- how: 1 read, 2 expired, 3 revoked, 4 destroyed
    ended_at      INTEGER,
    ended_seq     INTEGER,                -- the event that tells it
    due           INTEGER NOT NULL        -- when the sweep looks at it next; 0: to be erased
) STRICT;
CREATE INDEX message_due ON message (due);

-- Readings that were taken and whose readers may still ask again.
CREATE TABLE claim (
    message INTEGER NOT NULL REFERENCES message (row) ON DELETE CASCADE,
    claim   BLOB NOT NULL,                -- SHA-256 of the reader's claim
    until   INTEGER NOT NULL,
    PRIMARY KEY (message, claim)
) STRICT, WITHOUT ROWID;

-- Ciphertext under data keys, of messages and of drop boxes: `row << 16 | number`.
CREATE TABLE piece (
    place INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- Commands that were answered, with their answers. `at` is when; for one that found no message it is earlier, so that it is
-- forgotten sooner.
CREATE TABLE command (
    id     BLOB PRIMARY KEY,
    at     INTEGER NOT NULL,
    answer TEXT NOT NULL                  -- contract::sync::Commanded as JSON
) STRICT;
CREATE INDEX command_at ON command (at);

-- Drop boxes. Their rows are numbered together with those of messages.
CREATE TABLE request (
    row        INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    public_key BLOB NOT NULL,
    upload     BLOB NOT NULL,             -- SHA-256 of the upload proof
    largest    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    size       INTEGER,                   -- of what came in
    digest     BLOB,
    state      INTEGER NOT NULL,          -- 0 awaits, 1 holds something, 2 to be erased, 3 erased
    due        INTEGER NOT NULL
) STRICT;
CREATE INDEX request_due ON request (due);

-- Heads of the core's audit.
CREATE TABLE witness (
    number INTEGER PRIMARY KEY,
    line   TEXT NOT NULL
) STRICT;
