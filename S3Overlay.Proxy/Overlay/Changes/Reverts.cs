using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Undoes changes, so that the remote shows again (rule P3).</summary>
/// <remarks>
/// <code>
///   a key                        under its lock, which deletes and conditional writes hold:
///     1 cache entries            that may be older than the change are evicted
///     2 tombstone, then object   are removed: in one commit, or in this order                   ILocalChanges
///     3 what was last shown      is forgotten: the next change has a new base
///     4 open uploads             of the key are aborted, unless one change is named
/// </code>
/// Only the object or delete that was listed is undone: what a client writes during the revert stays. An undelete is a revert of tombstones
/// alone: it also works without a remote, and does not look at written objects.
/// </remarks>
internal sealed class Reverts(
    LocalLayer local, IRemoteReader? reader, OverlayLocks locks, Undeletes undeletes, ChangeReader changes, OpenUploads uploads,
    ILogger logger)
{
    /// <summary>Keys reverted in parallel: enough to share the log's syncs, few enough to leave room for other requests.</summary>
    private const int Parallel = 16;

    /// <summary>Reverts keys, and with <see cref="RevertOptions.Bucket"/> the deletion of a bucket.</summary>
    /// <param name="scope">What to revert; every bucket if it names none.</param>
    /// <param name="options">What may go.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Stops the work; what is reverted stays so.</param>
    /// <exception cref="S3Exception">InvalidRequest for a bucket without a remote; InvalidBucketState for a deleted bucket that may not be
    /// reverted; ServiceUnavailable if a layer fails.</exception>
    public async Task RevertAsync(AdministrationScope scope, RevertOptions options, RevertCount count, CancellationToken cancellationToken)
    {
        if (scope.Bucket is { } one)
        {
            await RevertAsync(one, scope, options, count, cancellationToken);
            return;
        }

        var buckets = options.OnlyDeletes ? local.Marks.ListBucketsAsync(cancellationToken)
            : (await changes.BucketsAsync(cancellationToken)).ToAsyncEnumerable();
        await foreach (var bucket in buckets)
        {
            await RevertAsync(bucket, scope, options, count, cancellationToken);
        }
    }

    private async Task RevertAsync(string bucket, AdministrationScope scope, RevertOptions options, RevertCount count,
        CancellationToken cancellationToken)
    {
        var routes = options.OnlyDeletes ? null : changes.Require(bucket);
        var isHidden = false;
        if ((await local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque)
        {
            if (scope.Bucket is null && !options.Bucket)
            {
                return;
            }

            if (scope.IsPart || !options.Bucket)
            {
                // What is removed would leave nothing to see.
                await undeletes.RequireShownAsync(bucket, cancellationToken);
            }

            if (options.IsDryRun)
            {
                isHidden = true;
                count.AddBucket();
            }
            else
            {
                await undeletes.ShowBucketAsync(bucket, count.AddBucket, cancellationToken);
            }
        }

        using var shared = await locks.Buckets.ShareAsync(bucket, cancellationToken);
        if (scope.Key is { } key)
        {
            if (routes is null)
            {
                if (await local.Marks.FindAsync(bucket, key, cancellationToken) is { } tombstone)
                {
                    await RevertAsync(StepOf(bucket, tombstone), options, count, cancellationToken);
                }
            }
            else if (routes.Of(key) is { } place && await local.Changes.FindAsync(bucket, key, cancellationToken) is { } change)
            {
                var isAdded = change.Written is not null && !options.Added
                    && await ChangeReader.HeadAsync(place, key, cancellationToken) is null;
                var open = await uploads.OfKeyAsync(bucket, key, cancellationToken);
                await RevertAsync(new Step(bucket, change, place, isAdded, open), options, count, cancellationToken);
            }

            return;
        }

        await System.Threading.Tasks.Parallel.ForEachAsync(
            routes is not null ? StepsAsync(bucket, scope.Prefix ?? "", routes, options, isHidden, cancellationToken)
                : local.Marks.ListAsync(bucket, scope.Prefix ?? "", "", cancellationToken)
                    .Where(_ => !isHidden).Select(tombstone => StepOf(bucket, tombstone)),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (step, token) => await RevertAsync(step, options, count, token));
    }

    /// <summary>A tombstone to remove, whatever is written over it.</summary>
    private static Step StepOf(string bucket, Tombstone tombstone) =>
        new(bucket, new LocalChange(tombstone.Key) { Tombstone = tombstone }, null, IsAdded: false, []);

    /// <summary>The keys to revert, with what has to be known of each. Tombstones of a deleted bucket go with its deletion.</summary>
    private async IAsyncEnumerable<Step> StepsAsync(
        string bucket, string prefix, BucketRoutes routes, RevertOptions options, bool isHidden,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var remote = new RemoteLookups(prefix, logger);
        await using var open = new UploadCursor(uploads.ListAsync(bucket, prefix, cancellationToken));
        await foreach (var change in local.Changes.ListAsync(bucket, prefix, "", cancellationToken))
        {
            if (routes.Of(change.Key) is { } place && !(isHidden && change.Written is null))
            {
                var isAdded = change.Written is not null && !options.Added
                    && await remote.FindAsync(place, change.Key, cancellationToken) is null;
                yield return new Step(bucket, change, place, isAdded, await open.OfAsync(change.Key));
            }
        }
    }

    private async ValueTask RevertAsync(Step step, RevertOptions options, RevertCount count, CancellationToken cancellationToken)
    {
        var (bucket, change, place, isAdded, open) = step;
        if (isAdded)
        {
            count.AddKept();
            return;
        }

        var only = options.Only ?? (change.Written is null ? change.Tombstone!.Stamp : change.Stamp);
        var outcome = options.IsDryRun ? RevertOutcome.Reverted
            : place is null ? await UndeleteAsync(bucket, change.Tombstone!, cancellationToken)
            : await RevertAsync(bucket, change.Key, place, new LocalRevert { Only = only, AllVersions = options.Versions }, options.Shows,
                cancellationToken);
        count.Add(outcome);
        if (outcome == RevertOutcome.Reverted && !options.IsDryRun && options.Only is null)
        {
            foreach (var upload in open)
            {
                await uploads.AbortAsync(bucket, change.Key, upload, cancellationToken);
                count.AddUpload();
            }
        }
    }

    private async Task<RevertOutcome> UndeleteAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        await undeletes.UndeleteAsync(bucket, tombstone, static () => true, cancellationToken) switch
        {
            UndeleteOutcome.Undeleted => RevertOutcome.Reverted,
            UndeleteOutcome.Kept => RevertOutcome.Young,
            _ => RevertOutcome.Absent,
        };

    private async Task<RevertOutcome> RevertAsync(string bucket, string key, RemoteBucket place, LocalRevert what, string? shows,
        CancellationToken cancellationToken)
    {
        using var entered = await locks.Keys.TakeAsync(new ObjectName(bucket, key), cancellationToken);
        if (shows is not null
            && (await ChangeReader.HeadAsync(place, key, cancellationToken) is not { } now || !ETags.Same(now.ETag, shows)))
        {
            return RevertOutcome.Changed;
        }

        await (reader?.InvalidateDeletedAsync(bucket, key) ?? ValueTask.CompletedTask);
        var outcome = await local.Changes.RevertAsync(bucket, key, what, cancellationToken);
        if (outcome == RevertOutcome.Reverted)
        {
            reader?.Shown?.Forget(bucket, key);
        }

        return outcome;
    }

    /// <summary>One key to revert.</summary>
    /// <param name="Place">Where the key continues; null if only its tombstone goes.</param>
    /// <param name="IsAdded">True if the remote has no such key, so that nothing would be left of it.</param>
    /// <param name="Uploads">Its open uploads.</param>
    private sealed record Step(string Bucket, LocalChange Change, RemoteBucket? Place, bool IsAdded, IReadOnlyList<string> Uploads);
}

/// <summary>What a revert may remove.</summary>
public sealed record RevertOptions
{
    /// <summary>True to remove written keys that the remote does not have: nothing is left of them.</summary>
    public bool Added { get; init; }

    /// <summary>True to remove tombstones alone, also those under written objects, which stay.</summary>
    public bool OnlyDeletes { get; init; }

    /// <summary>True to undo the deletion of a whole bucket.</summary>
    public bool Bucket { get; init; }

    /// <summary>True to remove all local versions of keys that have several.</summary>
    public bool Versions { get; init; }

    /// <summary>True to count only.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>For one key: the stamp of the only object or tombstone that may go (<see cref="LocalChange.Stamp"/>).</summary>
    public string? Only { get; init; }

    /// <summary>For one key: the ETag that the remote must show, checked under the key's lock; null for any.</summary>
    public string? Shows { get; init; }
}
