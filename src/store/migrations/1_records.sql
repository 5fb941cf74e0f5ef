PRAGMA application_id = 1482116171; -- "XWLK": by it the file is told from the databases of other programs

-- One connection's rows of one model. The rows of a scope lie side by side: their keys begin at number << 40.
CREATE TABLE scopes (
    number INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    UNIQUE (connection, model)
) STRICT;

-- What is known of each record, without its two large values: comparing, marking, counting and tombstoning read
-- narrow rows only.
CREATE TABLE records (
    key INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL REFERENCES scopes (number),
    remote_id TEXT NOT NULL,
    id TEXT NOT NULL,
    unified_hash BLOB,
    raw_hash BLOB NOT NULL,
    revision TEXT NOT NULL,
    issues TEXT,
    failure TEXT,
    group_key TEXT,
    members_of TEXT,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    remote_deleted_at TEXT,
    seen INTEGER NOT NULL, -- the sync that saw the record last; 0 after that sync was restarted
    UNIQUE (scope, remote_id)
) STRICT;

CREATE INDEX records_by_id ON records (id);

-- The unified record as JSON. A record that never mapped has none.
CREATE TABLE unified (
    key INTEGER PRIMARY KEY REFERENCES records (key) ON DELETE CASCADE,
    json TEXT NOT NULL
) STRICT;

-- The record as the source sent it, compressed with zstd.
CREATE TABLE raw (
    key INTEGER PRIMARY KEY REFERENCES records (key) ON DELETE CASCADE,
    payload BLOB NOT NULL
) STRICT;

-- One row for each time that a model of a connection was read.
CREATE TABLE syncs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    revision TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'failed')),
    epoch INTEGER NOT NULL DEFAULT 0, -- grows with every write of the run, so that a stale holder of it is refused
    started_at TEXT NOT NULL, -- also the $now of its mappings
    ended_at TEXT,
    next_page INTEGER NOT NULL DEFAULT 0,
    total INTEGER,
    fetched INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    issues INTEGER NOT NULL DEFAULT 0,
    message TEXT
) STRICT;
