-- What lists are narrowed by, and which rows stand in which. All of it follows from the stored records by itself, so no way of
-- writing them can forget it. `instr` tells the rows of other models apart without taking their JSON apart.

-- Rows by when they changed last. Moments grow, so this is written at its end.
CREATE INDEX records_changed ON records (scope, changed_at);

-- The rows that belong to a candidate, and the rows and candidates that belong to a job.
CREATE INDEX unified_of_candidates ON unified (json ->> 'candidate_id')
WHERE instr(json, '"candidate_id":"') > 0;
CREATE INDEX unified_of_jobs ON unified (json ->> 'job_id', json ->> 'candidate_id')
WHERE instr(json, '"job_id":"') > 0;

-- The addresses of a row, in small letters.
CREATE TABLE emails (
    email TEXT NOT NULL,
    key INTEGER NOT NULL,
    PRIMARY KEY (email, key)
) STRICT, WITHOUT ROWID;

INSERT INTO emails (email, key)
SELECT DISTINCT lower(entry.value ->> 'email_address'), unified.key
FROM unified, json_each(unified.json, '$.email_addresses') AS entry
WHERE instr(unified.json, '"email_addresses":[{') > 0 AND entry.value ->> 'email_address' IS NOT NULL;

CREATE TRIGGER emails_of_new AFTER INSERT ON unified WHEN instr(new.json, '"email_addresses":[{') > 0
BEGIN
    INSERT INTO emails (email, key)
    SELECT DISTINCT lower(entry.value ->> 'email_address'), new.key
    FROM json_each(new.json, '$.email_addresses') AS entry WHERE entry.value ->> 'email_address' IS NOT NULL;
END;

CREATE TRIGGER emails_of_changed AFTER UPDATE OF json ON unified
WHEN (instr(old.json, '"email_addresses":[{') > 0 OR instr(new.json, '"email_addresses":[{') > 0)
    AND old.json -> 'email_addresses' IS NOT new.json -> 'email_addresses'
BEGIN
    DELETE FROM emails WHERE key = old.key AND email IN (
        SELECT lower(entry.value ->> 'email_address') FROM json_each(old.json, '$.email_addresses') AS entry
    );
    INSERT INTO emails (email, key)
    SELECT DISTINCT lower(entry.value ->> 'email_address'), new.key
    FROM json_each(new.json, '$.email_addresses') AS entry WHERE entry.value ->> 'email_address' IS NOT NULL;
END;

CREATE TRIGGER emails_of_gone AFTER DELETE ON unified WHEN instr(old.json, '"email_addresses":[{') > 0
BEGIN
    DELETE FROM emails WHERE key = old.key AND email IN (
        SELECT lower(entry.value ->> 'email_address') FROM json_each(old.json, '$.email_addresses') AS entry
    );
END;

-- When rows of a scope last came to an owner, or left it: a group, '' for the rows of none; or a row that others name.
CREATE TABLE memberships (
    scope INTEGER NOT NULL,
    owner TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (scope, owner)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_changed ON memberships (scope, changed_at);

INSERT INTO memberships (scope, owner, changed_at)
SELECT scope, coalesce(group_key, ''), max(CASE WHEN remote_deleted_at IS NULL THEN created_at ELSE changed_at END)
FROM records JOIN scopes ON scopes.number = records.scope
WHERE scopes.model = 'application_stages' GROUP BY scope, coalesce(group_key, '');

-- A row that goes to another candidate leaves no trace with the one before. Those that come are found by the rows themselves.
CREATE TRIGGER candidate_changed AFTER UPDATE OF json ON unified
WHEN instr(old.json, '"candidate_id":"') > 0 AND old.json ->> 'candidate_id' IS NOT new.json ->> 'candidate_id'
BEGIN
    INSERT INTO memberships (scope, owner, changed_at)
    SELECT scope, old.json ->> 'candidate_id', changed_at FROM records
    WHERE key = old.key AND remote_deleted_at IS NULL AND old.json ->> 'candidate_id' IS NOT NULL
    ON CONFLICT (scope, owner) DO UPDATE SET changed_at = max(memberships.changed_at, excluded.changed_at);
END;

-- Keys by which the program knows again what it gave out.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

INSERT INTO secrets (name, value) VALUES ('cursors', randomblob(32));
