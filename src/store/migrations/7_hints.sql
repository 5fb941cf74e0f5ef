-- What the source told of records by itself, until they were read. A hint is a row of its own, however often the same
-- record is told of: one that comes while the record is read is not lost.
CREATE TABLE hints (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    gone INTEGER NOT NULL, -- whether the source said that it is gone
    told_at TEXT NOT NULL, -- when it happened, as the source says
    received_at TEXT NOT NULL,
    due_at TEXT, -- when it is to be read; null where only a sync brings it
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX hints_of_connections ON hints (connection, due_at);

-- The deliveries that came, by digests of their ids, for longer than a copy of one would be taken.
CREATE TABLE deliveries (
    connection TEXT NOT NULL,
    id TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (connection, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_by_age ON deliveries (received_at);

-- Runs under way are few among many, and each beginning looks for them.
CREATE INDEX syncs_running ON syncs (connection, model, kind) WHERE state = 'running';
