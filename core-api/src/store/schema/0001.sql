-- Moments are milliseconds since the Unix epoch, ids are 16 random bytes, accounts are objectGUIDs.

CREATE TABLE recovery (
    id            BLOB PRIMARY KEY,
    handle_hash   BLOB NOT NULL UNIQUE,   -- SHA-256 of the handle: a stolen database opens nothing
    former_hash   BLOB,                   -- of the handle before the last passed step, for a lost answer
    passed_box    BLOB,                   -- SHA-256 of the box that passed
    passed_at     INTEGER,
    portal        TEXT NOT NULL,          -- the certificate name that began it, for caps and the audit
    origin        TEXT NOT NULL,          -- the public origin that it belongs to
    identifier    TEXT NOT NULL,          -- as typed
    phantom       BLOB NOT NULL,          -- stands in for the account in every count while there is none
    source        TEXT NOT NULL,
    language      TEXT NOT NULL,
    step          INTEGER NOT NULL,       -- spent by each box that is judged
    picks         INTEGER NOT NULL DEFAULT 0, -- methods picked so far
    challenge     BLOB,                   -- of the method that was picked
    wrong         INTEGER NOT NULL,       -- the last proof of this step was wrong
    resolved      INTEGER NOT NULL,
    state         TEXT NOT NULL,          -- domain::recovery::Recovery as JSON
    begun_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX recovery_former ON recovery (former_hash) WHERE former_hash IS NOT NULL;
CREATE INDEX recovery_unresolved ON recovery (resolved) WHERE resolved = 0;
CREATE INDEX recovery_begun ON recovery (begun_at);

-- Codes that were sent. One row a sending; a newer one voids the older of the same recovery.
CREATE TABLE code (
    id        BLOB PRIMARY KEY,
    recovery  BLOB NOT NULL REFERENCES recovery (id) ON DELETE CASCADE,
    challenge BLOB NOT NULL,
    account   BLOB NOT NULL,
    method    TEXT NOT NULL,
    mac       BLOB NOT NULL,              -- HMAC of the code, bound to its row
    sent_at   INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    tries     INTEGER NOT NULL,           -- wrong ones so far
    spent_at  INTEGER
) STRICT;
CREATE INDEX code_recovery ON code (recovery);
CREATE INDEX code_account ON code (account, sent_at);

-- Enrolled factors.
CREATE TABLE factor (
    id          BLOB PRIMARY KEY,
    account     BLOB NOT NULL,
    method      TEXT NOT NULL,
    label       TEXT NOT NULL,            -- what its owner recognises it by, masked
    key_id      TEXT NOT NULL,            -- which at-rest key sealed the secret
    secret      BLOB NOT NULL,            -- AES-256-GCM, the row's id as associated data
    since       INTEGER NOT NULL,
    counts_from INTEGER,                  -- end of the hold; null while its confirmation is awaited
    last_step   INTEGER NOT NULL          -- the last authenticator step that was accepted
) STRICT;
CREATE INDEX factor_account ON factor (account, method);

-- Recovery codes: the first two characters select the row, so one Argon2id run judges a try.
CREATE TABLE recovery_code (
    factor   BLOB NOT NULL REFERENCES factor (id) ON DELETE CASCADE,
    selector TEXT NOT NULL,
    hash     TEXT NOT NULL,
    used_at  INTEGER,
    PRIMARY KEY (factor, selector)
) STRICT;

-- Invitations: one use, bound to the account.
CREATE TABLE invitation (
    selector TEXT PRIMARY KEY,
    hash     BLOB NOT NULL,
    account  BLOB NOT NULL,
    made_by  TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    used_at  INTEGER
) STRICT;
CREATE INDEX invitation_account ON invitation (account);

-- What was tried, for budgets. `account` may be a phantom.
CREATE TABLE attempt (
    account BLOB NOT NULL,
    method  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    correct INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_account ON attempt (account, method, at);

-- How often a guessable method was wrong since it was last right or set up anew. `account` may be a phantom.
CREATE TABLE wrong_row (
    account BLOB NOT NULL,
    method  TEXT NOT NULL,
    tries   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (account, method)
) STRICT;

-- Recoveries begun and codes sent, by whatever is limited: a source, an identifier, an account, a destination.
CREATE TABLE tally (
    kind TEXT NOT NULL,
    key  BLOB NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
CREATE INDEX tally_key ON tally (kind, key, at);
CREATE INDEX tally_at ON tally (at);

-- Writes to the directory: the intent stands here before it is sent, the outcome before anybody is told.
CREATE TABLE operation (
    id          BLOB PRIMARY KEY,
    recovery    BLOB NOT NULL,
    idempotency TEXT NOT NULL,
    account     BLOB NOT NULL,
    action      TEXT NOT NULL,
    unlock_too  INTEGER NOT NULL,
    reference   TEXT NOT NULL,
    portal      TEXT NOT NULL,            -- which portal it came through, for the brake
    evidence    TEXT NOT NULL,            -- what the directory showed before
    asked_at    INTEGER NOT NULL,
    outcome     TEXT,                     -- JSON; null while nobody knows
    answered_at INTEGER,
    UNIQUE (recovery, idempotency)
) STRICT;
CREATE INDEX operation_account ON operation (account, action, asked_at);
CREATE INDEX operation_portal ON operation (portal, asked_at);
CREATE INDEX operation_open ON operation (asked_at) WHERE outcome IS NULL;

-- What is to be sent, sealed under the at-rest key until it is gone.
CREATE TABLE outbox (
    id         BLOB PRIMARY KEY,
    kind       TEXT NOT NULL,
    recovery   BLOB,                      -- that a code is for: a newer code is sent instead, not as well
    key_id     TEXT NOT NULL,
    payload    BLOB NOT NULL,
    made_at    INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    tries      INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (kind, not_before);
CREATE UNIQUE INDEX outbox_recovery ON outbox (recovery) WHERE recovery IS NOT NULL;

-- Self-service of an account that its owner stopped ("this was not me"), until the helpdesk lifts it.
CREATE TABLE freeze (
    account BLOB PRIMARY KEY,
    at      INTEGER NOT NULL,
    why     TEXT NOT NULL
) STRICT;

-- The tokens of "this was not me" links.
CREATE TABLE not_me (
    hash    BLOB PRIMARY KEY,
    account BLOB NOT NULL,
    until   INTEGER NOT NULL
) STRICT;

-- Portals that are paused, and since when.
CREATE TABLE pause (
    portal TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    why    TEXT NOT NULL
) STRICT;

-- The audit: `record` is chained as it stands; names and addresses stand aside and can be redacted.
CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    record BLOB NOT NULL,
    hash   BLOB NOT NULL
) STRICT;
CREATE TABLE audit_personal (
    seq    INTEGER PRIMARY KEY REFERENCES audit (seq),
    salt   BLOB NOT NULL,
    fields BLOB NOT NULL
) STRICT;
CREATE TABLE checkpoint (
    seq  INTEGER PRIMARY KEY,
    line TEXT NOT NULL                    -- the signed head, as it also leaves the machine
) STRICT;

-- Single facts: the core's generation and the high-water mark of wall time.
CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
