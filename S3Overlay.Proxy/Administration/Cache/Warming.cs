using System.Runtime.CompilerServices;
using System.Threading.Channels;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Cache;

/// <summary>Brings objects into the cache before they are read.</summary>
/// <remarks>
/// It stops before it evicts what it brought. What it brought and what it found cached are the most recently used entries, so eviction
/// reaches them last: there is room as long as they, with what is pinned elsewhere, fit into the limit. If clients use so much else that
/// eviction reaches them all the same, it stops too.
/// </remarks>
/// <param name="local">The local layer.</param>
/// <param name="warmer">Brings single objects.</param>
/// <param name="listing">Lists the remote-owned keys.</param>
/// <param name="reader">Reads the remote's keys.</param>
/// <param name="directory">Which buckets have a remote.</param>
/// <param name="limit">The limit of the cache in bytes; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class Warming(LocalLayer local, WarmReads warmer, LayeredListing listing, IRemoteReader reader, BucketDirectory directory,
    long? limit, TimeProvider time)
{
    /// <summary>Objects listed ahead, so that soon it is known how many there are.</summary>
    private const int MostAhead = 10_000;

    /// <summary>How often an object is tried that finds no room in the spool, which finished fills free.</summary>
    private const int Attempts = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Warms a bucket, a prefix or a key.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey, InvalidRequest; ServiceUnavailable if a layer cannot be listed.</exception>
    public async Task WarmAsync(WarmRequest request, WarmCount count, CancellationToken cancellationToken)
    {
        var bucket = request.Scope.Bucket!;
        var routes = directory.Below(bucket)
            ?? throw new S3Exception(S3Errors.InvalidRequest, "The bucket has no remote, so nothing of it is cached.");
        await RefreshPinsAsync(cancellationToken);
        var items = request.Scope.Key is { } key ? OneAsync(bucket, key, request, cancellationToken)
            : ListedAsync(bucket, request, count, cancellationToken);
        await RunAsync(items, request.Parallel, request.IsDryRun, OthersPins(bucket, request.Scope), name => routes.Of(name.Key), count,
            cancellationToken);
    }

    /// <summary>
    /// Warms what clients read once. Lines of keys that are written or deleted here by now are left out. A dry run sends the remote a HEAD
    /// for each line of a key that is not cached. Lines about the same bytes count again in it.
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable if the pins cannot be read.</exception>
    public async Task ReplayAsync(IAsyncEnumerable<RecordedRead> reads, int parallel, bool isDryRun, WarmCount count,
        CancellationToken cancellationToken)
    {
        await RefreshPinsAsync(cancellationToken);
        var pinned = CachePins.BytesOf(local.Pins?.All ?? []);
        await RunAsync(RecordedAsync(reads, count, cancellationToken), parallel, isDryRun, pinned,
            name => directory.Below(name.Bucket)?.Of(name.Key), count, cancellationToken);
    }

    /// <summary>Other proxies of the store may have changed them.</summary>
    private async Task RefreshPinsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (local.Pins?.RefreshAsync(cancellationToken) ?? Task.CompletedTask);
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The pins of the cache cannot be read at the moment.", failure);
        }
    }

    private async IAsyncEnumerable<Item> OneAsync(string bucket, string key, WarmRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await local.State.ResolveAsync(bucket, key, cancellationToken) is var state and not KeyState.Nothing)
        {
            throw new S3Exception(S3Errors.InvalidRequest, state == KeyState.Written
                ? "The key was written here, so the remote's object is not read." : "The key was deleted here.");
        }

        if (directory.Below(bucket)?.Of(key) is not { } remote)
        {
            throw new S3Exception(S3Errors.InvalidRequest, "The key has no remote, so it is not cached.");
        }

        var info = await reader.HeadAsync(bucket, key, remote, mayBeStale: false, cancellationToken)
            ?? throw new S3Exception(S3Errors.NoSuchKey);
        yield return new Item(new ObjectName(bucket, key), request.Ranges, warmer.RoomFor(request.Ranges, info.Size), null);
    }

    private async IAsyncEnumerable<Item> ListedAsync(string bucket, WarmRequest request, WarmCount count,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();
        await foreach (var row in listing.ListAsync(
            bucket, request.Scope.Prefix ?? "", "", withDeleted: false, after: "", cancellationToken))
        {
            if (row.Object is not { } listed || !request.Filter.Has(row.Name) || listed.LastModified < request.NewerThan)
            {
                continue;
            }

            if (row.Layer == RowLayer.Local)
            {
                count.AddAbsent();
                continue;
            }

            yield return new Item(new ObjectName(bucket, row.Name), request.Ranges, warmer.RoomFor(request.Ranges, listed.Size),
                new ListedVersion(listed.ETag, listed.Size, listed.LastModified, asked));
        }
    }

    private async IAsyncEnumerable<Item> RecordedAsync(IAsyncEnumerable<RecordedRead> reads, WarmCount count,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var read in reads.WithCancellation(cancellationToken))
        {
            if (directory.Below(read.Bucket) is null
                || await local.State.ResolveAsync(read.Bucket, read.Key, cancellationToken) != KeyState.Nothing
                || (await local.State.ResolveBucketAsync(read.Bucket, cancellationToken)).IsOpaque)
            {
                count.AddAbsent();
                continue;
            }

            IReadOnlyList<RangeHeader> ranges = read.Range is { } range ? [range] : [];
            yield return new Item(new ObjectName(read.Bucket, read.Key), ranges, read.Size is { } size ? warmer.RoomFor(ranges, size) : 0,
                null);
        }
    }

    /// <summary>Pinned bytes outside of what is warmed.</summary>
    private long OthersPins(string bucket, AdministrationScope scope)
    {
        var target = new CachePin(bucket, scope.Key ?? scope.Prefix ?? "", scope.Key is null);
        return CachePins.BytesOf([.. (local.Pins?.All ?? []).Where(pin => !target.Covers(pin) && !pin.Covers(target))]);
    }

    private async Task RunAsync(IAsyncEnumerable<Item> items, int parallel, bool isDryRun, long pinned,
        Func<ObjectName, RemoteBucket?> remoteOf, WarmCount count, CancellationToken cancellationToken)
    {
        var began = time.GetUtcNow();
        var room = limit is { } most ? Math.Max(0, most - pinned) : default(long?);
        var running = 0L;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Parallel.ForEachAsync(Fitting(stop.Token), new ParallelOptions
        {
            MaxDegreeOfParallelism = parallel,
            CancellationToken = cancellationToken,
        }, async (item, token) =>
        {
            try
            {
                if (remoteOf(item.Name) is { } remote)
                {
                    await (isDryRun ? LookAsync(item, remote, count, token) : BringAsync(item, remote, count, token));
                }
                else
                {
                    count.AddAbsent();
                }
            }
            finally
            {
                Interlocked.Add(ref running, -item.Room);
            }
        });

        async IAsyncEnumerable<Item> Fitting([EnumeratorCancellation] CancellationToken token)
        {
            await foreach (var item in AheadAsync(items, count, token))
            {
                var used = count.BroughtBytes + count.HeldBytes + Interlocked.Add(ref running, item.Room);
                var isReached = local.Cache!.LatestEvicted >= began;
                if (used > room || isReached)
                {
                    count.Stop = new WarmStop(isReached ? null : room, item.Room);
                    yield break;
                }

                yield return item;
            }
        }
    }

    /// <summary>The same objects, listed ahead.</summary>
    private static async IAsyncEnumerable<Item> AheadAsync(
        IAsyncEnumerable<Item> items, WarmCount count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listed = Channel.CreateBounded<Item>(new BoundedChannelOptions(MostAhead) { SingleReader = true, SingleWriter = true });
        var listing = ListAsync();
        try
        {
            await foreach (var item in listed.Reader.ReadAllAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            await leaving.CancelAsync();
            await listing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task ListAsync()
        {
            Exception? failure = null;
            try
            {
                await foreach (var item in items.WithCancellation(leaving.Token))
                {
                    count.AddListed(item.Room);
                    await listed.Writer.WriteAsync(item, leaving.Token);
                }

                count.EndList();
            }
            catch (Exception cause)
            {
                failure = cause;
            }

            listed.Writer.Complete(failure);
        }
    }

    /// <summary>Counts what would be brought. Bytes that are cached in part count as far as the whole object goes.</summary>
    private async Task LookAsync(Item item, RemoteBucket remote, WarmCount count, CancellationToken cancellationToken)
    {
        try
        {
            var entry = await local.Cache!.DescribeAsync(item.Name.Bucket, item.Name.Key, cancellationToken);
            var room = item.Room;
            if (entry is null && item.Listed is null)
            {
                if (await reader.HeadAsync(item.Name.Bucket, item.Name.Key, remote, mayBeStale: true, cancellationToken) is not { } now)
                {
                    count.AddAbsent();
                    return;
                }

                room = warmer.RoomFor(item.Ranges, now.Size);
            }

            var held = Math.Min(room, entry?.Bytes ?? 0);
            count.Add(new WarmResult(held == room ? WarmOutcome.Held : WarmOutcome.Brought, room - held, held));
        }
        catch (Exception failure) when (failure is RemoteException or S3Exception or IOException)
        {
            count.AddFailure($"{item.Name.Bucket}/{item.Name.Key}: {failure.Message}");
        }
    }

    private async Task BringAsync(Item item, RemoteBucket remote, WarmCount count, CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var result = await warmer.WarmAsync(item.Name.Bucket, item.Name.Key, remote, item.Ranges, item.Listed, cancellationToken);
                if (result.Outcome != WarmOutcome.NoRoom || attempt == Attempts || !local.Cache!.MayHaveRoomLater)
                {
                    count.Add(result);
                    return;
                }

                await Task.Delay(Pause * attempt, time, cancellationToken);
            }
        }
        catch (RemoteException failure) when (failure.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket)
        {
            count.AddAbsent();
        }
        catch (Exception failure) when (failure is RemoteException or S3Exception or IOException)
        {
            count.AddFailure($"{item.Name.Bucket}/{item.Name.Key}: {failure.Message}");
        }
    }

    private sealed record Item(ObjectName Name, IReadOnlyList<RangeHeader> Ranges, long Room, ListedVersion? Listed);
}
