-- One-time messages: the sites that hold them, what is on its way there, and what came back.

-- A site that is paired. Where it is stands in the configuration.
CREATE TABLE site (
    name       TEXT PRIMARY KEY,
    retired_at INTEGER,                   -- set: nobody dials it any more
    paired_at  INTEGER NOT NULL,
    pins       TEXT NOT NULL,             -- SHA-256 of the keys that its end of the link may have, as JSON
    site_key   BLOB NOT NULL,             -- its Ed25519 key, which signs heads and receipts
    epoch      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,          -- the last event that is kept here
    hash       BLOB NOT NULL,             -- and its hash; of none, the epoch's origin
    key_id     TEXT NOT NULL,
    ratchet    BLOB NOT NULL,             -- the key of the next event, under the at-rest key
    head       TEXT,                      -- the last signed head that was good, as it came
    head_at    INTEGER,                   -- when that was, by our clock
    skew_ms    INTEGER,                   -- how far its clock was ahead of ours then
    trouble    TEXT,                      -- why nothing is pulled and pushed; null when all is well
    witness    TEXT                       -- the last checkpoint of our audit that it gave back
) STRICT;

-- An epoch that was offered to a site and not opened there yet: by a pairing file, or, where it follows a head, by
-- a call. It outlives a restart, so that both sides mean the same first key.
CREATE TABLE site_offer (
    site         TEXT PRIMARY KEY,
    epoch        INTEGER NOT NULL,
    follows_seq  INTEGER,
    follows_hash BLOB,
    key_id       TEXT NOT NULL,
    ratchet      BLOB NOT NULL,
    made_at      INTEGER NOT NULL
) STRICT;

-- A message, without its content: that is in `push` until the site took it, and here never.
CREATE TABLE message (
    id            BLOB PRIMARY KEY,       -- as in its link
    site          TEXT NOT NULL,
    epoch         INTEGER,                -- in which the site took it; null until then
    sender        TEXT NOT NULL,
    made_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    stored_at     INTEGER,                -- when its receipt came
    ended_at      INTEGER,
    stage         TEXT NOT NULL,          -- the state's name, for looking up
    state         TEXT NOT NULL,          -- domain::message::Message as JSON
    key_id        TEXT NOT NULL,
    details       BLOB NOT NULL,          -- for whom, why and whom to tell, under the at-rest key
    secret_key_id TEXT,
    secret        BLOB                    -- the link that is to be mailed, likewise; null once the letter is queued
) STRICT;
CREATE INDEX message_made ON message (made_at);
CREATE INDEX message_sender ON message (sender, made_at);
CREATE INDEX message_live ON message (site, expires_at) WHERE ended_at IS NULL;
CREATE INDEX message_ended ON message (ended_at) WHERE ended_at IS NOT NULL;

-- Bodies that wait for a receipt. The body is the last column, so that a look at the others does not read it.
CREATE TABLE push (
    message  BLOB PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    site     TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    tried_at INTEGER,                     -- set before the first try: from then on the site may have it
    size     INTEGER NOT NULL,
    digest   BLOB NOT NULL,
    body     BLOB NOT NULL
) STRICT;
CREATE INDEX push_waiting ON push (site, made_at);

-- What is to be done to messages on a site.
CREATE TABLE command (
    id          BLOB PRIMARY KEY,
    message     BLOB NOT NULL,
    site        TEXT NOT NULL,
    made_at     INTEGER NOT NULL,
    wanted      TEXT NOT NULL,            -- contract::sync::Order as JSON
    answer      TEXT,                     -- contract::sync::Commanded as JSON; null while it waits
    answered_at INTEGER
) STRICT;
CREATE INDEX command_waiting ON command (site, made_at) WHERE answered_at IS NULL;
CREATE INDEX command_message ON command (message);
CREATE INDEX command_answered ON command (answered_at) WHERE answered_at IS NOT NULL;

-- What happened on sites, each once.
CREATE TABLE site_event (
    site       TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,          -- by the site's clock
    arrived_at INTEGER NOT NULL,          -- by ours
    message    BLOB,                      -- the message or drop request that it is about
    event      TEXT NOT NULL,             -- contract::sync::Event, as it was chained
    PRIMARY KEY (site, epoch, seq)
) STRICT;
CREATE INDEX site_event_message ON site_event (message) WHERE message IS NOT NULL;
CREATE INDEX site_event_arrived ON site_event (arrived_at);

-- Alarms that stand: one is raised once, and again only after it was over.
CREATE TABLE alarm (
    site      TEXT NOT NULL,
    what      TEXT NOT NULL,
    subject   TEXT NOT NULL,              -- the message that it is about, or nothing
    raised_at INTEGER NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (site, what, subject)
) STRICT;
CREATE INDEX alarm_raised ON alarm (raised_at);
