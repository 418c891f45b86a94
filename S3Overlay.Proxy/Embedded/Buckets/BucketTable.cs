using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>
/// The buckets, in memory and in the store's rows. Commits into a bucket share its lock; creating and deleting
/// the bucket take it exclusively. So no object can be committed into a bucket that was found empty and is being deleted.
/// </summary>
internal sealed class BucketTable
{
    private readonly StoreRows _rows;
    private readonly SequenceCounter _sequences;
    private ConcurrentDictionary<string, BucketRecord> _records;

    /// <summary>The parsed access settings of buckets in which not the keys file's rights alone decide.</summary>
    private ConcurrentDictionary<string, BucketAccess> _access;

    private readonly NameLocks<string> _locks = new();

    public BucketTable(StoreRows rows, SequenceCounter sequences)
    {
        (_rows, _sequences, _records) = (rows, sequences, ReadAll(rows));
        _access = ReadAccess(_records);
    }

    /// <summary>The record of a bucket or bucket tombstone; null if there is neither.</summary>
    public BucketRecord? Find(string bucket) => _records.GetValueOrDefault(bucket);

    /// <summary>Whether some bucket belongs to an account with an id of its own.</summary>
    public bool HasOwners => _access.Values.Any(static access => access.OwnerId is not null);

    /// <summary>Who may do what in a bucket; null if the keys file's rights decide alone.</summary>
    public BucketAccess? AccessOf(string bucket) => _access.GetValueOrDefault(bucket);

    /// <summary>The record of an existing bucket.</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public BucketRecord Require(string bucket) =>
        _records.TryGetValue(bucket, out var record) && record.Exists
            ? record
            : throw new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", bucket)] };

    /// <summary>A bucket's versioning.</summary>
    public Versioning VersioningOf(string bucket) => Find(bucket)?.Versioning ?? Versioning.Never;

    /// <summary>A bucket's CORS rules; null for none.</summary>
    public CorsRules? CorsOf(string bucket) =>
        Find(bucket)?.Documents.TryGetValue("cors", out var document) == true ? CorsRules.Of(document) : null;

    /// <summary>The existing buckets, by name.</summary>
    public IReadOnlyList<BucketRecord> List() =>
        [.. _records.Values.Where(static record => record.Exists).OrderBy(static record => record.Name, StringComparer.Ordinal)];

    /// <summary>Names with a bucket tombstone.</summary>
    public IEnumerable<string> ListOpaque() => _records.Values.Where(static record => record.IsOpaque).Select(static record => record.Name);

    /// <summary>Removes a bucket tombstone. Tombstones of keys that were removed with the bucket stay removed.</summary>
    /// <returns>True if there was one.</returns>
    public async Task<bool> RemoveTombstoneAsync(string bucket, CancellationToken cancellationToken)
    {
        using var alone = await _locks.TakeAsync(bucket, cancellationToken);
        if (Find(bucket) is not { IsOpaque: true } known)
        {
            return false;
        }

        await SaveAsync(bucket, known with { IsOpaque = false });
        return true;
    }

