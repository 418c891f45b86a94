using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// Keeps the cache bucket near its limit (rule E1). The size comes from listing the bucket every ten minutes, and sooner after many
/// uploads. Above the limit, the least recently used entries are evicted, by the minute, but none pinned or in use by this process.
/// Several proxies may do so at once.
/// </summary>
/// <param name="maxBytes">The limit in bytes.</param>
/// <param name="uses">When entries were last used.</param>
/// <param name="pins">What is not evicted. Read again before each run: other proxies may have changed them.</param>
/// <param name="uploaded">How many bytes this process has uploaded.</param>
/// <param name="evict">Removes an entry. Returns false if it is in use.</param>
/// <param name="nameOf">The key of an entry's name in the bucket; null if unknown.</param>
internal sealed class EntryEviction(long maxBytes, EntryUses uses, CachePins pins, Func<long> uploaded,
    Func<ObjectName, CancellationToken, Task<bool>> evict, Func<string, CancellationToken, ValueTask<ObjectName?>> nameOf,
    TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private long _listed;
    private long _uploadedBefore;
    private long _evicted;
    private volatile bool _arePinsDamaged;

    /// <summary>The approximate size.</summary>
    public long Bytes => Volatile.Read(ref _listed) + uploaded() - Volatile.Read(ref _uploadedBefore);

    /// <summary>How many entries this process has evicted.</summary>
    public long Evicted => Volatile.Read(ref _evicted);

    /// <summary>True if the pins could not be understood when they were last read.</summary>
    public bool ArePinsDamaged => _arePinsDamaged;

    /// <summary>Starts the background task.</summary>
    public void Start() => _running = RunAsync();

    /// <summary>Lists the bucket, and evicts down to the limit.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public async Task EvictAsync(CancellationToken cancellationToken)
    {
        await RefreshPinsAsync(cancellationToken);
        var uploadedBefore = uploaded();
        var (total, byMinute) = (0L, new SortedDictionary<long, long>());
        await foreach (var entry in uses.ListAsync(cancellationToken))
        {
            total += entry.Bytes;
            if (!await IsPinnedAsync(entry.Tail, cancellationToken))
            {
                var minute = MinuteOf(entry);
                byMinute[minute] = byMinute.GetValueOrDefault(minute) + entry.Bytes;
            }

            if (entry.Bytes == 0 && time.GetUtcNow() - entry.Used > TimeSpan.FromDays(1))
            {
                await uses.ForgetAsync(entry.Tail, cancellationToken);
            }
        }

        if (total > maxBytes)
        {
            total -= await EvictAsync(total - maxBytes, LastToGo(byMinute, total - maxBytes), cancellationToken);
        }

        Volatile.Write(ref _uploadedBefore, uploadedBefore);
        Volatile.Write(ref _listed, total);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    /// <summary>
    /// Other proxies may have changed the pins. Damaged ones must not stop evictions for ever: those that are known go on to count.
    /// </summary>
    private async Task RefreshPinsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await pins.RefreshAsync(cancellationToken);
            _arePinsDamaged = false;
        }
        catch (PinsDamagedException damage)
        {
            if (!_arePinsDamaged)
            {
                Log.PinsDamaged(logger, damage.Message, pins.All.Count);
            }

            _arePinsDamaged = true;
        }
    }

    /// <summary>Entries last used up to this minute must go.</summary>
    private static long LastToGo(SortedDictionary<long, long> byMinute, long tooMuch)
    {
        foreach (var (minute, bytes) in byMinute)
        {
            tooMuch -= bytes;
            if (tooMuch <= 0)
            {
                return minute;
            }
        }

        return long.MaxValue;
    }

    private static long MinuteOf(EntryUse entry) => entry.Used.UtcTicks / TimeSpan.TicksPerMinute;

    private async Task<long> EvictAsync(long tooMuch, long lastToGo, CancellationToken cancellationToken)
    {
        var freed = 0L;
        await foreach (var entry in uses.ListAsync(cancellationToken))
        {
            // Everything used earlier goes, and as many as needed of the last minute.
            var minute = MinuteOf(entry);
            if (entry.Bytes == 0 || minute > lastToGo || (minute == lastToGo && freed >= tooMuch)
                || await nameOf(entry.Tail, cancellationToken) is not { } name
                || !await pins.TryEvictAsync(name.Bucket, name.Key, () => evict(name, cancellationToken)))
            {
                continue;
            }

            await uses.ForgetAsync(entry.Tail, cancellationToken);
            freed += entry.Bytes;
            Interlocked.Increment(ref _evicted);
        }

        return freed;
    }

    private async ValueTask<bool> IsPinnedAsync(string tail, CancellationToken cancellationToken) =>
        pins.All.Count > 0 && await nameOf(tail, cancellationToken) is { } name && pins.Has(name.Bucket, name.Key);

    private async Task RunAsync()
    {
        var last = DateTimeOffset.MinValue;
        while (true)
        {
            try
            {
                await Task.Delay(Look, time, _stop.Token);
                var now = time.GetUtcNow();
                if (now - last >= Pause || uploaded() - Volatile.Read(ref _uploadedBefore) > maxBytes / 16)
                {
                    last = now;
                    await EvictAsync(_stop.Token);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Log.CacheCleaningFailed(logger, failure);
            }
        }
    }
}
