using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>Makes changes in the database, within the transaction of the caller.</summary>
internal ref struct ChangeApplier(Connection writer, StoreState state)
{
    private readonly Connection _writer = writer;

    /// <summary>The state after the changes.</summary>
    public StoreState State { get; private set; } = state;

    public void Apply(Change change)
    {
        Note(change.Kind == ChangeKind.Replacement ? 0 : change.Sequence);
        switch (change.Kind)
        {
            case ChangeKind.Object:
                Note(change.Object!.Sequence);
                RemoveOld(change.Bucket, change.Key, change.Object.Sequence, change.Object.File);
                _writer.Put(change.Bucket, change.Key, change.Object);
                break;
            case ChangeKind.Delete:
                if (RemoveOld(change.Bucket, change.Key, change.Sequence))
                {
                    Named(Sql.DeleteObject, change).Run();
                }

                break;
            case ChangeKind.Version:
                Note(change.Object!.Sequence);
                Versions(change.Object.Sequence).Put(change.Bucket, change.Key, change.Object);
                break;
            case ChangeKind.VersionRemoval:
                Versions(change.Sequence).Remove(change.Bucket, change.Key, change.Sequence);
                break;
            case ChangeKind.Tags:
                Named(Sql.Tag, change).Bind(3, change.File).BindText(4, change.Tags).Run();
                Named(Sql.TagVersion, change).Bind(3, change.File).BindText(4, change.Tags).Run();
                break;
            case ChangeKind.Lock:
                Named(Sql.Lock, change).Bind(3, change.File).BindText(4, change.Lock?.ToText()).Run();
                Named(Sql.LockVersion, change).Bind(3, change.File).BindText(4, change.Lock?.ToText()).Run();
                break;
            case ChangeKind.Acl:
                Named(Sql.SetAcl, change).Bind(3, change.File).BindText(4, change.Acl).Run();
                Named(Sql.SetVersionAcl, change).Bind(3, change.File).BindText(4, change.Acl).Run();
                break;
            case ChangeKind.Tombstone or ChangeKind.Undelete:
                ApplyTombstone(change);
                break;
            case ChangeKind.Bucket:
                ApplyBucket(change);
                break;
            case ChangeKind.Upload:
                _writer.Put(change.Upload!);
                break;
            case ChangeKind.Part:
                ApplyPart(change.UploadId, change.Part!);
                break;
            case ChangeKind.UploadEnd:
                _writer.Prepare(Sql.DeleteParts).BindText(1, change.UploadId).Run();
                _writer.Prepare(Sql.DeleteUpload).BindText(1, change.UploadId).Run();
                break;
            case ChangeKind.Completed when change.Completed is { } completed:
                _writer.Put(change.UploadId, completed);
                break;
            case ChangeKind.Completed:
                _writer.Prepare(Sql.DeleteCompleted).BindText(1, change.UploadId).Run();
                break;
            case ChangeKind.Removal:
                Remove(change.File, "", "", 0, isManifest: false);
                break;
        }
    }

    private void Note(ulong sequence) => State = State with { Sequence = Math.Max(State.Sequence, sequence) };

    private readonly Statement Named(string sql, Change change) =>
        _writer.Prepare(sql).BindKey(1, change.Bucket).BindKey(2, change.Key);

    /// <summary>Records that the present object's file is to be removed, if it is older and another file.</summary>
    /// <returns>False if there is no older object.</returns>
    private readonly bool RemoveOld(string bucket, string key, ulong sequence, FileId next = default)
    {
        var old = _writer.Prepare(Sql.FindObject).BindKey(1, bucket).BindKey(2, key)
            .One(static row => (File: FileId.Read(row.Blob(0)), Sequence: (ulong)row.Number(1), IsManifest: row.Number(5) > 0));
        if (old.File == default || old.Sequence >= sequence)
        {
            return false;
        }

        if (old.File != next)
        {
            Remove(old.File, bucket, key, sequence, old.IsManifest);
        }

        return true;
    }

    private readonly void Remove(FileId file, string bucket, string key, ulong sequence, bool isManifest) =>
        _writer.Prepare(Sql.PutRemoval).Bind(1, file).BindKey(2, bucket).BindKey(3, key).Bind(4, (long)sequence)
            .Bind(5, isManifest ? 1 : 0).Run();

    /// <summary>
    /// Files of versions are removed one by one: a delete in the log, which a removal with a key becomes, would take all older versions.
    /// </summary>
    private readonly VersionRows Versions(ulong sequence)
    {
        var writer = _writer;
        return new(writer, (bucket, key, row) => writer.Prepare(Sql.PutRemoval).Bind(1, row.File).BindKey(2, "").BindKey(3, "")
            .Bind(4, (long)sequence).Bind(5, row.PartCount > 0 ? 1 : 0).Run());
    }

    private void ApplyTombstone(Change change)
    {
        var known = Named(Sql.FindTombstone, change).One(static row => (ulong?)row.Number(0));
        if (change.Kind == ChangeKind.Tombstone && (known is null || known <= change.Sequence))
        {
            _writer.Put(change.Bucket, change.Key, change.Tombstone!);
            State = State with { Tombstones = State.Tombstones + (known is null ? 1 : 0) };
        }
        else if (change.Kind == ChangeKind.Undelete && known <= change.Sequence)
        {
            Named(Sql.DeleteTombstone, change).Run();
            State = State with { Tombstones = State.Tombstones - 1 };
        }
    }

    private void ApplyBucket(Change change)
    {
        if (change.Record is not { } record)
        {
            _writer.Prepare(Sql.DeleteBucket).BindKey(1, change.Bucket).Run();
            return;
        }

        _writer.Put(record);
        Note(record.PurgedUpTo);
        var purged = _writer.Prepare(Sql.CountPurged).BindKey(1, record.Name).Bind(2, (long)record.PurgedUpTo)
            .One(static row => row.Number(0));
        if (purged > 0)
        {
            _writer.Prepare(Sql.Purge).BindKey(1, record.Name).Bind(2, (long)record.PurgedUpTo).Run();
            State = State with { Tombstones = State.Tombstones - purged };
        }
    }

    private void ApplyPart(string uploadId, PartRow part)
    {
        Note(part.Sequence);
        var old = _writer.Prepare(Sql.FindPart).BindText(1, uploadId).Bind(2, part.Number).One(static row => FileId.Read(row.Blob(1)));
        if (old != default && old != part.File)
        {
            Remove(old, "", "", 0, isManifest: false);
        }

        _writer.Put(uploadId, part);
    }
}
