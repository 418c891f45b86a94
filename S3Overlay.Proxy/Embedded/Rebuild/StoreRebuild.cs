using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Builds the database from the self-describing files and the log. Of several files of one key the highest number wins, unless the log has
/// a delete with a higher one. If interrupted, it starts over: the database gets its name last.
/// </summary>
internal sealed class StoreRebuild(StoreFolders folders, StoreDisk disk, DirtyFlag dirty, EmbeddedOptions options, LogContent log)
{
    private const int ProgressEvery = 100_000;
    private const int RowsPerTransaction = 10_000;

    private readonly List<FileId> _partFiles = [];

    /// <summary>Files that were replaced or deleted: there is a newer file of their key or part, or a delete.</summary>
    private readonly List<FileId> _replaced = [];

    /// <summary>Parts that neither an object nor an upload names. The file that named them may be damaged.</summary>
    private readonly List<FileId> _strangers = [];
    private readonly HashSet<FileId> _unreadable = [];
    private SqliteDatabase _database = null!;
    private Connection _writer = null!;
    private int _written;
    private long _files;
    private long _objects;
    private long _parts;

    /// <summary>Builds the database and gives it its name. The old one must be closed.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        SqliteDatabase.Delete(folders.NewDatabase, disk);
        _database = SqliteDatabase.Open(OptionsOf(folders.NewDatabase, disk, isNew: true));
        try
        {
            _database.Write(writer =>
            {
                _writer = writer;
                Build(cancellationToken);
            });
            _database.TryCheckpoint();
        }
        finally
        {
            await _database.DisposeAsync();
        }

        await RemoveAsync();
        using (var file = disk.Open(folders.NewDatabase))
        {
            disk.Sync(file);
        }

