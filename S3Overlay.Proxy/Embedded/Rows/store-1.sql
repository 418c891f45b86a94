-- Bucket names, keys and file names are BLOBs: SQLite compares them byte by byte, as S3 orders keys.

-- One row. The database has every change of the log up to this place.
CREATE TABLE state (
    segment INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    sequence INTEGER NOT NULL,   -- the highest number of a write or delete
    tombstones INTEGER NOT NULL  -- how many there are
);
INSERT INTO state VALUES (0, 0, 0, 0);

CREATE TABLE buckets (
    name BLOB PRIMARY KEY,
    is_there INTEGER NOT NULL,   -- 0: only a bucket tombstone
    is_opaque INTEGER NOT NULL,  -- 1: the remote stays hidden
    created INTEGER NOT NULL,    -- Unix milliseconds, like all times here
    region TEXT NOT NULL,
    purged INTEGER NOT NULL      -- tombstones up to this number went with the bucket
) WITHOUT ROWID;

CREATE TABLE objects (
    bucket BLOB NOT NULL,
    key BLOB NOT NULL,
    sequence INTEGER NOT NULL,   -- the place in the order of all writes and deletes
    file BLOB NOT NULL,          -- the name under objects/
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag TEXT NOT NULL,
    parts INTEGER NOT NULL,      -- 0: the bytes are in the file itself
    tags TEXT,                   -- a query string
    is_retagged INTEGER NOT NULL, -- 1: the file has other tags
    details BLOB NOT NULL,       -- headers and checksums
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
CREATE INDEX objects_retagged ON objects (bucket, key) WHERE is_retagged = 1;

CREATE TABLE tombstones (
    bucket BLOB NOT NULL,
    key BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket BLOB NOT NULL,
    key BLOB NOT NULL,
    record BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_by_key ON uploads (bucket, key, id);

CREATE TABLE parts (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    file BLOB NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag TEXT NOT NULL,
    details BLOB NOT NULL,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;

-- Uploads completed within the last 24 hours, for repeated requests.
CREATE TABLE completed (
    upload TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    record BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX completed_by_age ON completed (at);

-- Files that were replaced or deleted and that are still to be removed.
CREATE TABLE removals (
    file BLOB PRIMARY KEY,
    bucket BLOB NOT NULL,        -- empty for a part
    key BLOB NOT NULL,
    sequence INTEGER NOT NULL,   -- the number of the change that replaced it
    is_manifest INTEGER NOT NULL -- 1: its parts are to be removed too
) WITHOUT ROWID;
