using System.Runtime.CompilerServices;
using System.Text;

using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The tombstones. They are written and removed under the key's lock, with numbers in the same order, and reach the delete log before the
/// index.
/// </summary>
/// <param name="index">Their rows.</param>
/// <param name="sequences">Numbers all writes and deletes.</param>
/// <param name="buckets">Know up to which number tombstones were removed with their bucket.</param>
/// <param name="objects">The objects, their keys' locks, and the delete log.</param>
/// <param name="reserve">Space for tombstones on a full disk: they precede what frees space.</param>
internal sealed class TombstoneTable(OrderedIndex index, SequenceCounter sequences, BucketTable buckets, ObjectTable objects,
    DiskReserve reserve)
{
    /// <summary>Rows removed per commit.</summary>
    private const int ForgottenAtOnce = 256;

    public TombstoneCount Count { get; } = new();

    /// <summary>True if the key has a valid tombstone.</summary>
    public bool Has(string bucket, string key) => Find(bucket, key) is not null;

    /// <summary>Writes a tombstone (rule D1). Returns once it survives a power cut.</summary>
    public async Task LeaveAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var locked = await objects.LockAsync(bucket, key, cancellationToken);
        if (Has(bucket, key))
        {
            return;
        }

        // The tombstone does not delete the present object: that is the next step, with its own number. Until then the object must outrank
        // the tombstone in a rebuild as it does in the index, so the tombstone is numbered right before it.
        var sequence = 0UL;
        using var change = await objects.Deletes.EnterAsync();
        await reserve.UseAsync(async () =>
        {
            sequence = objects.Find(bucket, key) is { } row ? row.Sequence - 1 : await sequences.NextAsync();
            await objects.LogAsync(new DeleteRecord(DeleteKind.Tombstone, sequence, bucket, key, default));
        });
        var name = RowKeys.OfKey(RowKeys.Tombstone, bucket, key);

        // A row that was removed with its bucket may still exist.
        var isNew = !index.TryGet(name, out _);
        await index.FollowAsync(new IndexBatch().Put(name, SequenceCounter.RowValue(sequence)));
        Count.Add(isNew ? 1 : 0);
    }

    /// <summary>The number of a key's valid tombstone; null if there is none.</summary>
    public ulong? Find(string bucket, string key) =>
        index.TryGet(RowKeys.OfKey(RowKeys.Tombstone, bucket, key), out var value) && CountsIn(bucket, value) ? SequenceCounter.Read(value)
            : null;

    /// <summary>Removes a tombstone if it still has this number. Returns once that survives a power cut.</summary>
    public async Task<UndeleteOutcome> UndeleteAsync(string bucket, string key, ulong sequence, CancellationToken cancellationToken)
    {
        using var locked = await objects.LockAsync(bucket, key, cancellationToken);
        if (Find(bucket, key) is not { } current)
        {
            return UndeleteOutcome.Absent;
        }

        if (current != sequence)
        {
            return UndeleteOutcome.Kept;
        }

        using var change = await objects.Deletes.EnterAsync();
        await objects.LogAsync(new DeleteRecord(DeleteKind.Discard, sequence, bucket, key, default));
        await index.FollowAsync(new IndexBatch().Delete(RowKeys.OfKey(RowKeys.Tombstone, bucket, key)));
        Count.Add(-1);
        return UndeleteOutcome.Undeleted;
    }

    /// <summary>
    /// Removes the rows of tombstones that were deleted with their bucket. They are already invalid, and stay if the index's disk does not
    /// accept the change.
    /// </summary>
    /// <remarks>
    /// A concurrent delete may replace one of these rows by a valid one, and they can only be distinguished under the key's lock. Locks are
    /// taken in key order, and no other code takes more than one, so there is no deadlock.
    /// </remarks>
    public async Task ForgetAsync(string bucket)
    {
        var prefix = RowKeys.OfKey(RowKeys.Tombstone, bucket, "");
        while (index.Scan(prefix).Where(row => !CountsIn(bucket, row.Value)).Take(ForgottenAtOnce).ToList() is { Count: > 0 } rows
            && await MayFollowAsync())
        {
            var locked = new List<IDisposable>(rows.Count);
            try
            {
                var (batch, count) = (new IndexBatch(), 0);
                foreach (var (key, _) in rows)
                {
                    locked.Add(await objects.LockAsync(bucket, RowKeys.KeyOf(key, prefix.Length), CancellationToken.None));
                    if (index.TryGet(key, out var value) && !CountsIn(bucket, value))
                    {
                        batch.Delete(key);
                        count++;
                    }
                }

                await index.FollowAsync(batch);
                Count.Add(-count);
            }
            finally
            {
                locked.ForEach(static entered => entered.Dispose());
            }
        }
    }

    /// <summary>
    /// Reads the tombstones of a bucket that start with <paramref name="prefix"/> and come after <paramref name="after"/>, as of now, in
    /// listing order.
    /// </summary>
