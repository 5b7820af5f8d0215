-- What is wrong or was, one row an incident. `body`: the whole of it, JSON. Times: Unix milliseconds.
CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    aspect TEXT NOT NULL,
    state TEXT NOT NULL,
    severity TEXT NOT NULL,
    owner TEXT NOT NULL,
    suspected INTEGER NOT NULL,
    opened INTEGER,
    ended INTEGER,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- At most one of a key is open.
CREATE UNIQUE INDEX one_open ON incidents (name, aspect) WHERE state IN ('suspect', 'firing', 'recovering');
CREATE INDEX incidents_by_end ON incidents (ended);

-- What became of each, in order; only ever added to. `body`: the transition, JSON.
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    incident TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_incident ON events (incident, number);

-- Messages as they leave, shared by all who get the same. `line`: JSON.
CREATE TABLE renderings (
    key INTEGER PRIMARY KEY,
    message BLOB NOT NULL,
    short BLOB NOT NULL,
    line TEXT NOT NULL
) STRICT;

-- One message to one receiver. Without an incident: a digest or a test. `said`: what the receiver's side answered.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    incident TEXT REFERENCES incidents (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    message_id TEXT NOT NULL,
    root_id TEXT,
    parent_id TEXT,
    rendering INTEGER NOT NULL REFERENCES renderings (key),
    queued INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'pending',
    said TEXT NOT NULL DEFAULT '',
    settled INTEGER,
    bundled_by INTEGER REFERENCES outbox (id),
    UNIQUE (incident, seq, channel, recipient)
) STRICT;
CREATE INDEX waiting ON outbox (channel, not_before) WHERE state IN ('pending', 'sending', 'unknown', 'deferred');
CREATE INDEX outbox_by_incident ON outbox (incident, channel, recipient, seq);
CREATE INDEX outbox_by_rendering ON outbox (rendering);
CREATE INDEX outbox_by_bundle ON outbox (bundled_by) WHERE bundled_by IS NOT NULL;