    /// <summary>Keeps the bucket from being deleted until the result is disposed.</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public async ValueTask<IDisposable> KeepAsync(string bucket, CancellationToken cancellationToken)
    {
        var locked = await _locks.ShareAsync(bucket, cancellationToken);
        try
        {
            Require(bucket);
            return locked;
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    /// <summary>Creates a bucket; a bucket tombstone stays.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="region">Its region.</param>
    /// <param name="now">When it is created.</param>
    /// <param name="configure">Sets how it begins; null for nothing set.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>False if it exists.</returns>
    public async Task<bool> CreateAsync(
        string bucket, string region, DateTimeOffset now, Func<BucketRecord, BucketRecord>? configure, CancellationToken cancellationToken)
    {
        using var alone = await _locks.TakeAsync(bucket, cancellationToken);
        var known = Find(bucket);
        if (known is { Exists: true })
        {
            return false;
        }

        var record = new BucketRecord
        {
            Name = bucket,
            Exists = true,
            Created = now,
            Region = region,
            IsOpaque = known?.IsOpaque ?? false,
            PurgedUpTo = known?.PurgedUpTo ?? 0,
        };
        await SaveAsync(bucket, configure?.Invoke(record) ?? record);
        return true;
    }

    /// <summary>Changes an existing bucket's record once no commit into the bucket runs.</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public async Task ChangeAsync(string bucket, Func<BucketRecord, BucketRecord> change, CancellationToken cancellationToken)
    {
        using var alone = await _locks.TakeAsync(bucket, cancellationToken);
        await SaveAsync(bucket, change(Require(bucket)));
    }

    /// <summary>Deletes an empty bucket once no commit into it runs.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="isOpaque">True to leave a bucket tombstone, which hides the remote (rule B4).</param>
    /// <param name="beforehand">Runs while nothing can be committed into the bucket.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="S3Exception">NoSuchBucket, BucketNotEmpty.</exception>
    public async Task DeleteAsync(string bucket, bool isOpaque, Func<Task> beforehand, CancellationToken cancellationToken)
    {
        using var alone = await _locks.TakeAsync(bucket, cancellationToken);
        if (!isOpaque)
        {
            Require(bucket);
        }

        if (await _rows.HasObjectsAsync(bucket))
        {
            throw new S3Exception(S3Errors.BucketNotEmpty);
        }

        await beforehand();
        var known = Find(bucket);
        var record = !isOpaque && known is { IsOpaque: false, PurgedUpTo: 0 } ? null : new BucketRecord
        {
            Name = bucket,
            Exists = false,
            IsOpaque = isOpaque || known!.IsOpaque,
            Created = known?.Created ?? DateTimeOffset.UnixEpoch,
            Region = known?.Region ?? AwsHosts.DefaultRegion,
            PurgedUpTo = isOpaque ? await _sequences.NextAsync() : known!.PurgedUpTo,
        };
        if (isOpaque)
        {
            // The commit removes the tombstones of its keys. A read that finds none looks at the bucket next, and must find the remote
            // hidden. Until the commit the bucket still exists, and looks empty, as it is; without a local half, it looks deleted already.
            Show(bucket, known is { Exists: true } ? known with { IsOpaque = true } : record);
        }

        try
        {
            await SaveAsync(bucket, record);
        }
        catch when (isOpaque)
        {
            Show(bucket, known);
            throw;
        }
    }

    /// <summary>Reads all records again, after the database was rebuilt.</summary>
    public void Reload(StoreRows rebuilt)
    {
        _records = ReadAll(rebuilt);
        _access = ReadAccess(_records);
    }

    private static ConcurrentDictionary<string, BucketRecord> ReadAll(StoreRows rows) =>
        new(rows.ListBuckets().ToDictionary(static record => record.Name), StringComparer.Ordinal);

    /// <summary>Replaces a bucket's record; null deletes it.</summary>
    private Task SaveAsync(string bucket, BucketRecord? record) => StoreDisk.GuardAsync(async () =>
    {
        await _rows.CommitAsync(Change.OfBucket(bucket, record));
        Show(bucket, record);
        KeepAccess(bucket, record);
    });

    private void Show(string bucket, BucketRecord? record)
    {
        if (record is null)
        {
            _records.TryRemove(bucket, out _);
        }
        else
        {
            _records[bucket] = record;
        }
    }

    private static ConcurrentDictionary<string, BucketAccess> ReadAccess(IEnumerable<KeyValuePair<string, BucketRecord>> records) =>
        new(records.SelectMany(static each => ReadAccess(each.Value) is { } access
            ? [new(each.Key, access)] : (KeyValuePair<string, BucketAccess>[])[]), StringComparer.Ordinal);

    private static BucketAccess? ReadAccess(BucketRecord? record) =>
        record is { Exists: true, Documents.Count: > 0 } && BucketAccess.Of(record.Name, record.Documents) is { IsPlain: false } access
            ? access : null;

    private void KeepAccess(string bucket, BucketRecord? record)
    {
        if (ReadAccess(record) is { } access)
        {
            _access[bucket] = access;
        }
        else
        {
            _access.TryRemove(bucket, out _);
        }
    }
}
