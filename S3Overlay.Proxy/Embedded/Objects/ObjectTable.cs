using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The written objects. A key's lock is held while a write or delete commits, not while its body arrives. Under the lock the condition is
/// judged, the sequence number drawn, the file renamed and the change committed. So the numbers of a key's files are in the order in which
/// they became visible, and a rebuild, which uses the numbers, finds the same object.
/// </summary>
internal sealed class ObjectTable(
    StoreFolders folders, StoreDisk disk, DirtyFlag dirty, DiskReserve reserve, StoreRows rows, SequenceCounter sequences,
    BucketTable buckets, ObjectFiles files, bool followsCrash, TimeProvider time, ILogger logger)
{
    private readonly NameLocks<ObjectName> _locks = new();

    /// <summary>Files of refused writes whose changes may be in the log all the same.</summary>
    private readonly ConcurrentQueue<FileId> _inDoubt = new();

    /// <summary>Number of those files.</summary>
    private int _refused;

    /// <summary>True if the last process crashed and its leftover files have not been looked for yet.</summary>
    public bool FollowsCrash { get; set; } = followsCrash;

    /// <summary>True if files may exist that no row names.</summary>
    public bool MayHaveOrphans => FollowsCrash || dirty.IsSet || Volatile.Read(ref _refused) > 0;

    /// <summary>Takes a key's lock: no other write or delete of it runs.</summary>
    public ValueTask<NameLocks<ObjectName>.Held> LockAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _locks.TakeAsync(new ObjectName(bucket, key), cancellationToken);

    /// <summary>The object's row, or null.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable while the database is rebuilt.</exception>
    public ValueTask<ObjectRow?> FindAsync(string bucket, string key) => rows.FindObjectAsync(bucket, key);

    /// <summary>A version or delete marker of a key; null if there is none with that id.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="versionId">Its id; null for the newest version, unless that is a delete marker.</param>
    /// <exception cref="S3Exception">InvalidArgument: no version can have the id.</exception>
    public async ValueTask<ObjectRow?> FindAsync(string bucket, string key, string? versionId)
    {
        var current = await FindAsync(bucket, key);
        if (versionId is null || current is { VersionId: null } && versionId == VersionIds.Null || current?.VersionId == versionId)
        {
            return current;
        }

        if (versionId == VersionIds.Null)
        {
            return buckets.VersioningOf(bucket) == Versioning.Never ? null : await rows.FindNullVersionAsync(bucket, key);
        }

        var sequence = VersionIds.Parse(versionId);
        return await rows.FindVersionAsync(bucket, key, sequence) is { } row && row.VersionId == versionId ? row : null;
    }

    /// <summary>
    /// The number that the version of a marker has or had. If a version <c>null</c> is gone, its place among the others is not known: then
    /// all of them follow.
    /// </summary>
    /// <exception cref="S3Exception">InvalidArgument: no version can have the id.</exception>
    public async ValueTask<ulong> NumberOfAsync(string bucket, string key, string versionId) =>
        versionId == VersionIds.Null ? (await rows.FindNullVersionAsync(bucket, key))?.Sequence ?? ulong.MaxValue
            : VersionIds.TryParse(versionId, out var number) ? number : throw MarkerPage.NoVersion(versionId);

    /// <summary>The row of an object or version.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker; InvalidArgument.
    /// </exception>
    public async ValueTask<ObjectRow> RequireAsync(string bucket, string key, string? versionId = null)
    {
        buckets.Require(bucket);
        return await FindAsync(bucket, key, versionId) switch
        {
            { IsMarker: false } row => row,
            { } marker => throw new S3Exception(S3Errors.MethodNotAllowed)
            {
                Details = [new("Method", "GET"), new("ResourceType", "DeleteMarker")],
                Headers =
                [
                    .. MarkerHeaders(marker), new("Allow", "DELETE"), new("Last-Modified", HttpDates.Header(marker.Info.LastModified)),
                ],
            },
            null => throw await MissingAsync(bucket, key, versionId),
        };
    }

    /// <summary>The headers that show a delete marker.</summary>
    public static IEnumerable<KeyValuePair<string, string>> MarkerHeaders(ObjectRow marker) =>
        [new("x-amz-delete-marker", "true"), new("x-amz-version-id", marker.VersionId ?? VersionIds.Null)];

    /// <summary>Opens an object or version.</summary>
    /// <exception cref="S3Exception">As <see cref="RequireAsync"/>; InternalError if its file is missing or damaged.</exception>
    public async ValueTask<StoredObject> OpenAsync(string bucket, string key, string? versionId = null) =>
        await OpenAsync(bucket, key, await RequireAsync(bucket, key, versionId), versionId);

    /// <summary>The error for a key or version that does not exist. It says if a delete marker hides the key.</summary>
    private async ValueTask<S3Exception> MissingAsync(string bucket, string key, string? versionId)
    {
        if (versionId is not null)
        {
            return versionId == VersionIds.Null && buckets.VersioningOf(bucket) == Versioning.Never
                ? new S3Exception(S3Errors.NoSuchKey) { Details = [new("Key", key)] }
                : new S3Exception(S3Errors.NoSuchVersion) { Details = [new("Key", key), new("VersionId", versionId)] };
        }

        var marker = buckets.VersioningOf(bucket) == Versioning.Never ? null : await rows.FindNewestVersionAsync(bucket, key);
        return new S3Exception(S3Errors.NoSuchKey)
        {
            Details = [new("Key", key)],
            Headers = marker is { IsMarker: true } ? [.. MarkerHeaders(marker)] : [],
        };
    }

    /// <summary>Opens an object or version whose row was looked up before.</summary>
    internal async ValueTask<StoredObject> OpenAsync(string bucket, string key, ObjectRow row, string? versionId = null)
    {
        while (true)
        {
            try
            {
                var stored = await StoredObject.OpenAsync(files, new ObjectName(bucket, key), row);

                // An open manifest keeps its parts only if it was opened before the object was replaced. If the row is still there now, it
                // was not replaced.
                if (row.PartCount == 0 || (await FindAsync(bucket, key, versionId))?.File == row.File)
                {
                    return stored;
                }

                stored.Dispose();
                row = await RequireAsync(bucket, key, versionId);
            }
            catch (Exception failure) when (failure is IOException or InvalidDataException)
            {
                // Overwritten between look-up and opening: return the new object. If the row is the same, the file is lost.
                var now = await RequireAsync(bucket, key, versionId);
                if (now.File == row.File)
                {
                    throw Damaged(failure);
                }

                row = now;
            }
        }
    }

    /// <summary>The error for a damaged or missing file, logged with the remedy and counted.</summary>
    public S3Exception Damaged(Exception failure)
    {
        Log.StoredBytesDamaged(logger, failure.Message, failure);
        return new S3Exception(S3Errors.InternalError, "The object's stored bytes are damaged.", failure);
    }

    /// <summary>Starts a file for a body of <paramref name="length"/> bytes, encrypted if there is a <paramref name="key"/>.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, before the first byte is read.</exception>
    public async ValueTask<ObjectFileWriter> NewFileAsync(FileKind kind, long length, FileHeader draft, bool wantsMd5 = true,
        ChecksumAlgorithm? checksum = null, DataKey? key = null)
    {
        await reserve.RequireAsync();
        var room = draft.Write().Written.Length + FileHeader.LateFieldsRoom + (key is null ? 0 : FileHeader.EncryptionRoom);
        return new(folders, disk, kind, length, room, wantsMd5, checksum, key);
    }

    /// <summary>Makes a filled file the object of its key. Returns once that survives a power cut.</summary>
    /// <param name="file">The filled file.</param>
    /// <param name="header">Its header; number and date are set here.</param>
    /// <param name="conditions">The conditions on the current object.</param>
    /// <param name="with">Gives more changes of the same commit.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock; a commit that has begun is finished.</param>
    /// <param name="date">The date of an object that keeps another's; null for now.</param>
    /// <exception cref="S3Exception">NoSuchBucket, PreconditionFailed, NoSuchKey, InsufficientStorage.</exception>
    public async Task<ObjectRow> CommitAsync(
        ObjectFileWriter file, FileHeader header, WriteConditions? conditions, Func<ObjectRow, IReadOnlyList<Change>>? with,
        CancellationToken cancellationToken,
        DateTimeOffset? date = null)
    {
        await file.SettleAsync();
        using var bucket = await buckets.KeepAsync(header.Bucket, cancellationToken);
        ObjectRow row;
        using (await LockAsync(header.Bucket, header.Key, cancellationToken))
        {
            var old = await FindAsync(header.Bucket, header.Key);
            conditions?.Judge(old?.Info.ETag);
            var bucketNow = buckets.Require(header.Bucket);
            var versioning = bucketNow.Versioning;
            var replaced = await ReplacedAsync(header.Bucket, header.Key, versioning, old);
            RequireUnlocked(replaced, bypassesGovernance: false);
            var sequence = await sequences.NextAsync();
            header = header with
            {
                Sequence = sequence,
                VersionId = versioning == Versioning.Enabled ? VersionIds.New(sequence) : null,
                Base = await BaseAsync(header, old),
                Lock = bucketNow.ObjectLock is { } locking ? ObjectLock.Of(header.Lock, locking.DefaultAt(time.GetUtcNow())) : header.Lock,
                Info = header.Info with { LastModified = HttpDates.WholeSeconds(date ?? time.GetUtcNow()) },
            };
            row = ObjectRow.Of(file.Id, header);
            await SealAsync(file, header, [WriteOf(header.Bucket, header.Key, row, versioning), .. with?.Invoke(row) ?? []]);
            Discard(replaced);
        }

        return row;
    }

    /// <summary>Throws if a version must not be removed, however that would come about.</summary>
    /// <exception cref="S3Exception">AccessDenied.</exception>
    public void RequireUnlocked(ObjectRow? row, bool bypassesGovernance)
    {
        if (row?.Lock is { } locked && locked.Protects(time.GetUtcNow(), bypassesGovernance))
        {
            throw ObjectLock.Refusal();
        }
    }

    private static Change WriteOf(string bucket, string key, ObjectRow row, Versioning versioning) =>
        versioning == Versioning.Never ? Change.OfObject(bucket, key, row) : Change.OfVersion(bucket, key, row);

    /// <summary>The version whose place a write or delete takes: the <c>null</c> one, unless each gets an id.</summary>
    private async ValueTask<ObjectRow?> ReplacedAsync(string bucket, string key, Versioning versioning, ObjectRow? current) =>
        versioning switch
        {
            Versioning.Never => current,
            Versioning.Suspended => await rows.FindNullVersionAsync(bucket, key),
            _ => null,
        };

    /// <summary>
    /// What a write hides. The remote has been hidden since the first write or delete of the key, and what it had then is what counts.
    /// </summary>
    private async ValueTask<RemoteBase?> BaseAsync(FileHeader header, ObjectRow? old) =>
        header.RestoresBase ? header.Base
        : old is not null ? old.BaseOfNext(header.Base)
        : header.Base is not null && await rows.FindTombstoneAsync(header.Bucket, header.Key) is { } tombstone
            ? tombstone.Base ?? RemoteBase.UnknownSince(tombstone.Made ?? DateTimeOffset.UnixEpoch)
        : header.Base;

    /// <summary>
    /// Deletes the object, if it exists; in a bucket that has or had versioning, adds a delete marker. Returns once that survives a power
    /// cut.
    /// </summary>
    /// <returns>The delete marker; null without versioning.</returns>
    /// <exception cref="S3Exception">NoSuchBucket, PreconditionFailed, NoSuchKey.</exception>
    public async Task<ObjectRow?> DeleteAsync(
        string bucketName, string key, DeleteConditions? conditions, CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(bucketName, cancellationToken);
        using var locked = await LockAsync(bucketName, key, cancellationToken);
        var old = await FindAsync(bucketName, key);
        var versioning = buckets.VersioningOf(bucketName);
        if (conditions is not null)
        {
            var judged = old ?? (conditions.SeesMarkers && versioning != Versioning.Never
                ? await rows.FindNewestOfAllAsync(bucketName, key) : null);
            conditions.Judge(judged?.Info.ETag, judged?.Info.Size ?? 0, judged?.Info.LastModified ?? default);
        }

        var replaced = await ReplacedAsync(bucketName, key, versioning, old);
        RequireUnlocked(replaced, bypassesGovernance: false);
        if (versioning != Versioning.Never)
        {
            var sequence = await sequences.NextAsync();
            var marker = ObjectRow.OfMarker(sequence, versioning == Versioning.Enabled ? VersionIds.New(sequence) : null,
                HttpDates.WholeSeconds(time.GetUtcNow()));
            await reserve.UseAsync(() => CommitAsync(Change.OfVersion(bucketName, key, marker)));
            Discard(replaced);
            return marker;
        }

        // Nothing to delete and nothing to log, unless a crash may have left a file that a rebuild would take for the object.
        if (old is null && !MayHaveOrphans)
        {
            return null;
        }

        await reserve.UseAsync(async () => await CommitAsync(Change.OfDelete(bucketName, key, await sequences.NextAsync())));
        Discard(old);
        return null;
    }

    /// <summary>Removes a version or delete marker, if it exists. Returns once that survives a power cut.</summary>
    /// <param name="bucketName">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="versionId">The version.</param>
    /// <param name="conditions">The conditions on it; null for none.</param>
    /// <param name="bypassesGovernance">True to remove one under governance retention.</param>
    /// <param name="onlyNoncurrent">True to keep it if it is the newest version.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock.</param>
    /// <returns>What was removed; null if there was nothing.</returns>
    /// <exception cref="S3Exception">NoSuchBucket, PreconditionFailed, AccessDenied for a locked version; InvalidArgument: no version can
    /// have the id.</exception>
    public async Task<ObjectRow?> DeleteVersionAsync(
        string bucketName, string key, string versionId, DeleteConditions? conditions, bool bypassesGovernance,
        bool onlyNoncurrent, CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(bucketName, cancellationToken);
        using var locked = await LockAsync(bucketName, key, cancellationToken);
        if (await FindAsync(bucketName, key, versionId) is not { } row)
        {
            if (versionId == VersionIds.Null)
            {
                conditions?.Judge(null, 0, default);
            }

            return null;
        }

        conditions?.Judge(row.Info.ETag, row.Info.Size, row.Info.LastModified);
        RequireUnlocked(row, bypassesGovernance);
        if (onlyNoncurrent && (await rows.FindNewestOfAllAsync(bucketName, key))?.Sequence == row.Sequence)
        {
            throw new S3Exception(S3Errors.PreconditionFailed);
        }

        var isOnly = buckets.VersioningOf(bucketName) == Versioning.Never;
        await reserve.UseAsync(async () => await CommitAsync(isOnly ? Change.OfDelete(bucketName, key, await sequences.NextAsync())
            : Change.OfVersionRemoval(bucketName, key, row)));
        Discard(row);
        return row;
    }

    /// <summary>Replaces the tags of an object or version; null removes them. ETag and date stay.</summary>
    /// <param name="bucketName">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="versionId">The version; null for the newest.</param>
    /// <param name="known">The file that it must have; null for any.</param>
    /// <param name="tags">The tags.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock of the key.</param>
    /// <returns>The row before.</returns>
    /// <exception cref="S3Exception">As <see cref="RequireAsync"/>; ConditionalRequestConflict.</exception>
    public async Task<ObjectRow> SetTagsAsync(
        string bucketName, string key, string? versionId, FileId? known, string? tags, CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(bucketName, cancellationToken);
        using var locked = await LockAsync(bucketName, key, cancellationToken);
        var row = await RequireSameAsync(bucketName, key, versionId, known);
        await reserve.RequireAsync();
        await CommitAsync(Change.OfTags(bucketName, key, row.File, tags));
        return row;
    }

    /// <summary>Changes what protects an object or version. Returns once that survives a power cut.</summary>
    /// <param name="bucketName">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="versionId">The version; null for the newest.</param>
    /// <param name="known">The file that it must have.</param>
    /// <param name="change">Makes the new lock of the present one, or throws.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock of the key.</param>
    /// <returns>The row before.</returns>
    /// <exception cref="S3Exception">As <see cref="RequireAsync"/>, ConditionalRequestConflict, and what <paramref name="change"/> throws.
    /// </exception>
    public async Task<ObjectRow> SetLockAsync(
        string bucketName, string key, string? versionId, FileId known, Func<ObjectLock?, ObjectLock?> change,
        CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(bucketName, cancellationToken);
        using var locked = await LockAsync(bucketName, key, cancellationToken);
        var row = await RequireSameAsync(bucketName, key, versionId, known);
        var changed = change(row.Lock);
        await reserve.RequireAsync();
        await CommitAsync(Change.OfLock(bucketName, key, row.File, changed));
        return row;
    }

    /// <summary>Replaces owner and ACL of an object or version. ETag and date stay.</summary>
    /// <param name="bucketName">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="versionId">The version; null for the newest.</param>
    /// <param name="known">The file that it must have.</param>
    /// <param name="change">Gives the new ones, as text.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock of the key.</param>
    /// <returns>The row before.</returns>
    /// <exception cref="S3Exception">As <see cref="RequireAsync"/>; ConditionalRequestConflict.</exception>
    public async Task<ObjectRow> SetAclAsync(
        string bucketName, string key, string? versionId, FileId known, Func<ObjectRow, string?> change,
        CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(bucketName, cancellationToken);
        using var locked = await LockAsync(bucketName, key, cancellationToken);
        var row = await RequireSameAsync(bucketName, key, versionId, known);
        await reserve.RequireAsync();
        await CommitAsync(Change.OfAcl(bucketName, key, row.File, change(row)));
        return row;
    }

    /// <summary>
    /// The row of an object or version that must still be the one that the request was judged on: its body may have taken hours.
    /// </summary>
    private async ValueTask<ObjectRow> RequireSameAsync(string bucket, string key, string? versionId, FileId? known) =>
        await RequireAsync(bucket, key, versionId) is var row && (known is null || row.File == known) ? row
            : throw new S3Exception(S3Errors.ConditionalRequestConflict);

    /// <summary>
    /// Renames a file to its final place and commits the rows that name it. If the rows are refused, the file is deleted before the error
    /// is returned: a rebuild must not find it. If the rows are in doubt, that waits until the next commit proves that they are not there.
    /// </summary>
    public async Task SealAsync(ObjectFileWriter file, FileHeader header, Change[] changes)
    {
        using var entered = await rows.EnterAsync();
        try
        {
            await file.SealAsync(header.Write().WrittenMemory, CancellationToken.None);
            await CommitAsync(changes);
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
                case S3Exception { Error: var error } when error == S3Errors.ServiceUnavailable:
                    await RemoveRefusedAsync(file.Id);
                    break;
                default:
                    dirty.Set();
                    break;
            }

            throw;
        }
    }

    /// <summary>Deletes files whose rows were in doubt, if they no longer are.</summary>
    public async Task RemoveRefusedAsync()
    {
        if (_inDoubt.IsEmpty)
        {
            return;
        }

        var refused = new List<FileId>();
        lock (_inDoubt)
        {
            // Only the files present now: a commit that fails later may add others.
            var count = _inDoubt.Count;
            while (!rows.IsInDoubt && count-- > 0 && _inDoubt.TryDequeue(out var file))
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

    /// <summary>Makes changes. Returns once they survive a power cut.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError, ServiceUnavailable.</exception>
    public Task CommitAsync(params Change[] changes) => StoreDisk.GuardAsync(async () =>
    {
        await rows.CommitAsync(changes);
        await RemoveRefusedAsync();
    });

    /// <summary>
    /// Deletes an object's files, which no row names any more, when its last reader is done. Until then the store's rows have them among
    /// the files to be removed.
    /// </summary>
    public void Discard(ObjectRow? row)
    {
        if (row is { IsMarker: false })
        {
            files.Remove(row.File, isManifest: row.PartCount > 0);
        }
    }

    /// <summary>Deletes a file that a rebuild would take for an object. If the disk fails, the next start does it.</summary>
    private async Task RemoveRefusedAsync(FileId file)
    {
        try
        {
            await Task.Run(() => disk.Remove(folders.PathOf(file)), CancellationToken.None);
            await disk.SyncFolderAsync(folders.FolderOf(file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            dirty.Set();
        }
    }
}
