-- Times are Unix nanoseconds, slots are Unix seconds, 0 is "never". States are the numbers of codes.go.

-- +goose Up
PRAGMA application_id = 0x44524950; -- "DRIP"

-- AUTOINCREMENT: the number of an abandoned engagement is never given to another.
CREATE TABLE engagements (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    config   TEXT    NOT NULL, -- drip.Engagement as JSON
    state    INTEGER NOT NULL,
    reason   TEXT    NOT NULL DEFAULT '',
    steps    INTEGER NOT NULL,
    start    INTEGER NOT NULL, -- the first slot
    created  INTEGER NOT NULL,
    touched  INTEGER NOT NULL, -- when something was last added while loading
    started  INTEGER NOT NULL DEFAULT 0,
    finished INTEGER NOT NULL DEFAULT 0,
    contacts INTEGER NOT NULL DEFAULT 0,
    held     INTEGER NOT NULL DEFAULT 0
);

-- An account outlives every engagement: what it sent counts whoever sent it. The message it has in
-- hand is part of its row, so there can only be one. A message in hand is still planned in messages.
CREATE TABLE accounts (
    number          INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    counted         INTEGER NOT NULL DEFAULT 0, -- newest sequence number in counted
    last            INTEGER NOT NULL DEFAULT 0, -- and its time
    wait_until      INTEGER NOT NULL DEFAULT 0,
    wait_reason     TEXT    NOT NULL DEFAULT '',
    hand_engagement INTEGER NOT NULL DEFAULT 0, -- 0: nothing in hand
    hand_contact    INTEGER NOT NULL DEFAULT 0,
    hand_step       INTEGER NOT NULL DEFAULT 0,
    hand_slot       INTEGER NOT NULL DEFAULT 0,
    hand_at         INTEGER NOT NULL DEFAULT 0
);

-- The messages that count against an account's quotas, numbered without a hole in the order of their
-- times, so that "fewer than n since t" is one look at one row.
CREATE TABLE counted (
    account INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, seq)
) WITHOUT ROWID;

-- An account in an engagement, with the token of the attempt that may send for it.
CREATE TABLE senders (
    engagement INTEGER NOT NULL REFERENCES engagements (number) ON DELETE CASCADE,
    account    INTEGER NOT NULL REFERENCES accounts (number),
    contacts   INTEGER NOT NULL,
    token      TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (engagement, account)
) WITHOUT ROWID;

CREATE TABLE contacts (
    engagement INTEGER NOT NULL REFERENCES engagements (number),
    contact    INTEGER NOT NULL, -- from 1, in the order they were added
    account    INTEGER NOT NULL,
    line       INTEGER NOT NULL,
    email      TEXT    NOT NULL,
    vals       TEXT    NOT NULL, -- JSON array, one string for each column
    PRIMARY KEY (engagement, contact)
) WITHOUT ROWID;

-- One row a human being, with the one engagement they were last added to: the key is what keeps a
-- person from being in two. They are free again once that engagement has ended.
CREATE TABLE people (
    person     TEXT    NOT NULL PRIMARY KEY,
    engagement INTEGER NOT NULL, -- 0: none
    contact    INTEGER NOT NULL,
    past       INTEGER NOT NULL DEFAULT 0 -- an engagement before that one which handed them a message
) WITHOUT ROWID;

-- In an ended engagement what is still planned here is skipped; so ending it touches no message.
CREATE TABLE messages (
    engagement INTEGER NOT NULL,
    contact    INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    account    INTEGER NOT NULL,
    state      INTEGER NOT NULL DEFAULT 0,
    due        INTEGER, -- NULL until the step before was sent
    slot       INTEGER NOT NULL DEFAULT 0, -- in which it was handed over
    at         INTEGER NOT NULL DEFAULT 0, -- when its outcome was known
    attempts   INTEGER NOT NULL DEFAULT 0,
    message_id TEXT    NOT NULL DEFAULT '',
    answer     TEXT    NOT NULL DEFAULT '',
    reason     TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (engagement, contact, step)
) WITHOUT ROWID;

CREATE INDEX queue ON messages (engagement, account, step, due, contact)
    WHERE state = 0 AND due IS NOT NULL;

CREATE TABLE bookings (
    account    INTEGER NOT NULL REFERENCES accounts (number),
    slot       INTEGER NOT NULL,
    engagement INTEGER NOT NULL REFERENCES engagements (number),
    step       INTEGER NOT NULL,
    bound      TEXT    NOT NULL, -- drip.Limit: what kept the slot from taking more
    booked     INTEGER NOT NULL,
    freed      INTEGER NOT NULL DEFAULT 0, -- given back: it is not capacity in use any more
    missed     INTEGER NOT NULL DEFAULT 0, -- of the freed: what the slot had planned once it had begun
    sent       INTEGER NOT NULL DEFAULT 0,
    failed     INTEGER NOT NULL DEFAULT 0,
    unknown    INTEGER NOT NULL DEFAULT 0,
    deferred   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, slot, engagement, step)
) WITHOUT ROWID;

CREATE INDEX bookings_of_engagement ON bookings (engagement, slot);

CREATE VIEW capacity AS
SELECT u.*, u.booked - u.freed - u.used AS unused
FROM (SELECT b.*, b.sent + b.failed + b.unknown + b.deferred
               + (a.hand_engagement = b.engagement AND a.hand_slot = b.slot AND a.hand_step = b.step) AS used
      FROM bookings b JOIN accounts a ON a.number = b.account) u;

-- How many messages of an account and step were skipped while the engagement went on.
CREATE TABLE skips (
    engagement INTEGER NOT NULL REFERENCES engagements (number),
    account    INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    skipped    INTEGER NOT NULL,
    PRIMARY KEY (engagement, account, step)
) WITHOUT ROWID;

CREATE TABLE moves (
    number     INTEGER PRIMARY KEY,
    engagement INTEGER NOT NULL REFERENCES engagements (number),
    at         INTEGER NOT NULL,
    slot       INTEGER NOT NULL,
    account    INTEGER NOT NULL REFERENCES accounts (number),
    moved      INTEGER NOT NULL,
    reason     TEXT    NOT NULL
);

CREATE INDEX moves_of_engagement ON moves (engagement, at);

CREATE TABLE held (
    number     INTEGER PRIMARY KEY,
    engagement INTEGER NOT NULL REFERENCES engagements (number),
    line       INTEGER NOT NULL,
    email      TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    detail     TEXT    NOT NULL
);

CREATE INDEX held_of_engagement ON held (engagement, line);

CREATE TABLE blocklist (
    entry TEXT    NOT NULL PRIMARY KEY,
    added INTEGER NOT NULL
) WITHOUT ROWID;