#pragma warning disable CS1998 // the index answers at once; the seam does not promise that every layer does
    public async IAsyncEnumerable<T> ListAsync<T>(
        string bucket, string prefix, string after, Func<string, ulong, T> show,
        [EnumeratorCancellation] CancellationToken cancellationToken)
#pragma warning restore CS1998
    {
        var bucketLength = RowKeys.OfKey(RowKeys.Tombstone, bucket, "").Length;
        var rowPrefix = RowKeys.OfKey(RowKeys.Tombstone, bucket, prefix);
        var start = Utf8Order.Compare(after, prefix) >= 0 && after.Length > 0
            ? RowKeys.OfKey(RowKeys.Tombstone, bucket, after, [0])
            : rowPrefix;
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(start); found && cursor.Key.StartsWith(rowPrefix); found = cursor.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (CountsIn(bucket, cursor.Value))
            {
                yield return show(RowKeys.KeyOf(cursor.Key, bucketLength), SequenceCounter.Read(cursor.Value));
            }
        }
    }

    /// <summary>Buckets that have tombstone rows. One look-up per bucket: the cursor jumps past its last tombstone.</summary>
    public List<string> ListBuckets()
    {
        var names = new List<string>();
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek([RowKeys.Tombstone]); found && cursor.Key[0] == RowKeys.Tombstone;)
        {
            var row = cursor.Key[1..];
            var bucket = Encoding.UTF8.GetString(row[..row.IndexOf((byte)0)]);
            names.Add(bucket);
            found = cursor.Seek(RowKeys.OfKey(RowKeys.Tombstone, bucket, "", [RowKeys.AfterAll]));
        }

        return names;
    }

    private async ValueTask<bool> MayFollowAsync()
    {
        try
        {
            await index.CatchUpAsync();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>True if a tombstone's row is valid: its bucket was not deleted since.</summary>
    private bool CountsIn(string bucket, ReadOnlySpan<byte> value) =>
        SequenceCounter.Read(value) >= (buckets.Find(bucket)?.PurgedUpTo ?? 0);
}

/// <summary>
/// Counts tombstones. Those present at the start are counted in the background, so that the start does not grow with the data: the count is
/// complete a moment later.
/// </summary>
internal sealed class TombstoneCount : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _counting = Task.CompletedTask;
    private long _count;

    public long Value => Math.Max(0, Interlocked.Read(ref _count));

    /// <summary>Starts counting what is there now. Call before any change.</summary>
    public void Begin(OrderedIndex index)
    {
        var before = index.Snapshot();
        _counting = Task.Run(() => CountAll(before));
    }

    public void Add(long change) => Interlocked.Add(ref _count, change);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _counting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private void CountAll(IndexSnapshot before)
    {
        using (before)
        {
            using var cursor = before.OpenCursor();
            for (var found = cursor.Seek([RowKeys.Tombstone]); found && cursor.Key[0] == RowKeys.Tombstone
                && !_stopping.IsCancellationRequested; found = cursor.Next())
            {
                Add(1);
            }
        }
    }
}
