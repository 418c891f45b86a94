-- Retention and legal hold of a version, as one line: mode, date, legal hold; '-' for what is not set. NULL if nothing is.
ALTER TABLE objects ADD COLUMN lock TEXT;
ALTER TABLE objects ADD COLUMN is_relocked INTEGER NOT NULL DEFAULT 0;  -- 1: the file has another lock
CREATE INDEX objects_relocked ON objects (bucket, key) WHERE is_relocked = 1;

ALTER TABLE versions ADD COLUMN lock TEXT;
ALTER TABLE versions ADD COLUMN is_relocked INTEGER NOT NULL DEFAULT 0;
CREATE INDEX versions_relocked ON versions (bucket, key, sequence) WHERE is_relocked = 1;
