-- Runs are of several kinds now. A check of a column cannot be changed, so the table is made anew.
CREATE TABLE syncs_5 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'full' CHECK (kind IN ('full', 'delta', 'sweep', 'confirm', 'reread')),
    since TEXT, -- a delta asks for what changed from then on, and a little earlier
    tenant TEXT NOT NULL DEFAULT '', -- of whom was asked, as a digest
    revision TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'failed', 'held')),
    epoch INTEGER NOT NULL DEFAULT 0, -- grows with every write of the run, so that a stale holder of it is refused
    started_at TEXT NOT NULL, -- also the $now of its mappings
    ended_at TEXT,
    next_page INTEGER NOT NULL DEFAULT 0,
    next_cursor TEXT,
    total INTEGER,
    fetched INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    issues INTEGER NOT NULL DEFAULT 0,
    operation TEXT NOT NULL DEFAULT '', -- what is asked for, as a digest: a run goes on only if that is the same
    choice TEXT NOT NULL DEFAULT '', -- which rows are asked for, as a digest, whatever is read of each
    message TEXT
) STRICT;

INSERT INTO syncs_5 (id, connection, model, revision, state, epoch, started_at, ended_at, next_page, next_cursor, total,
    fetched, created, changed, unchanged, deleted, failed, issues, operation, choice, message)
SELECT id, connection, model, revision, state, epoch, started_at, ended_at, next_page, next_cursor, total,
    fetched, created, changed, unchanged, deleted, failed, issues, operation, choice, message FROM syncs;

DROP TABLE syncs;
ALTER TABLE syncs_5 RENAME TO syncs;
CREATE INDEX syncs_of_kinds ON syncs (connection, model, kind, id);

-- Whether the source had the row no more when it was last looked for. A row that it marks as deleted is still there.
ALTER TABLE records ADD COLUMN vanished INTEGER NOT NULL DEFAULT 0;

-- Those that are still to be cleared.
CREATE INDEX records_deleted ON records (remote_deleted_at) WHERE remote_deleted_at IS NOT NULL AND raw_hash <> x'';

-- That deletions are held is told as well. Here too the table is made anew for the sake of a check.
CREATE TABLE events_5 (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('sync', 'remap', 'held')),
    revision TEXT NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    keys TEXT -- of the rows, as a JSON list; none when everything that a run did not see was deleted
) STRICT;

INSERT INTO events_5 SELECT number, at, connection, model, cause, revision, created, changed, deleted, keys FROM events;
-- A number is never given twice, also where the last events were forgotten.
DELETE FROM sqlite_sequence WHERE name = 'events_5';
INSERT INTO sqlite_sequence (name, seq) SELECT 'events_5', seq FROM sqlite_sequence WHERE name = 'events';
DROP TABLE events;
ALTER TABLE events_5 RENAME TO events;
CREATE INDEX events_of_revisions ON events (connection, revision);
