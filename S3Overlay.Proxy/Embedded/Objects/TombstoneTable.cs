using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>The tombstones. They are written and removed under the key's lock, with numbers in the same order.</summary>
/// <param name="rows">Their rows.</param>
/// <param name="sequences">Numbers all writes and deletes.</param>
/// <param name="objects">The objects and their keys' locks.</param>
/// <param name="reserve">Space for tombstones on a full disk: they precede what frees space.</param>
/// <param name="time">The clock.</param>
internal sealed class TombstoneTable(StoreRows rows, SequenceCounter sequences, ObjectTable objects, DiskReserve reserve, TimeProvider time)
{
    /// <summary>How many there are.</summary>
    public long Count => rows.Tombstones;

    /// <summary>True if the key has a tombstone.</summary>
    public async ValueTask<bool> HasAsync(string bucket, string key) => await FindAsync(bucket, key) is not null;

    /// <summary>A key's tombstone; null if there is none.</summary>
    public ValueTask<TombstoneRow?> FindAsync(string bucket, string key) => rows.FindTombstoneAsync(bucket, key);

    /// <summary>
    /// Writes a tombstone (rule D1). Returns once it survives a power cut. One that exists stays, and a written object hands on what it
    /// hides: nothing of the remote was shown since.
    /// </summary>
    public async Task LeaveAsync(string bucket, string key, RemoteBase? known, CancellationToken cancellationToken)
    {
        using var locked = await objects.LockAsync(bucket, key, cancellationToken);
        if (await HasAsync(bucket, key))
        {
            return;
        }

        // The tombstone does not delete the present object: that is the next step, with its own number. Until then the object must outrank
        // the tombstone in a rebuild as it does in the rows, so the tombstone is numbered right before it.
        var row = await objects.FindAsync(bucket, key);
        await reserve.UseAsync(async () => await objects.CommitAsync(Change.OfTombstone(bucket, key, new TombstoneRow(
            row is null ? await sequences.NextAsync() : row.Sequence - 1, time.GetUtcNow(), row is null ? known : row.BaseOfNext(known)))));
    }

    /// <summary>
    /// Writes the tombstone of a delete in a bucket with versioning: with the marker, or with the version that the delete is about to hide.
    /// It replaces one that exists, and takes over its base. Returns once that survives a power cut.
    /// </summary>
    public async Task NameAsync(
        string bucket, string key, string? marker, string? over, RemoteBase? known, CancellationToken cancellationToken)
    {
        using var locked = await objects.LockAsync(bucket, key, cancellationToken);
        var hidden = await FindAsync(bucket, key) is { } before ? before.Base
            : await objects.FindAsync(bucket, key) is { } row ? row.BaseOfNext(known) : known;
        await reserve.UseAsync(async () => await objects.CommitAsync(Change.OfTombstone(bucket, key,
            new TombstoneRow(await sequences.NextAsync(), time.GetUtcNow(), hidden) { Marker = marker, Over = over })));
    }

    /// <summary>Removes a tombstone if it still has this number. Returns once that survives a power cut.</summary>
    public async Task<UndeleteOutcome> UndeleteAsync(string bucket, string key, ulong sequence, CancellationToken cancellationToken)
    {
        using var locked = await objects.LockAsync(bucket, key, cancellationToken);
        if (await FindAsync(bucket, key) is not { } current)
        {
            return UndeleteOutcome.Absent;
        }

        if (current.Sequence != sequence)
        {
            return UndeleteOutcome.Kept;
        }

        await objects.CommitAsync(Change.OfUndelete(bucket, key, sequence));
        return UndeleteOutcome.Undeleted;
    }

    /// <summary>
    /// Replaces what a tombstone hides, if it still has this number, which stays. Returns once that survives a power cut.
    /// </summary>
    public async Task RestoreBaseAsync(string bucket, string key, ulong sequence, RemoteBase known, CancellationToken cancellationToken)
    {
        using var locked = await objects.LockAsync(bucket, key, cancellationToken);
        if (await FindAsync(bucket, key) is { } current && current.Sequence == sequence)
        {
            await reserve.UseAsync(() => objects.CommitAsync(Change.OfTombstone(bucket, key, current with { Base = known })));
        }
    }

    /// <summary>
    /// Removes a key's object and tombstone in one commit, with all versions if it has several. Returns once that survives a power cut. A
    /// reader finds what was there or nothing: the tombstone is forgotten first. A key with a locked version stays as it is.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="only">The stamp of the only object, or tombstone of a deleted key, that may go; null for any.</param>
    /// <param name="allVersions">True to remove all versions of a key that has several.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock.</param>
    public async Task<RevertOutcome> RevertAsync(
        string bucket, string key, string? only, bool allVersions, CancellationToken cancellationToken)
    {
        using var locked = await objects.LockAsync(bucket, key, cancellationToken);
        var (row, tombstone) = (await objects.FindAsync(bucket, key), await FindAsync(bucket, key));
        if ((row?.Stamp ?? tombstone?.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture)) is not { } current)
        {
            return RevertOutcome.Absent;
        }

        if (only is not null && only != current)
        {
            return RevertOutcome.Changed;
        }

        if (row is null && !allVersions)
        {
            // The older versions of a deleted key stay, hidden by its delete marker (rule P3).
            await reserve.UseAsync(() => objects.CommitAsync(Change.OfUndelete(bucket, key, tombstone!.Sequence)));
            return RevertOutcome.Reverted;
        }

        var versions = rows.VersionsOf(bucket, key);
        if (versions.Count(static version => !version.IsMarker) > 1 && !allVersions)
        {
            return RevertOutcome.HasVersions;
        }

        if (versions.Exists(version => version.Lock is { } locked && locked.Protects(time.GetUtcNow(), bypassesGovernance: false)))
        {
            return RevertOutcome.Locked;
        }

        var changes = new List<Change>(2);
        if (tombstone is not null)
        {
            changes.Add(Change.OfUndelete(bucket, key, tombstone.Sequence));
        }

        if (versions.Exists(version => version.Sequence != row?.Sequence || version.VersionId is not null))
        {
            changes.AddRange(versions.Select(version => Change.OfVersionRemoval(bucket, key, version)));
        }
        else if (row is not null)
        {
            changes.Add(Change.OfDelete(bucket, key, await sequences.NextAsync()));
        }

        // Like a delete, it may use the space that is kept for what frees space.
        await reserve.UseAsync(() => objects.CommitAsync([.. changes]));
        versions.ForEach(objects.Discard);
        return RevertOutcome.Reverted;
    }

    /// <summary>
    /// Reads the tombstones of a bucket that start with <paramref name="prefix"/> and come after <paramref name="after"/>, in listing
    /// order.
    /// </summary>
    public async IAsyncEnumerable<T> ListAsync<T>(
        string bucket, string prefix, string after, Func<string, TombstoneRow, T> show,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isAfter = after.Length > 0 && Utf8Order.Compare(after, prefix) >= 0;
        for (var from = isAfter ? after : prefix; ; isAfter = true)
        {
            var start = (Key: from, IsAfter: isAfter);
            var page = await Task.Run(() => rows.ListTombstones(bucket, prefix, start.Key, start.IsAfter), cancellationToken);
            foreach (var (key, row) in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return show(key, row);
            }

            if (page.Count < StoreQueries.PageSize)
            {
                yield break;
            }

            from = page[^1].Key;
        }
    }

    /// <summary>Buckets that have tombstones.</summary>
    public List<string> ListBuckets() => rows.ListTombstoneBuckets();
}
