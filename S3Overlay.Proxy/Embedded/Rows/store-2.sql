-- What is known of the remote's object that an object or a tombstone hides. All three are NULL if nothing is recorded.
ALTER TABLE objects ADD COLUMN base_etag TEXT;          -- with quotes; empty if there is none
ALTER TABLE objects ADD COLUMN base_size INTEGER;       -- -1: the remote had no such key; -2: not known
ALTER TABLE objects ADD COLUMN base_modified INTEGER;   -- if it is not known: when the key was first changed here

ALTER TABLE tombstones ADD COLUMN made INTEGER NOT NULL DEFAULT 0;   -- 0: not known
ALTER TABLE tombstones ADD COLUMN base_etag TEXT;
ALTER TABLE tombstones ADD COLUMN base_size INTEGER;
ALTER TABLE tombstones ADD COLUMN base_modified INTEGER;
