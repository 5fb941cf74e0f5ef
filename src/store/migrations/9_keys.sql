-- Keys of the HTTP API. Of a key's secret only a digest is kept.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of the secret, which is 256 random bits
    connections TEXT, -- names as a JSON list; null when it opens all
    read_only INTEGER NOT NULL DEFAULT 0 CHECK (read_only IN (0, 1)),
    created_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;

CREATE UNIQUE INDEX names_of_keys ON api_keys (name) WHERE revoked_at IS NULL;

-- By this consumers of the API tell one store from another.
CREATE TABLE environment (id TEXT NOT NULL) STRICT;
INSERT INTO environment (id) VALUES (lower(hex(randomblob(12))));
