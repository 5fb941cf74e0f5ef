-- What a source calls its free fields and their options, read whole at the beginning of a sync.
CREATE TABLE labels (
    connection TEXT NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (connection, id)
) STRICT;
