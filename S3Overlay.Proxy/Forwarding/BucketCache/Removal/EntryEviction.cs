using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// Keeps copies in the cache bucket about within their bound (rule E1). What they take is what listing the bucket says, every ten minutes,
/// and sooner where this process has put much since. Where that is too much, those used longest ago go, by the minute, and none that this
/// process is using. Several proxies may do so at once: what one has taken the others do not find.
/// </summary>
/// <param name="maxBytes">How many bytes copies may take.</param>
/// <param name="uses">When copies were last used.</param>
/// <param name="uploaded">How many bytes this process has put so far.</param>
/// <param name="drop">Takes a copy out of the store; not where it is in use. Says whether it did.</param>
/// <param name="nameOf">The key of a copy, by its name in the bucket; null where nothing tells.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where failures are told.</param>
internal sealed class EntryEviction(
    long maxBytes,
    EntryUses uses,
    Func<long> uploaded,
    Func<ObjectName, CancellationToken, Task<bool>> drop,
    Func<string, CancellationToken, ValueTask<ObjectName?>> nameOf,
    TimeProvider time,
    ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private long _listed;
    private long _uploadedBefore;
    private long _evicted;

    /// <summary>How many bytes copies take, about.</summary>
    public long Bytes => Volatile.Read(ref _listed) + uploaded() - Volatile.Read(ref _uploadedBefore);

    /// <summary>How many copies this process has evicted.</summary>
    public long Evicted => Volatile.Read(ref _evicted);

    /// <summary>Begins to look.</summary>
    public void Start() => _running = RunAsync();

    /// <summary>Looks through the bucket, and takes out what is too much.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public async Task EvictAsync(CancellationToken cancellationToken)
    {
        var uploadedBefore = uploaded();
        var (total, byMinute) = (0L, new SortedDictionary<long, long>());
        await foreach (var copy in uses.ListAsync(cancellationToken))
        {
            total += copy.Bytes;
            var minute = MinuteOf(copy);
            byMinute[minute] = byMinute.GetValueOrDefault(minute) + copy.Bytes;
            if (copy.Bytes == 0 && time.GetUtcNow() - copy.Used > TimeSpan.FromDays(1))
            {
                await uses.ForgetAsync(copy.Tail, cancellationToken);
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

    /// <summary>The minute until which copies were last used that are too many.</summary>
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

    private static long MinuteOf(EntryUse copy) => copy.Used.UtcTicks / TimeSpan.TicksPerMinute;

    private async Task<long> EvictAsync(long tooMuch, long lastToGo, CancellationToken cancellationToken)
    {
        var freed = 0L;
        await foreach (var copy in uses.ListAsync(cancellationToken))
        {
            // All that were used earlier go; of those of the last minute as many as must.
            var minute = MinuteOf(copy);
            if (copy.Bytes == 0 || minute > lastToGo || (minute == lastToGo && freed >= tooMuch)
                || await nameOf(copy.Tail, cancellationToken) is not { } name
                || !await drop(name, cancellationToken))
            {
                continue;
            }

            await uses.ForgetAsync(copy.Tail, cancellationToken);
            freed += copy.Bytes;
            Interlocked.Increment(ref _evicted);
        }

        return freed;
    }

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
                Log.HeldCleaningFailed(logger, failure);
            }
        }
    }
}
