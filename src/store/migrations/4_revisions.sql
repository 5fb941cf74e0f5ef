-- The read that brought the raw record, by its number. 0 where the source could not give all of it; null where it is
-- not known.
ALTER TABLE records ADD COLUMN fetched_by INTEGER;

-- Grows with every batch of rows that were mapped again: by it a page that was compared before sees that they were.
ALTER TABLE scopes ADD COLUMN remapped INTEGER NOT NULL DEFAULT 0;
-- Grows with every page and every end of a run: by it a batch sees the same of those.
ALTER TABLE scopes ADD COLUMN written INTEGER NOT NULL DEFAULT 0;

-- What a run asks for, as a digest: it goes on only if that is the same.
ALTER TABLE syncs ADD COLUMN operation TEXT NOT NULL DEFAULT '';
-- Which rows it asks for, as a digest, whatever is read of each.
ALTER TABLE syncs ADD COLUMN choice TEXT NOT NULL DEFAULT '';

-- The paths that reads ask for, as a JSON list.
CREATE TABLE reads (
    number INTEGER PRIMARY KEY,
    paths TEXT NOT NULL UNIQUE
) STRICT;

-- The revisions that connections ran with. The files of the last ones are kept.
CREATE TABLE revisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    hash TEXT NOT NULL,
    connector TEXT NOT NULL,
    first_used_at TEXT NOT NULL,
    used_at TEXT NOT NULL, -- when it came into use last
    before TEXT, -- the hash of the one in use until then
    files TEXT, -- digests of texts by path, as JSON
    UNIQUE (connection, hash)
) STRICT;

-- Texts of files, compressed with zstd; what several revisions share stands here once.
CREATE TABLE texts (
    digest TEXT PRIMARY KEY,
    text BLOB NOT NULL
) STRICT;

-- What a revision does with the records of a model. Revisions with the same signature map alike.
CREATE TABLE plans (
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    hash TEXT NOT NULL,
    signature TEXT NOT NULL,
    detail TEXT NOT NULL, -- the signature field by field, as JSON
    PRIMARY KEY (connection, model, hash)
) STRICT;

-- What happened to records, one row for each transaction in which something did. Written in that transaction, so that nothing
-- is told that did not happen.
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('sync', 'remap')),
    revision TEXT NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    keys TEXT -- of the rows, as a JSON list; none when everything that a run did not see was deleted
) STRICT;

CREATE INDEX events_of_revisions ON events (connection, revision);
