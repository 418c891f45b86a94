-- Owner and ACL of an object, if others than the bucket's owner alone have rights: "owner=ID", then one grant per line.
ALTER TABLE objects ADD COLUMN acl TEXT;
ALTER TABLE versions ADD COLUMN acl TEXT;
