-- Data keys, by the row that they belong to in the other database.
CREATE TABLE data_key (
    row INTEGER PRIMARY KEY,
    key BLOB NOT NULL
) STRICT;

-- What the site signs with, by epoch.
CREATE TABLE signing_key (
    epoch INTEGER PRIMARY KEY,
    key   BLOB NOT NULL
) STRICT;

-- A place that the chain in the other database has reached: an older copy of that has not. One row.
CREATE TABLE anchor (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    hash  BLOB NOT NULL
) STRICT;
