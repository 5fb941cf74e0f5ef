-- Where this engine tells of what happens.
CREATE TABLE webhook_endpoints (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    types TEXT, -- a JSON list of what it is told of; null for everything
    connections TEXT, -- a JSON list of the connections that it is told of; null for all
    secret TEXT NOT NULL, -- where its secret is kept, never the secret
    created_at TEXT NOT NULL,
    after_event INTEGER NOT NULL, -- the latest event and change of a state when it was made: it is told of later ones
    after_state INTEGER NOT NULL,
    delivered_at TEXT, -- when it took something last
    error TEXT -- why it did not take what was sent last; null when it did
) STRICT;

-- What is told, as it is sent: the same bytes each time.
CREATE TABLE webhook_messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    connection TEXT NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- One row for each message and endpoint. It is written with the message, and settled behind the answer.
CREATE TABLE webhook_deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL REFERENCES webhook_messages (number) ON DELETE CASCADE,
    endpoint TEXT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    since TEXT NOT NULL, -- from when on it is tried
    due_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    status INTEGER, -- of the last answer
    error TEXT, -- why the last attempt failed
    ended_at TEXT
) STRICT;

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_of_endpoints ON webhook_deliveries (endpoint, state);
CREATE INDEX webhook_deliveries_of_messages ON webhook_deliveries (message);

-- How far changes of each connection are told, and when they were told last.
CREATE TABLE webhook_windows (
    connection TEXT PRIMARY KEY,
    event INTEGER NOT NULL,
    told_at TEXT
) STRICT;

-- What was known of each connection when it was looked at last, so that differences are told.
CREATE TABLE webhook_integrations (
    connection TEXT PRIMARY KEY,
    known TEXT NOT NULL -- JSON
) STRICT;
