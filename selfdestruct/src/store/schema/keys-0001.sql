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
