using System.Runtime.CompilerServices;
using System.Text;

using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Tombstones;

/// <summary>
/// The tombstones. They are left and taken back under the lock of the key's writes, with numbers in the same order, and are in the log of
/// deletes before they are in the index.
/// </summary>
/// <param name="index">Their rows.</param>
/// <param name="sequences">The order of all writes and deletes.</param>
/// <param name="buckets">Know up to where tombstones went with their bucket.</param>
/// <param name="objects">The objects, their keys' locks, and the log of deletes.</param>
/// <param name="reserve">Room for tombstones on a full disk: they come before what makes room.</param>
internal sealed class TombstoneTable(OrderedIndex index, SequenceCounter sequences, BucketTable buckets, ObjectTable objects,
    DiskReserve reserve)
{
    /// <summary>How many rows are taken away in one commit.</summary>
    private const int ForgottenAtOnce = 256;

    /// <summary>How many there are.</summary>
    public TombstoneCount Count { get; } = new();

    /// <summary>Whether the key has a tombstone that counts.</summary>
    public bool Has(string bucket, string key) => Find(bucket, key) is not null;

    /// <summary>Leaves a tombstone (rule D1). Returns once it survives a power cut.</summary>
    public async Task LeaveAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var held = await objects.LockAsync(bucket, key, cancellationToken);
        if (Has(bucket, key))
        {
            return;
        }

        // The mark does not delete the object that is there: that is the next step, with a number of its own. Until then a rebuild must
        // find the object outranking the mark, as the index does, so the mark takes its place right before it.
        var sequence = 0UL;
        using var change = await objects.Deletes.EnterAsync();
        await reserve.UseAsync(async () =>
        {
            sequence = objects.Find(bucket, key) is { } row ? row.Sequence - 1 : await sequences.NextAsync();
            await objects.LogAsync(new DeleteRecord(DeleteKind.Tombstone, sequence, bucket, key, default));
        });
        var batch = new IndexBatch();
        var name = RowKeys.OfKey(RowKeys.Tombstone, bucket, key);

        // A row of one that went with its bucket may be there.
        var isNew = !index.TryGet(name, out _);
        batch.Put(name, SequenceCounter.RowValue(sequence));
        await index.FollowAsync(batch);
        Count.Add(isNew ? 1 : 0);
    }

    /// <summary>The number of a key's tombstone that counts; null where there is none.</summary>
    public ulong? Find(string bucket, string key) =>
        index.TryGet(RowKeys.OfKey(RowKeys.Tombstone, bucket, key), out var value) && CountsIn(bucket, value) ? SequenceCounter.Read(value)
            : null;

    /// <summary>Takes a tombstone back, where it still is the one of this number. Returns once that survives a power cut.</summary>
    public async Task<UndeleteOutcome> DiscardAsync(string bucket, string key, ulong sequence, CancellationToken cancellationToken)
    {
        using var held = await objects.LockAsync(bucket, key, cancellationToken);
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
        var batch = new IndexBatch();
        batch.Delete(RowKeys.OfKey(RowKeys.Tombstone, bucket, key));
        await index.FollowAsync(batch);
        Count.Add(-1);
        return UndeleteOutcome.Discarded;
    }

    /// <summary>
    /// Takes the rows of tombstones away that went with their bucket; they do not count any more already, and stay where the index's disk
    /// does not let them go.
    /// </summary>
    /// <remarks>
    /// A delete that comes meanwhile puts a row that counts in the place of one of these, and a row is told from the one before only with
    /// the key's lock held. Locks are taken in the order of keys, and by nobody else more than one, so that nobody waits for ever.
    /// </remarks>
    public async Task ForgetAsync(string bucket)
    {
        var prefix = RowKeys.OfKey(RowKeys.Tombstone, bucket, "");
        var scan = new PrefixScan(index, prefix);
        while (scan.Keys(ForgottenAtOnce, (_, value) => !CountsIn(bucket, value)) is { Count: > 0 } keys && await MayFollowAsync())
        {
            var held = new List<IDisposable>(keys.Count);
            try
            {
                var (batch, count) = (new IndexBatch(), 0);
                foreach (var key in keys)
                {
                    held.Add(await objects.LockAsync(bucket, RowKeys.KeyOf(key, prefix.Length), CancellationToken.None));
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
                held.ForEach(static entered => entered.Dispose());
            }
        }
    }

    /// <summary>
    /// What is made of the tombstones of a bucket that start with <paramref name="prefix"/> and come after <paramref name="after"/>, as
    /// they stand now, in the order of listings.
    /// </summary>
#pragma warning disable CS1998 // the index answers at once; the seam does not promise that every layer does
    public async IAsyncEnumerable<T> ListAsync<T>(
        string bucket,
        string prefix,
        string after,
        Func<string, ulong, T> show,
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

    /// <summary>
    /// The buckets that have rows of tombstones. One look-up a bucket: the cursor jumps behind the last tombstone of each.
    /// </summary>
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

    /// <summary>Whether a tombstone's row counts: not where the bucket was deleted since.</summary>
    private bool CountsIn(string bucket, ReadOnlySpan<byte> value) =>
        SequenceCounter.Read(value) >= (buckets.Find(bucket)?.PurgedUpTo ?? 0);
}
