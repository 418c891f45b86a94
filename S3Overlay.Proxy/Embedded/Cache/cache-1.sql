-- One row: the sum of cached bytes.
CREATE TABLE state (bytes INTEGER NOT NULL);
INSERT INTO state VALUES (0);

CREATE TABLE entries (
    bucket BLOB NOT NULL,
    key BLOB NOT NULL,
    file BLOB NOT NULL,          -- the name under files/
    size INTEGER NOT NULL,       -- of the object
    modified INTEGER NOT NULL,   -- of the version, in ticks of 100 ns since the year 1
    etag TEXT NOT NULL,
    used INTEGER NOT NULL,       -- the last use, in ticks
    cached INTEGER NOT NULL,     -- bytes in complete blocks
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
CREATE INDEX entries_by_use ON entries (used, file);
