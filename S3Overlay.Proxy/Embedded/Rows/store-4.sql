-- The bucket's configuration as it is sent: name and text of each document. "tags" is read, and NULL from now on.
ALTER TABLE buckets ADD COLUMN documents BLOB;
