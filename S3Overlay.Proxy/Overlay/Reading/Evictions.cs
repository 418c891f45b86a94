using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Evicts cached bytes (rule E3).</summary>
/// <param name="cache">The cache; null while caching is off.</param>
/// <param name="pins">The pins, which do not keep anything from being evicted here; null while caching is off.</param>
/// <param name="reader">Knows the running fills; null if nothing is read from a remote.</param>
/// <param name="logger">Gets failures.</param>
internal sealed class Evictions(ICacheStore? cache, CachePins? pins, IRemoteReader? reader, ILogger logger)
{
    /// <summary>Entries evicted in parallel: each takes some round trips to a store behind a network.</summary>
    private const int Parallel = 16;

    /// <summary>Evicts cached bytes (rule E3). Running reads continue; later reads get what the remote has then.</summary>
    /// <param name="scope">What to evict.</param>
    /// <param name="isDryRun">True to count only.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Stops the work; what is evicted stays evicted.</param>
    /// <exception cref="S3Exception">ServiceUnavailable if the cache cannot be listed.</exception>
    public async Task EvictAsync(AdministrationScope scope, bool isDryRun, EvictCount count, CancellationToken cancellationToken)
    {
        if (cache is null || reader is null)
        {
            return;
        }

        var evicts = isDryRun ? null : reader;
        try
        {
            if (!isDryRun)
            {
                // First, so that a fill that is already running cannot leave an entry behind the search.
                reader.InvalidateAll();
            }

            await (pins?.RefreshAsync(cancellationToken) ?? Task.CompletedTask);
            if (scope is { Bucket: { } name, Key: { } key })
            {
                await EvictKeyAsync(cache, evicts, name, key, count, cancellationToken);
            }
            else if (scope.Bucket is { } bucket)
            {
                await EvictBucketAsync(cache, evicts, bucket, scope.Prefix ?? "", count, cancellationToken);
            }
            else
            {
                await foreach (var each in cache.ListBucketsAsync(cancellationToken))
                {
                    await EvictBucketAsync(cache, evicts, each, "", count, cancellationToken);
                }
            }
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The cache cannot be listed at the moment.", failure);
        }
    }

    private Task EvictBucketAsync(ICacheStore store, IRemoteReader? fills, string bucket, string prefix, EvictCount count,
        CancellationToken cancellationToken) =>
        System.Threading.Tasks.Parallel.ForEachAsync(
            Keys(store.ListAsync(bucket, prefix, "", cancellationToken)),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (key, token) => await EvictKeyAsync(store, fills, bucket, key, count, token));

    /// <summary>Each key once: for a moment there may be rows of two versions.</summary>
    private static async IAsyncEnumerable<string> Keys(IAsyncEnumerable<CacheRow> rows)
    {
        string? last = null;
        await foreach (var row in rows)
        {
            if (row.Key != last)
            {
                yield return last = row.Key;
            }
        }
    }

    private async ValueTask EvictKeyAsync(ICacheStore store, IRemoteReader? fills, string bucket, string key, EvictCount count,
        CancellationToken cancellationToken)
    {
        try
        {
            long? bytes = null;
            if (await store.DescribeAsync(bucket, key, cancellationToken) is { } entry)
            {
                bytes = entry.Bytes;
            }

            await (fills?.InvalidateAsync(bucket, key) ?? ValueTask.CompletedTask);
            if (bytes is { } evicted)
            {
                count.Add(evicted, pins?.Has(bucket, key) == true);
            }
        }
        catch (IOException failure)
        {
            // One entry that cannot be evicted must not keep the rest.
            Log.CacheCleaningFailed(logger, failure);
            count.AddFailure();
        }
    }
}

/// <summary>Progress of an eviction. Safe to read while it runs.</summary>
public sealed class EvictCount
{
    private long _entries;
    private long _bytes;
    private long _pinned;
    private long _failed;

    /// <summary>Entries evicted.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>Object bytes that were cached in them.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Evicted entries whose keys stay pinned: they are pinned again once they are read.</summary>
    public long Pinned => Volatile.Read(ref _pinned);

    /// <summary>Entries that could not be evicted; the log says why.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Counts an evicted entry.</summary>
    public void Add(long bytes, bool isPinned)
    {
        Interlocked.Increment(ref _entries);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _pinned, isPinned ? 1 : 0);
    }

    /// <summary>Counts a failure.</summary>
    public void AddFailure() => Interlocked.Increment(ref _failed);
}
