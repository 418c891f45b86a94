-- "objects" has the newest version of each key, unless that is a delete marker.
ALTER TABLE buckets ADD COLUMN versioning INTEGER NOT NULL DEFAULT 0;   -- 0: never enabled, 1: enabled, 2: suspended
ALTER TABLE buckets ADD COLUMN tags TEXT;                               -- a query string
ALTER TABLE objects ADD COLUMN version TEXT;                            -- NULL: the version "null"

-- Older versions, and delete markers. The columns are those of "objects", in the same order.
CREATE TABLE versions (
    bucket BLOB NOT NULL,
    key BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    file BLOB NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag TEXT NOT NULL,
    parts INTEGER NOT NULL,      -- -1: a delete marker, without a file
    tags TEXT,
    is_retagged INTEGER NOT NULL,
    details BLOB NOT NULL,
    base_etag TEXT,
    base_size INTEGER,
    base_modified INTEGER,
    version TEXT,
    PRIMARY KEY (bucket, key, sequence DESC)
) WITHOUT ROWID;
CREATE INDEX versions_null ON versions (bucket, key) WHERE version IS NULL;
CREATE INDEX versions_markers ON versions (bucket, key, sequence) WHERE parts = -1;
CREATE INDEX versions_retagged ON versions (bucket, key, sequence) WHERE is_retagged = 1;

ALTER TABLE tombstones ADD COLUMN marker TEXT;      -- the delete marker of the same delete
ALTER TABLE tombstones ADD COLUMN over TEXT;        -- the version that was newest when a conditional delete began
