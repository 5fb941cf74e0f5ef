-- Actions that were begun: one row each. What was asked for is kept until nothing is left to be done.
CREATE TABLE action_runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection TEXT NOT NULL,
    action TEXT NOT NULL,
    key TEXT, -- a digest of the text by which a repetition is known; null once the same may be asked for anew
    key_seconds INTEGER, -- how long after the end that is; null where the key is kept as long as the row
    key_until TEXT, -- when that is; null before the end
    input_hash TEXT NOT NULL,
    input BLOB, -- JSON, compressed with zstd; null once nothing is left to be done
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'refused', 'failed', 'unclear')),
    epoch INTEGER NOT NULL DEFAULT 0, -- grows each time somebody goes on with it, so that a stale holder of it is refused
    resumed INTEGER NOT NULL DEFAULT 0,
    revision TEXT NOT NULL, -- of the files that it goes on with
    began_at TEXT NOT NULL, -- also its $now
    changed_at TEXT NOT NULL,
    ended_at TEXT,
    result_model TEXT,
    result_id TEXT, -- the source's id
    warnings TEXT, -- a JSON list of texts
    error TEXT -- JSON
) STRICT;

CREATE UNIQUE INDEX action_runs_by_key ON action_runs (connection, key) WHERE key IS NOT NULL;
CREATE INDEX action_runs_open ON action_runs (connection, number) WHERE state = 'running';
CREATE INDEX action_runs_by_age ON action_runs (changed_at);

-- Their steps. The row of one that writes is there before its request is sent.
CREATE TABLE action_steps (
    run INTEGER NOT NULL REFERENCES action_runs (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('began', 'done', 'refused', 'undone')),
    attempts INTEGER NOT NULL DEFAULT 1,
    began_at TEXT NOT NULL,
    ended_at TEXT,
    result TEXT, -- what later steps read of it, as JSON; null once nothing is left to be done
    PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;

-- Records that actions made or changed. They outlive the rows above: a connection may read these alone.
CREATE TABLE acted_records (
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    run TEXT NOT NULL, -- the id of the last run
    at TEXT NOT NULL,
    PRIMARY KEY (connection, model, remote_id)
) STRICT, WITHOUT ROWID;
