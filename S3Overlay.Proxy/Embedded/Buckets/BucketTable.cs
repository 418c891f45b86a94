using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>
/// The buckets, in memory and in one file each, which is the source of truth. Commits into a bucket share its lock; creating and deleting
/// the bucket take it exclusively. So no object can be committed into a bucket that was found empty and is being deleted.
/// </summary>
internal sealed class BucketTable(StoreFolders folders, StoreDisk disk, DirtyFlag dirty, OrderedIndex index, SequenceCounter sequences)
{
    private readonly ConcurrentDictionary<string, BucketRecord> _records = new(
        index.Scan([RowKeys.Bucket]).Select(static row => BucketRecord.Read(row.Value)).ToDictionary(static record => record.Name),
        StringComparer.Ordinal);

    private readonly NameLocks<string> _locks = new();

    /// <summary>The record of a bucket or bucket tombstone; null if there is neither.</summary>
    public BucketRecord? Find(string bucket) => _records.GetValueOrDefault(bucket);

    /// <summary>The record of an existing bucket.</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public BucketRecord Require(string bucket) =>
        _records.TryGetValue(bucket, out var record) && record.Exists
            ? record
            : throw new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", bucket)] };

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
    /// <returns>False if it exists.</returns>
    public async Task<bool> CreateAsync(string bucket, string region, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var alone = await _locks.TakeAsync(bucket, cancellationToken);
        var known = Find(bucket);
        if (known is { Exists: true })
        {
            return false;
        }

        await SaveAsync(bucket, new BucketRecord
        {
            Name = bucket,
            Exists = true,
            Created = now,
            Region = region,
            IsOpaque = known?.IsOpaque ?? false,
            PurgedUpTo = known?.PurgedUpTo ?? 0,
        });
        return true;
    }

    /// <summary>Deletes an empty bucket once no commit into it runs.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="isOpaque">True to leave a bucket tombstone, which hides the remote (rule B4).</param>
    /// <param name="beforehand">Runs while nothing can be committed into the bucket.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="S3Exception">NoSuchBucket, BucketNotEmpty.</exception>
    public async Task DeleteAsync(string bucket, bool isOpaque, Action beforehand, CancellationToken cancellationToken)
    {
        using var alone = await _locks.TakeAsync(bucket, cancellationToken);
        if (!isOpaque)
        {
            Require(bucket);
        }

        if (index.Scan(RowKeys.OfKey(RowKeys.Object, bucket, "")).Any())
        {
            throw new S3Exception(S3Errors.BucketNotEmpty);
        }

        beforehand();
        var known = Find(bucket);
        var record = !isOpaque && known is { IsOpaque: false, PurgedUpTo: 0 } ? null : new BucketRecord
        {
            Name = bucket,
            Exists = false,
            IsOpaque = isOpaque || known!.IsOpaque,
            Created = known?.Created ?? DateTimeOffset.UnixEpoch,
            Region = known?.Region ?? AwsHosts.DefaultRegion,
            PurgedUpTo = isOpaque ? await sequences.NextAsync() : known!.PurgedUpTo,
        };
        await SaveAsync(bucket, record);
    }

    /// <summary>Writes a bucket's record, then its row; null deletes both.</summary>
    private Task SaveAsync(string bucket, BucketRecord? record) => StoreDisk.GuardAsync(async () =>
    {
        var bytes = record?.Write();
        await index.CatchUpAsync();
        await RecordFile.ChangeAsync(folders, disk, dirty, FileKind.Bucket, folders.BucketPathOf(bucket), Find(bucket)?.Write(), bytes);
        var row = RowKeys.OfBucket(bucket);
        await index.FollowAsync(bytes is { } value ? new IndexBatch().Put(row, value.Span) : new IndexBatch().Delete(row));
        if (record is null)
        {
            _records.TryRemove(bucket, out _);
        }
        else
        {
            _records[bucket] = record;
        }
    });
}
