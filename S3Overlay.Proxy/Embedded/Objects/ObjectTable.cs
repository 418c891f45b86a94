using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Deletes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The written objects. A key's lock is held while a write or delete is committed, not while a body comes in; under it the condition is
/// judged, the number in the order of all writes is drawn, the file gets its place, and the index its row. So the numbers of one key's
/// files are in the order in which they became visible, and a rebuild, which goes by the numbers, finds the same object.
/// </summary>
internal sealed class ObjectTable(
    StoreFolders folders,
    StoreDisk disk,
    DirtyFlag ends,
    DiskReserve reserve,
    OrderedIndex index,
    SequenceCounter sequences,
    BucketTable buckets,
    ObjectFiles files,
    TimeProvider time,
    ILogger logger)
{
    private readonly NameLocks<ObjectName> _locks = new();

    /// <summary>Files of refused writes whose rows may be in the index's journal all the same.</summary>
    private readonly ConcurrentQueue<FileId> _inDoubt = new();

    /// <summary>How many such files are not taken away yet.</summary>
    private int _refused;

    /// <summary>The log of deletes; set once it was replayed.</summary>
    public DeleteLog Deletes { get; set; } = null!;

    /// <summary>Whether the last process ended in a crash, and the files it may have left have not been looked for yet.</summary>
    public bool FollowsCrash { get; set; }

    /// <summary>Whether there may be files that no row names.</summary>
    public bool MayHaveOrphans => FollowsCrash || ends.AreThere || Volatile.Read(ref _refused) > 0;

    /// <summary>Waits for a key's lock: nobody else writes or deletes it meanwhile.</summary>
    public ValueTask<NameLocks<ObjectName>.Held> LockAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _locks.TakeAsync(new ObjectName(bucket, key), cancellationToken);

    /// <summary>The object's row, or null.</summary>
    public ObjectRow? Find(string bucket, string key)
    {
        try
        {
            return index.TryGet(RowKeys.OfKey(RowKeys.Object, bucket, key), out var value) ? ObjectRow.Read(value) : null;
        }
        catch (Exception failure) when (failure is IndexDamagedException or InvalidDataException)
        {
            // The objects are whole, it is only the index: the mark has the next start build it anew.
            Log.IndexDamaged(logger, failure);
            File.WriteAllBytes(folders.RebuildMark, []);
            throw new S3Exception(S3Errors.InternalError, "The store's index is damaged.", failure);
        }
    }

    /// <summary>The object's row.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey.</exception>
    public ObjectRow Require(string bucket, string key)
    {
        buckets.Require(bucket);
        return Find(bucket, key) ?? throw new S3Exception(S3Errors.NoSuchKey) { Details = [new("Key", key)] };
    }

    /// <summary>Opens the object that is there now.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey; InternalError where its file is missing or damaged.</exception>
    public ValueTask<StoredObject> OpenAsync(string bucket, string key) => OpenAsync(bucket, key, Require(bucket, key));

    /// <summary>The same, from a look-up that was made before.</summary>
    internal async ValueTask<StoredObject> OpenAsync(string bucket, string key, ObjectRow row)
    {
        while (true)
        {
            try
            {
                var stored = await StoredObject.OpenAsync(files, row);

                // An open manifest keeps its parts only if it was opened before the object was replaced. A row that is still there now was
                // replaced by nobody then.
                if (row.PartCount == 0 || Find(bucket, key)?.File == row.File)
                {
                    return stored;
                }

                stored.Dispose();
                row = Require(bucket, key);
            }
            catch (Exception failure) when (failure is IOException or InvalidDataException)
            {
                // Overwritten between the look-up and the opening: then the new object is the answer. The same row again: the file is lost.
                var now = Require(bucket, key);
                if (now.File == row.File)
                {
                    throw Damaged(failure);
                }

                row = now;
            }
        }
    }

    /// <summary>What a client sees of a damaged or missing file. Counted by the error it becomes, and logged with the remedy.</summary>
    public S3Exception Damaged(Exception failure)
    {
        Log.StoredBytesDamaged(logger, failure.Message, failure);
        return new S3Exception(S3Errors.InternalError, "The object's stored bytes are damaged.", failure);
    }

    /// <summary>Starts a file for a body of so many bytes.</summary>
    /// <exception cref="S3Exception">InsufficientStorage: before the first of them is read.</exception>
    public async ValueTask<ObjectFileWriter> NewFileAsync(FileKind kind, long length, FileHeader draft, bool wantsMd5 = true,
        ChecksumAlgorithm? checksum = null)
    {
        await reserve.RequireAsync();
        return new(folders, disk, kind, length, draft.Write().Written.Length + FileHeader.LateFieldsRoom, wantsMd5, checksum);
    }

    /// <summary>Makes a filled file the object of its key. Returns once that survives a power cut.</summary>
    /// <param name="file">The file, filled.</param>
    /// <param name="header">What it says of itself; number and date are set here.</param>
    /// <param name="condition">What is demanded of the object that is there.</param>
    /// <param name="with">What else is committed in the same instant, or null.</param>
    /// <param name="cancellationToken">Ends the wait for the lock; what has begun is finished.</param>
    /// <param name="date">The date of an object that keeps another's; null for now.</param>
    /// <exception cref="S3Exception">NoSuchBucket, PreconditionFailed, NoSuchKey, InsufficientStorage.</exception>
    public async Task<ObjectRow> CommitAsync(
        ObjectFileWriter file, FileHeader header, WriteCondition condition, Action<IndexBatch>? with, CancellationToken cancellationToken,
        DateTimeOffset? date = null)
    {
        await SettleAsync(file);
        using var bucket = await buckets.KeepAsync(header.Bucket, cancellationToken);
        ObjectRow row;
        using (await LockAsync(header.Bucket, header.Key, cancellationToken))
        {
            var old = Find(header.Bucket, header.Key);
            condition.Judge(old);
            header = header with
            {
                Sequence = await sequences.NextAsync(),
                Info = header.Info with { LastModified = HttpDates.WholeSeconds(date ?? time.GetUtcNow()) },
            };
            row = ObjectRow.Of(file.Id, header);
            var batch = new IndexBatch();
            batch.Put(RowKeys.OfKey(RowKeys.Object, header.Bucket, header.Key), row.Write());
            with?.Invoke(batch);
            await SealAsync(file, header, batch);
            Discard(header.Bucket, header.Key, old);
        }

        return row;
    }

    /// <summary>Deletes the object, if there is one. Returns once that survives a power cut.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, PreconditionFailed, NoSuchKey.</exception>
    public async Task DeleteAsync(string bucketName, string key, DeleteConditions? conditions, CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(bucketName, cancellationToken);
        using var held = await LockAsync(bucketName, key, cancellationToken);
        var old = Find(bucketName, key);
        conditions?.Judge(old?.Info.ETag, old?.Info.Size ?? 0, old?.Info.LastModified ?? default);

        // Nothing there: nothing to say, unless a crash may have left a file that a rebuild would take for the object.
        if (old is null && !MayHaveOrphans)
        {
            return;
        }

        using var change = await Deletes.EnterAsync();
        await reserve.UseAsync(async () =>
            await LogAsync(new DeleteRecord(DeleteKind.Grave, await sequences.NextAsync(), bucketName, key, old?.File ?? default)));
        if (old is not null)
        {
            var batch = new IndexBatch();
            batch.Delete(RowKeys.OfKey(RowKeys.Object, bucketName, key));
            await index.FollowAsync(batch);
            Discard(bucketName, key, old);
        }
    }

    /// <summary>Replaces an object's tags; null takes them away. ETag and date stay.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey.</exception>
    public async Task SetTagsAsync(string bucketName, string key, string? tags, CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(bucketName, cancellationToken);
        using var held = await LockAsync(bucketName, key, cancellationToken);
        var row = Require(bucketName, key);
        await reserve.RequireAsync();
        using var change = await Deletes.EnterAsync();
        await LogAsync(new DeleteRecord(DeleteKind.Tags, row.Sequence, bucketName, key, row.File, tags));
        var batch = new IndexBatch();
        batch.Put(RowKeys.OfKey(RowKeys.Object, bucketName, key), (row with { Tags = tags }).Write());
        await index.FollowAsync(batch);
    }

    /// <summary>
    /// Writes something into the log of deletes, which the index is to follow. The caller has entered the log, and leaves it once the index
    /// has followed.
    /// </summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError.</exception>
    public async Task LogAsync(DeleteRecord record)
    {
        await CatchUpAsync();
        await Deletes.AppendAsync(record);
    }

    /// <summary>
    /// To be done before anything that the index is to follow: where it only ever gets further behind, nothing more is taken in.
    /// </summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError.</exception>
    public async ValueTask CatchUpAsync()
    {
        try
        {
            await index.CatchUpAsync();
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }
    }

    /// <summary>
    /// Gives a file its place, and commits the rows that name it. A file that is refused its rows goes again, and before that is told: it
    /// must not be found by who builds the index anew. But only once its rows are known not to be there, which is with the next commit
    /// where they are in doubt.
    /// </summary>
    public async Task SealAsync(ObjectFileWriter file, FileHeader header, IndexBatch batch)
    {
        try
        {
            await file.SealAsync(header.Write().WrittenMemory, CancellationToken.None);
            await CommitAsync(batch);
        }
        catch (Exception failure) when (file.IsSealed)
        {
            switch (failure)
            {
                case S3Exception { InnerException: JournalInDoubtException }:
                    Interlocked.Increment(ref _refused);
                    _inDoubt.Enqueue(file.Id);
                    break;
                case S3Exception { InnerException: IOException }:
                    await RemoveRefusedAsync(file.Id);
                    break;
                default:
                    ends.Note();
                    break;
            }

            throw;
        }
    }

    /// <summary>Takes away the files whose rows were in doubt, if they are not any more.</summary>
    public async Task RemoveRefusedAsync()
    {
        if (_inDoubt.IsEmpty)
        {
            return;
        }

        var refused = new List<FileId>();
        lock (_inDoubt)
        {
            // Only those that were here before the look: a commit that fails just behind it may bring others.
            var count = _inDoubt.Count;
            while (!index.IsInDoubt && count-- > 0 && _inDoubt.TryDequeue(out var file))
            {
                refused.Add(file);
            }
        }

        foreach (var file in refused)
        {
            await RemoveRefusedAsync(file);
            Interlocked.Decrement(ref _refused);
        }
    }

    /// <summary>Commits to the index.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError.</exception>
    public async Task CommitAsync(IndexBatch batch)
    {
        try
        {
            await index.CommitAsync(batch);
            await RemoveRefusedAsync();
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }
    }

    /// <summary>
    /// Takes the files of an object away that no row names any more, once its last reader is done. With the key's lock held: the next
    /// delete of the key must find that they are to go.
    /// </summary>
    private void Discard(string bucket, string key, ObjectRow? row)
    {
        if (row is not null)
        {
            files.Remove(row.File, isManifest: row.PartCount > 0, new ObjectName(bucket, key));
        }
    }

    /// <summary>
    /// Takes a file away that a rebuild would take for an object: for good, unless the disk fails; then the next start does it.
    /// </summary>
    private async Task RemoveRefusedAsync(FileId file)
    {
        try
        {
            await Task.Run(() => disk.Remove(folders.PathOf(file)), CancellationToken.None);
            await disk.SyncFolderAsync(folders.FolderOf(file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            ends.Note();
        }
    }

    /// <summary>Brings a filled file's bytes to disk.</summary>
    public static async Task SettleAsync(ObjectFileWriter file)
    {
        try
        {
            await file.SettleAsync();
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }
    }
}
