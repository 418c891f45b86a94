using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Lists what was changed here, compared with what the remotes have now (rule P2).</summary>
/// <remarks>
/// <code>
///   local layer   a  c     e         written keys and tombstones, in order
///   remote        a  b  c  d  f      pages that these keys are on                           RemoteWalk
///                 |  |
///                 M  A ...           a HEAD each only if ETag and size do not decide        Contents
///                 !                  has the remote changed since?                          UpstreamStates
/// </code>
/// An object as large as its base, with the same ETag, needs its HEAD anyway, and so no page: one request for each change. Only where the
/// base does not show that does a HEAD follow the page.
///
/// Rows wait in order for their HEADs, of which some run at a time, so memory does not grow with the number of changes.
/// </remarks>
internal sealed class ChangeReader(LocalLayer local, BucketDirectory directory, ILogger logger)
{
    /// <summary>Changes compared at the same time.</summary>
    private const int Parallel = 16;

    private readonly Contents _contents = new(local.Changes);

    /// <summary>Changes in key order; of all buckets, ordered by name, if the scope names none.</summary>
    /// <exception cref="S3Exception">InvalidRequest for a bucket without a remote; ServiceUnavailable if a layer fails.</exception>
    public async IAsyncEnumerable<Change> ListAsync(AdministrationScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var bucket in scope.Bucket is { } one ? [one] : await BucketsAsync(cancellationToken))
        {
            await foreach (var change in ListAsync(bucket, scope, cancellationToken))
            {
                yield return change;
            }
        }
    }

    /// <summary>The change of one key; null if it was neither written nor deleted here.</summary>
    /// <exception cref="S3Exception">InvalidRequest for a bucket without a remote; ServiceUnavailable if a layer fails.</exception>
    public Task<Change?> FindAsync(string bucket, string key, CancellationToken cancellationToken) =>
        OfKeyAsync(bucket, key, Require(bucket), cancellationToken);

    /// <summary>Where a bucket's keys continue below.</summary>
    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public BucketRoutes Require(string bucket) => directory.Below(bucket)
        ?? throw new S3Exception(S3Errors.InvalidRequest, "The bucket has no remote that it could differ from.");

    /// <summary>Buckets with a remote that may have changes, by name.</summary>
    public async Task<IReadOnlyList<string>> BucketsAsync(CancellationToken cancellationToken)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var bucket in await local.State.ListBucketsAsync(cancellationToken))
        {
            names.Add(bucket.Name);
        }

        await foreach (var bucket in local.Marks.ListBucketsAsync(cancellationToken))
        {
            names.Add(bucket);
        }

        return [.. names.Where(name => directory.Below(name) is not null)];
    }

    private async IAsyncEnumerable<Change> ListAsync(
        string bucket, AdministrationScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var routes = Require(bucket);
        if (scope.Key is { } key)
        {
            if (await OfKeyAsync(bucket, key, routes, cancellationToken) is { } single)
            {
                yield return single;
            }

            yield break;
        }

        // The deletion of a bucket outranks the tombstones of its keys, which an S3 endpoint may still have.
        var isOpaque = (await local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque;
        if (isOpaque && !scope.IsPart)
        {
            yield return new Change(bucket, null, ChangeKind.Deleted, UpstreamState.Unknown);
        }

        var compared = InOrderAsync(LookUpAsync(bucket, scope.Prefix ?? "", routes, isOpaque, cancellationToken),
            (found, token) => CompareAsync(bucket, found, token), cancellationToken);
        await foreach (var change in compared)
        {
            if (change is not null)
            {
                yield return change;
            }
        }
    }

    /// <summary>The changes with their bases, and what the remote's listing says of each.</summary>
    private async IAsyncEnumerable<LookedUp> LookUpAsync(string bucket, string prefix, BucketRoutes routes, bool isOpaque,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rows = new RemoteLookups(prefix, logger);
        var listed = local.Changes.ListAsync(bucket, prefix, "", cancellationToken)
            .Where(change => routes.Of(change.Key) is not null && !(isOpaque && change.Written is null));
        var complete = InOrderAsync(
            listed, (change, token) => local.Changes.CompleteAsync(bucket, change, token).AsTask(), cancellationToken);
        await foreach (var change in complete)
        {
            if (change is not null && routes.Of(change.Key) is { } place)
            {
                yield return MayBeAsBefore(change) && !rows.Has(place, change.Key) ? new LookedUp(change, place, null, NeedsHead: true)
                    : new LookedUp(change, place, await rows.FindAsync(place, change.Key, cancellationToken), NeedsHead: false);
            }
        }
    }

    /// <summary>True if a written object may have the bytes of its base: then a listing would not decide.</summary>
    private static bool MayBeAsBefore(LocalChange change) =>
        change is { Written: { } written, Base: { IsAbsent: false, IsUnknown: false } known }
        && !Contents.Differ(written, new ListedObject(known.Size, known.ETag, known.Date));

    /// <summary>Does something with each item, several at a time, and returns the results in the order of the items.</summary>
    private static async IAsyncEnumerable<TResult> InOrderAsync<T, TResult>(
        IAsyncEnumerable<T> items, Func<T, CancellationToken, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waiting = new Queue<Task<TResult>>();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await foreach (var item in items.WithCancellation(leaving.Token))
            {
                if (waiting.Count == Parallel)
                {
                    yield return await waiting.Dequeue();
                }

                waiting.Enqueue(work(item, leaving.Token));
            }

            while (waiting.TryDequeue(out var next))
            {
                yield return await next;
            }
        }
        finally
        {
            await leaving.CancelAsync();
            foreach (var abandoned in waiting)
            {
                await ((Task)abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<Change?> OfKeyAsync(string bucket, string key, BucketRoutes routes, CancellationToken cancellationToken)
    {
        if (routes.Of(key) is not { } place || await local.Changes.FindAsync(bucket, key, cancellationToken) is not { } change)
        {
            return null;
        }

        return await OfAsync(bucket, change, place, await HeadAsync(place, key, cancellationToken), cancellationToken);
    }

    /// <summary>Compares one change with the remote's row, and with its object if the row does not decide.</summary>
    private async Task<Change?> CompareAsync(string bucket, LookedUp found, CancellationToken cancellationToken)
    {
        var (change, place, row, needsHead) = found;
        if (!needsHead && (row is null || change.Written is null || Contents.Differ(change.Written, row)))
        {
            return Decide(bucket, change, place, row, row is null ? null : InfoOf(row), null);
        }

        return await OfAsync(bucket, change, place, await HeadAsync(place, change.Key, cancellationToken), cancellationToken);
    }

    private async Task<Change?> OfAsync(string bucket, LocalChange change, RemoteBucket place, ObjectInfo? remote,
        CancellationToken cancellationToken)
    {
        var row = remote is null ? null : ListedObject.Of(remote);
        var kind = remote is null || change.Written is null ? (ChangeKind?)null
            : await _contents.CompareAsync(bucket, change, place, remote, cancellationToken);
        return Decide(bucket, change, place, row, remote, kind);
    }

    /// <param name="bucket">The bucket.</param>
    /// <param name="change">The change.</param>
    /// <param name="place">Where the key continues.</param>
    /// <param name="row">The remote's object; null for none.</param>
    /// <param name="remote">The same, as far as it is known.</param>
    /// <param name="compared">How a written object differs from it; null if it was not compared and the bytes differ.</param>
    private static Change? Decide(
        string bucket, LocalChange change, RemoteBucket place, ListedObject? row, ObjectInfo? remote, ChangeKind? compared)
    {
        var upstream = UpstreamStates.Of(change, row, place.Remote.Ahead);
        if (change.Written is null && row is null && change.Base is not { IsAbsent: false, IsUnknown: false })
        {
            // Neither side has it, and as far as is known the remote never had.
            return null;
        }

        var kind = change.Written is null ? ChangeKind.Deleted
            : row is null ? ChangeKind.Added
            : compared is ChangeKind.Same or ChangeKind.MetadataOnly ? compared.Value
            : change.Base is { IsAbsent: true } ? ChangeKind.Added
            : ChangeKind.Overwritten;
        return new Change(bucket, change.Key, kind, upstream) { Local = change, Remote = remote, Place = place };
    }

    /// <summary>The remote's object; null if it has none.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable: the remote does not say.</exception>
    internal static async Task<ObjectInfo?> HeadAsync(RemoteBucket place, string key, CancellationToken cancellationToken)
    {
        var head = await place.Remote.TryHeadAsync(place.Read(key), cancellationToken);
        await using var found = head.Found;
        return found?.Info
            ?? (head.Failure!.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket ? null
                : throw ClientErrors.Of(head.Failure));
    }

    private static ObjectInfo InfoOf(ListedObject row) => new() { Size = row.Size, ETag = row.ETag, LastModified = row.LastModified };

    /// <summary>A change, looked up in the remote's listing.</summary>
    /// <param name="Row">The remote's row; null if it has none, or a HEAD has to decide.</param>
    /// <param name="NeedsHead">True if it was not looked up there: only a HEAD decides.</param>
    private readonly record struct LookedUp(LocalChange Change, RemoteBucket Place, ListedObject? Row, bool NeedsHead);
}
