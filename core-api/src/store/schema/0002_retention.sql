-- Addresses are erased sooner than names, so they have a side row of their own. Records from before keep theirs with the
-- names.
CREATE TABLE audit_source (
    seq    INTEGER PRIMARY KEY REFERENCES audit (seq),
    salt   BLOB NOT NULL,
    fields BLOB NOT NULL
) STRICT;

-- Which records of the audit say that side rows were erased.
CREATE TABLE redaction (
    seq INTEGER PRIMARY KEY REFERENCES audit (seq)
) STRICT;

-- Accounts at which somebody failed, once an hour and scope (a network, a portal, everything), and how many they were.
-- `account` may be a phantom.
CREATE TABLE sprayed (
    scope   BLOB NOT NULL,
    hour    INTEGER NOT NULL,             -- its beginning
    account BLOB NOT NULL,
    PRIMARY KEY (scope, hour, account)
) STRICT;
CREATE INDEX sprayed_hour ON sprayed (hour);
CREATE TABLE spray (
    scope    BLOB NOT NULL,
    hour     INTEGER NOT NULL,
    accounts INTEGER NOT NULL,
    PRIMARY KEY (scope, hour)
) STRICT;
CREATE INDEX spray_hour ON spray (hour);

-- The worker asks for the oldest that wait, each time that one is done: it must not have to sort all of them.
DROP INDEX recovery_unresolved;
CREATE INDEX recovery_unresolved ON recovery (begun_at) WHERE resolved = 0;
