using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration.Cache;

/// <summary>Pins keys and prefixes: their entries are not evicted to make room.</summary>
/// <remarks>
/// A pin counts towards the limit of the cache with the size of all objects that it is about, cached or not: only then can all of them stay
/// once they are read. So a pin of a prefix lists it at the remote. Without a limit nothing is counted, and the remote is not asked.
/// </remarks>
internal sealed class Pinning(CachePins pins, ICacheStore cache, LayeredListing listing, IRemoteReader reader, BucketDirectory directory,
    long? limit, TimeProvider time)
{
    /// <summary>More pins than this would make each eviction slow.</summary>
    private const int MostPins = 10_000;

    private static readonly S3Error DoesNotFit = new("PinDoesNotFit", 409, "The pin does not fit into the cache.");

    private static readonly S3Error TooMany = new("TooManyPins", 409, "There are too many pins. Pin a prefix instead of its keys.");

    /// <summary>Pins a bucket, a prefix or a key.</summary>
    /// <param name="scope">The target.</param>
    /// <param name="isDryRun">True to check only whether it fits.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The pin, and what is cached of it.</returns>
    /// <exception cref="S3Exception">PinDoesNotFit, TooManyPins, InvalidRequest without a remote, NoSuchKey, NoSuchBucket;
    /// ServiceUnavailable if a layer fails.</exception>
    public async Task<PinRow> PinAsync(AdministrationScope scope, bool isDryRun, PinCount count, CancellationToken cancellationToken)
    {
        var target = TargetOf(scope);
        if (directory.Below(target.Bucket) is null)
        {
            throw new S3Exception(S3Errors.InvalidRequest, "The bucket has no remote, so nothing of it is cached.");
        }

        var pin = target with { Since = time.GetUtcNow(), Bytes = await SizeOfAsync(target, count, cancellationToken) };
        try
        {
            await GuardAsync(pins.AddAsync(pin, limit, MostPins, isDryRun, cancellationToken));
        }
        catch (PinsFullException full)
        {
            throw full.Limit is not { } most ? new S3Exception(TooMany, cause: full) : new S3Exception(
                DoesNotFit,
                $"The pin needs {(count.IsCutShort ? "at least " : "")}{ByteSize.Format(full.Needed)}. The cache has "
                + $"{ByteSize.Format(most)}, and {ByteSize.Format(full.Pinned)} are pinned.", full);
        }

        return await RowAsync(pin, cancellationToken);
    }

    /// <summary>Removes a pin. Its entries stay cached until room is needed.</summary>
    /// <param name="scope">The target.</param>
    /// <param name="isDryRun">True to look only.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The pin as it was.</returns>
    /// <exception cref="S3Exception">NoSuchPin; ServiceUnavailable if the pins cannot be read or written.</exception>
    public async Task<PinRow> UnpinAsync(AdministrationScope scope, bool isDryRun, CancellationToken cancellationToken)
    {
        var target = TargetOf(scope);
        await GuardAsync(pins.RefreshAsync(cancellationToken));
        var pin = pins.All.FirstOrDefault(target.IsSameTarget) ?? throw new S3Exception(
            NoSuchPin, $"{target.Bucket}{(target.Name.Length > 0 ? "/" + target.Name : "")} is not pinned. \"pins\" lists what is.");
        if (!isDryRun)
        {
            await GuardAsync(pins.RemoveAsync(target, cancellationToken));
        }

        return await RowAsync(pin, cancellationToken);
    }

    /// <summary>All pins by bucket and name, with what is cached of each.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if they cannot be read.</exception>
    public async IAsyncEnumerable<PinRow> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await GuardAsync(pins.RefreshAsync(cancellationToken));
        foreach (var pin in pins.All)
        {
            yield return await RowAsync(pin, cancellationToken);
        }
    }

    private static readonly S3Error NoSuchPin = new("NoSuchPin", 404, "This target is not pinned. \"pins\" lists what is.");

    private static CachePin TargetOf(AdministrationScope scope) =>
        new(scope.Bucket!, scope.Key ?? scope.Prefix ?? "", IsPrefix: scope.Key is null);

    private static async Task GuardAsync(Task changing)
    {
        try
        {
            await changing;
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The pins of the cache cannot be read or written at the moment.", failure);
        }
    }

    /// <summary>The size of all objects that a pin is about. Stops early once it cannot fit.</summary>
    private async Task<long> SizeOfAsync(CachePin target, PinCount count, CancellationToken cancellationToken)
    {
        if (limit is null)
        {
            return 0;
        }

        if (!target.IsPrefix)
        {
            if (directory.Below(target.Bucket)?.Of(target.Name) is not { } remote)
            {
                throw new S3Exception(S3Errors.InvalidRequest, "The key has no remote, so it is not cached.");
            }

            var info = await reader.HeadAsync(target.Bucket, target.Name, remote, mayBeStale: true, cancellationToken)
                ?? throw new S3Exception(S3Errors.NoSuchKey);
            count.Add(info.Size);
            return count.Bytes;
        }

        await foreach (var row in listing.ListAsync(target.Bucket, target.Name, "", withDeleted: false, after: "", cancellationToken))
        {
            if (row is { Layer: RowLayer.Cache or RowLayer.Remote, Object: { } listed })
            {
                count.Add(listed.Size);
                if (count.Bytes > limit)
                {
                    count.IsCutShort = true;
                    break;
                }
            }
        }

        return count.Bytes;
    }

    private async Task<PinRow> RowAsync(CachePin pin, CancellationToken cancellationToken)
    {
        var (entries, bytes) = (0L, 0L);
        try
        {
            if (!pin.IsPrefix)
            {
                var entry = await cache.DescribeAsync(pin.Bucket, pin.Name, cancellationToken);
                return new PinRow(pin, entry is null ? 0 : 1, entry?.Bytes ?? 0);
            }

            await foreach (var usage in cache.ListUsagesAsync(pin.Bucket, pin.Name, "", cancellationToken))
            {
                entries++;
                bytes += usage.Bytes ?? (await cache.DescribeAsync(pin.Bucket, usage.Key, cancellationToken))?.Bytes ?? 0;
            }
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The cache cannot be listed at the moment.", failure);
        }

        return new PinRow(pin, entries, bytes);
    }
}

/// <summary>Progress of measuring what a pin is about. Safe to read while it runs.</summary>
public sealed class PinCount
{
    private long _objects;
    private long _bytes;

    /// <summary>Objects found.</summary>
    public long Objects => Volatile.Read(ref _objects);

    /// <summary>Their bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>True if the count stopped because the pin cannot fit.</summary>
    public bool IsCutShort { get; set; }

    /// <summary>Counts an object.</summary>
    public void Add(long bytes)
    {
        Interlocked.Increment(ref _objects);
        Interlocked.Add(ref _bytes, bytes);
    }
}

/// <summary>A pin with what is cached of it.</summary>
/// <param name="Pin">The pin.</param>
/// <param name="Entries">Its cache entries.</param>
/// <param name="CachedBytes">Their cached bytes.</param>
public sealed record PinRow(CachePin Pin, long Entries, long CachedBytes);
