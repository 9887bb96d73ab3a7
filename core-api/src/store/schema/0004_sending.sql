-- Ids that the core chose and whose message is not here yet. Nobody else's id is taken.
CREATE TABLE message_id (
    id      BLOB PRIMARY KEY,
    sender  TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
CREATE INDEX message_id_made ON message_id (made_at);
CREATE INDEX message_id_sender ON message_id (sender);

-- What a sender's key was used for: a repeat under it finds these messages and makes no others.
CREATE TABLE sending (
    sender      TEXT NOT NULL,
    idempotency TEXT NOT NULL,
    messages    TEXT NOT NULL,            -- ids in their order, as JSON
    made_at     INTEGER NOT NULL,
    PRIMARY KEY (sender, idempotency)
) STRICT;
CREATE INDEX sending_made ON sending (made_at);

-- Drop boxes: what outsiders were asked for. The private key is here until the drop is opened or the request ended.
CREATE TABLE drop_request (
    id         BLOB PRIMARY KEY,          -- as in its link
    site       TEXT NOT NULL,
    sender     TEXT NOT NULL,             -- who asked
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    upload     BLOB NOT NULL,             -- SHA-256 of the link's proof
    largest    INTEGER NOT NULL,          -- of the sealed thing, in bytes
    stage      TEXT NOT NULL,             -- waiting, on-site, arrived, opened, expired, damaged
    ended_at   INTEGER,
    key_id     TEXT NOT NULL,
    details    BLOB NOT NULL,             -- why it was asked, whom to tell and the private key, under the at-rest key
    size       INTEGER,
    digest     BLOB                       -- SHA-256 of what arrived
) STRICT;
CREATE INDEX drop_request_made ON drop_request (made_at);
CREATE INDEX drop_request_open ON drop_request (site, stage) WHERE ended_at IS NULL;
CREATE INDEX drop_request_ended ON drop_request (ended_at) WHERE ended_at IS NOT NULL;

-- What arrived, sealed to the request's key by the outsider and under the at-rest key by us, until it is opened. A
-- table of its own, so that a look at the requests does not read it.
CREATE TABLE drop_body (
    request BLOB PRIMARY KEY REFERENCES drop_request (id) ON DELETE CASCADE,
    key_id  TEXT NOT NULL,
    body    BLOB NOT NULL
) STRICT;
