-- How each connection stands, beside its records and runs.
CREATE TABLE connection_states (
    connection TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('active', 'invalid', 'inactive')),
    since TEXT NOT NULL,
    reason TEXT,
    refused_since TEXT, -- since when the source does not take the credentials, without a break
    failures INTEGER NOT NULL DEFAULT 0, -- syncs in a row that did not come to their end
    error TEXT, -- why the last of them did not
    tried_at TEXT, -- when the last sync ended, however it did
    next_at TEXT -- when the next one is due
) STRICT;

-- What is told of the changes of the above. Written in the transaction of the change.
CREATE TABLE state_changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    connection TEXT NOT NULL,
    before TEXT, -- none when the connection is new
    state TEXT NOT NULL,
    reason TEXT
) STRICT;

CREATE INDEX syncs_of_models ON syncs (connection, model, id);