        SqliteDatabase.Delete(folders.Database, disk);
        disk.Move(folders.NewDatabase, folders.Database);
        SqliteDatabase.Delete(folders.NewDatabase, disk);
        disk.SyncFolder(folders.Root);
        disk.Remove(folders.RebuildMark);
        if (_files > 0)
        {
            Log.DatabaseRebuilt(options.Logger, _objects, _parts, _unreadable.Count, _replaced.Count);
        }
    }

    /// <summary>How the store's database is opened.</summary>
    public static DatabaseOptions OptionsOf(string path, StoreDisk disk, bool isNew = false) => new()
    {
        Path = path,
        Disk = isNew ? disk.WithoutSyncs : disk,
        Schema = Sql.Schema,
        IsCopy = !isNew,
        IsSynced = !isNew,
        CachePages = isNew ? 32_000 : 2000,
    };

    private void Build(CancellationToken cancellationToken)
    {
        foreach (var found in StoredFiles.Objects(folders, options.Logger, id => _unreadable.Add(id)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Take(found);
        }

        TakeFromLog();
        KeepBucketsOfUploads();
        TakeParts(cancellationToken);
        WriteRecords();
    }

    private void Take(StoredFiles.Found found)
    {
        if (++_files % ProgressEvery == 0)
        {
            Log.DatabaseRebuildProgress(options.Logger, _files);
        }

        var header = found.Header;
        log.Note(header.Sequence);
        if (found.Kind == FileKind.Part)
        {
            _partFiles.Add(found.Id);
            return;
        }

        if (found.Kind == FileKind.Manifest && header.UploadId is { } uploadId)
        {
            // The upload has ended, whatever became of the object.
            log.Uploads.Remove(uploadId);
            if (header.PartsFingerprint is { } fingerprint && header.Info.LastModified + CompletedRow.Life > options.Time.GetUtcNow())
            {
                _writer.Put(uploadId,
                    new CompletedRow(header.Bucket, header.Key, header.Info.LastModified, fingerprint, header.Info, header.VersionId));
                CommitIfMany();
            }
        }

        if (log.Removals.Contains(found.Id) || log.IsBuried(header.Bucket, header.Key, header.VersionId, header.Sequence))
        {
            Replace(found.Id, header.Parts);
            return;
        }

        PutNewest(header.Bucket, header.Key, ObjectRow.Of(found.Id, header));
    }

    /// <summary>Puts an object or version as its file or the log has it, with what was changed since.</summary>
    private void PutNewest(string bucket, string key, ObjectRow row)
    {
        if (row.VersionId is not null || log.HasVersions(bucket))
        {
            PutVersion(bucket, key, row);
            return;
        }

        var known = Find(bucket, key);
        if (known is not null && known.Sequence > row.Sequence)
        {
            Replace(row);
            return;
        }

        if (known is not null && known.File != row.File)
        {
            Replace(known);
        }

        _objects += known is null ? 1 : 0;
        _writer.Put(bucket, key, row);
        PutChanges(bucket, key, row);
        CommitIfMany();
        KeepBucket(bucket);
        KeepLock(bucket, row);
    }

    private void PutVersion(string bucket, string key, ObjectRow row)
    {
        new VersionRows(_writer, (_, _, replaced) => Replace(replaced)).Put(bucket, key, row);
        _objects += row.IsMarker ? 0 : 1;
        PutChanges(bucket, key, row);
        CommitIfMany();
        KeepBucket(bucket);
        KeepLock(bucket, row);
        if (!log.HasVersions(bucket))
        {
            log.Buckets[bucket] = log.Buckets[bucket] with { Versioning = Versioning.Enabled };
        }
    }

    /// <summary>Tags, lock and ACL that differ from those in the file.</summary>
    private void PutChanges(string bucket, string key, ObjectRow row)
    {
        foreach (var change in (ReadOnlySpan<Change?>)
            [log.Tags.GetValueOrDefault(row.File), log.Locks.GetValueOrDefault(row.File), log.Acls.GetValueOrDefault(row.File)])
        {
            if (change is not null && !row.IsMarker)
            {
                new ChangeApplier(_writer, default).Apply(change with { Bucket = bucket, Key = key });
            }
        }
    }

    private void Replace(ObjectRow row) =>
        Replace(row.File, row.PartCount == 0 ? [] : StoredFiles.ReadHeader(folders.PathOf(row.File), options.Logger)?.Parts ?? []);

    private void Replace(FileId file, IReadOnlyList<StoredPart> parts)
    {
        _replaced.Add(file);
        log.Removals.UnionWith(parts.Select(static part => part.File));
    }

    private ObjectRow? Find(string bucket, string key) => _writer.FindObject(bucket, key);

    /// <summary>
    /// Objects that the log has and whose file is missing or unreadable keep their row: a read must fail, and not show the remote's object.
    /// But if the log has lost records, an object without a file was most likely deleted by one of them.
    /// </summary>
    private void TakeFromLog()
    {
        foreach (var ((bucket, key), row) in log.Objects)
        {
            var known = log.HasVersions(bucket) ? VersionRows.FindNull(_writer, bucket, key) : Find(bucket, key);
            if (known is null || known.Sequence < row.Sequence)
            {
                TakeWithoutFile(bucket, key, row);
            }
        }

        foreach (var ((bucket, key, sequence), row) in log.Versions)
        {
            if (row.IsMarker)
            {
                if (!log.IsBuried(bucket, key, row.VersionId, sequence))
                {
                    PutVersion(bucket, key, row);
                }
            }
            else if (!log.IsBuried(bucket, key, row.VersionId, sequence)
                && VersionRows.Find(_writer, bucket, key, sequence) is null)
            {
                TakeWithoutFile(bucket, key, row);
            }
        }
    }

    private void TakeWithoutFile(string bucket, string key, ObjectRow row)
    {
        if (log.Lost.Count == 0 || File.Exists(folders.PathOf(row.File)))
        {
            Log.ObjectFileLost(options.Logger, bucket, key, row.File.ToString());
            PutNewest(bucket, key, row);
        }
    }

    /// <summary>An object without a bucket means that the bucket's record was lost: better one bucket too many than lost objects.</summary>
    private void KeepBucket(string bucket)
    {
        if (!log.Buckets.TryGetValue(bucket, out var record) || !record.Exists)
        {
            log.Buckets[bucket] =
                (record ?? new BucketRecord { Name = bucket, Exists = true, Created = options.Time.GetUtcNow(), Region = options.Region })
                with { Exists = true };
        }
    }

    /// <summary>A locked version means that its bucket had Object Lock, even if the log lost the record that says so.</summary>
    private void KeepLock(string bucket, ObjectRow row)
    {
        if (row.Lock is not null && log.Buckets[bucket] is { ObjectLock: null } record)
        {
            log.Buckets[bucket] = record.With(LockConfiguration.Name, LockConfiguration.Enabled.Write().TakeText()) with
            {
                Versioning = Versioning.Enabled,
            };
        }
    }

    /// <summary>An upload's bucket exists, if the log may have lost its record. Otherwise the upload is aborted after the start.</summary>
    private void KeepBucketsOfUploads()
    {
        foreach (var upload in log.Uploads.Values.Where(_ => log.Lost.Count > 0))
        {
            KeepBucket(upload.Bucket);
        }
    }

    private void TakeParts(CancellationToken cancellationToken)
    {
        var manifests = new PartsOfKey(folders);
        foreach (var id in _partFiles)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (log.Removals.Contains(id))
            {
                _replaced.Add(id);
                continue;
            }

            var header = FileHeader.ReadFrom(folders.PathOf(id));
            if (log.Uploads.ContainsKey(header.UploadId!))
            {
                PutNewest(header.UploadId!, new PartRow(header.PartNumber, id, header.Sequence, header.Info));
                continue;
            }

            if (!manifests.MayName(id, header.Bucket, header.Key, VersionRows.Of(_writer, header.Bucket, header.Key)))
            {
                _strangers.Add(id);
            }
        }
    }

    private void PutNewest(string uploadId, PartRow part)
    {
        var known = _writer.Prepare(Sql.FindPart).BindText(1, uploadId).Bind(2, part.Number).One(static row => row.ReadPart());
        if (known is not null && known.Sequence > part.Sequence)
        {
            _replaced.Add(part.File);
            return;
        }

        if (known is not null)
        {
            _replaced.Add(known.File);
        }

        _writer.Put(uploadId, part);
        _parts++;
        CommitIfMany();
    }

    private void WriteRecords()
    {
        foreach (var bucket in log.Buckets.Values)
        {
            _writer.Put(bucket);
        }

        foreach (var upload in log.Uploads.Values)
        {
            _writer.Put(upload);
        }

        var tombstones = 0L;
        foreach (var ((bucket, key), row) in log.Tombstones.Where(log.Counts))
        {
            tombstones++;
            _writer.Put(bucket, key, row);
            CommitIfMany();
        }

        // What cannot be removed below is removed later.
        foreach (var file in _replaced)
        {
            _writer.Prepare(Sql.PutRemoval).Bind(1, file).BindKey(2, "").BindKey(3, "").Bind(4, 0).Bind(5, 0).Run();
        }

        new StoreState(log.End, log.Highest, tombstones).Write(_writer);
    }

    /// <summary>Keeps the transaction small. Nothing reads the database before it is complete.</summary>
    private void CommitIfMany()
    {
        if (++_written % RowsPerTransaction == 0)
        {
            _writer.Prepare("COMMIT").Run();
            _writer.Checkpoint();
            _writer.Prepare("BEGIN IMMEDIATE").Run();
        }
    }

    private async Task RemoveAsync()
    {
        foreach (var file in _replaced)
        {
            if (!disk.Delete(folders.PathOf(file)))
            {
                dirty.Set();
            }
        }

        var lost = new LostFolder(folders, disk);
        foreach (var stranger in _strangers)
        {
            var header = FileHeader.ReadFrom(folders.PathOf(stranger));
            Log.FileSetAside(options.Logger, stranger.ToString(), header.Bucket, header.Key, folders.Lost);
            if (!lost.TryTake(stranger))
            {
                dirty.Set();
            }
        }

        foreach (var folder in _replaced.Concat(_strangers).Select(folders.FolderOf).Distinct(StringComparer.Ordinal))
        {
            await disk.SyncFolderAsync(folder);
        }
    }
}
