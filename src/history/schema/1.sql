-- What is counted by itself: a run name (step '') or a step of it, of one journey, under one responsible party ('' if
-- none). When one of them changes, a new series begins.
CREATE TABLE series (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    step TEXT NOT NULL,
    owner TEXT NOT NULL,
    journey TEXT NOT NULL,
    UNIQUE (name, step, owner, journey)
) STRICT;
CREATE INDEX series_by_journey ON series (journey);

-- What all runs of one definition under one name have in common. `used` is the Unix day of the latest run.
CREATE TABLE definitions (
    key INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    vantage TEXT NOT NULL,
    digest TEXT NOT NULL,
    notices TEXT NOT NULL,
    used INTEGER NOT NULL,
    UNIQUE (title, vantage, digest, notices)
) STRICT;
CREATE TABLE layouts (
    key INTEGER PRIMARY KEY,
    body BLOB NOT NULL UNIQUE,
    used INTEGER NOT NULL
) STRICT;

-- Passed and degraded. The id is a ULID, so rows are in the order of time, and old ones are removed from one end.
-- planned: Unix milliseconds; late: milliseconds from planned to started; elapsed: microseconds.
-- With a layout, `happened` is the run in brief; without, the run in full is in `details`.
CREATE TABLE passed_runs (
    id BLOB PRIMARY KEY,
    series INTEGER NOT NULL,
    definition INTEGER NOT NULL,
    layout INTEGER,
    planned INTEGER NOT NULL,
    late INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    happened BLOB,
    verdict TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX passed_runs_by_series ON passed_runs (series, id);
CREATE INDEX degraded_runs ON passed_runs (id) WHERE outcome = 2;

-- Failed and indeterminate; the same columns.
CREATE TABLE failed_runs (
    id BLOB PRIMARY KEY,
    series INTEGER NOT NULL,
    definition INTEGER NOT NULL,
    layout INTEGER,
    planned INTEGER NOT NULL,
    late INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    happened BLOB,
    verdict TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_runs_by_series ON failed_runs (series, id);
CREATE INDEX indeterminate_runs ON failed_runs (id) WHERE outcome = 4;

-- Runs in full: JSON, zlib.
CREATE TABLE details (
    id BLOB PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

-- Counts that are not yet in the roll-ups below: appended with every group of runs, folded once a minute.
CREATE TABLE recent (
    start INTEGER NOT NULL,
    series INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    degraded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    indeterminate INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    causes TEXT,
    latency BLOB
) STRICT;

-- start: Unix seconds; elapsed: microseconds of those that passed; causes: JSON; latency: a sketch.
CREATE TABLE five_minutes (
    start INTEGER NOT NULL,
    series INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    degraded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    indeterminate INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    causes TEXT,
    latency BLOB,
    PRIMARY KEY (start, series)
) STRICT, WITHOUT ROWID;
CREATE TABLE hourly (
    start INTEGER NOT NULL,
    series INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    degraded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    indeterminate INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    causes TEXT,
    latency BLOB,
    PRIMARY KEY (start, series)
) STRICT, WITHOUT ROWID;
CREATE TABLE daily (
    start INTEGER NOT NULL,
    series INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    degraded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    indeterminate INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    causes TEXT,
    latency BLOB,
    PRIMARY KEY (start, series)
) STRICT, WITHOUT ROWID;
