using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Lifecycle;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Lifecycle;

/// <summary>
/// Applies the lifecycles of all buckets in the background: once a day, when a lifecycle has changed, and again after a failure. Does
/// nothing while no bucket has one.
/// </summary>
internal sealed class LifecycleWorker : IAsyncDisposable
{
    /// <summary>Time from the start, or from the first lifecycle, to the first pass.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);

    /// <summary>How often it looks whether a pass is due.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly EmbeddedStore _store;
    private readonly IS3Service _service;
    private readonly LifecycleClock _clock;

    /// <summary>The lifecycle that was applied to a bucket, and on which day.</summary>
    private Dictionary<string, (LifecycleConfiguration Lifecycle, DateTime Day)> _done = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;
    private ITimer? _timer;

    /// <summary>Starts it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="service">Deletes as for a client.</param>
    /// <param name="clock">Counts days.</param>
    public LifecycleWorker(EmbeddedStore store, IS3Service service, LifecycleClock clock)
    {
        (_store, _service, _clock) = (store, service, clock);
        store.ConfigurationChanged = Wake;
        Wake();
    }

    /// <summary>The pass that runs, or the last one; for tests.</summary>
    public Task Running
    {
        get
        {
            lock (_lock)
            {
                return _running;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _closing.Cancel();
            _timer?.Dispose();
        }

        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private IEnumerable<BucketRecord> Buckets() =>
        _store.Buckets.List().Where(static bucket => bucket.Lifecycle?.Rules.Any(static rule => rule.IsEnabled) == true);

    private void Wake()
    {
        lock (_lock)
        {
            if (_timer is null && !_closing.IsCancellationRequested && Buckets().Any())
            {
                // Days that a test has shortened pass quickly.
                var pause = _clock.Day / 4;
                _timer = _clock.IsReal ? _store.Time.CreateTimer(_ => Tick(), null, FirstPause, Pause)
                    : _store.Time.CreateTimer(_ => Tick(), null, pause, pause);
            }
        }
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (_closing.IsCancellationRequested || !_running.IsCompleted)
            {
                return;
            }

            if (!Buckets().Any())
            {
                _timer?.Dispose();
                _timer = null;
                return;
            }

            _running = Task.Run(RunAsync);
        }
    }

    private async Task RunAsync()
    {
        var (day, done) = (_store.Now.UtcDateTime.Date, new Dictionary<string, (LifecycleConfiguration, DateTime)>(StringComparer.Ordinal));
        foreach (var bucket in Buckets())
        {
            var lifecycle = bucket.Lifecycle!;
            var isDone = _clock.IsReal && _done.TryGetValue(bucket.Name, out var last)
                && ReferenceEquals(last.Lifecycle, lifecycle) && last.Day == day;
            if (isDone || await TryRunAsync(bucket.Name, lifecycle))
            {
                done[bucket.Name] = (lifecycle, day);
            }
        }

        _done = done;
    }

    private async Task<bool> TryRunAsync(string bucket, LifecycleConfiguration lifecycle)
    {
        try
        {
            var removed = await new LifecyclePass(_store, _service, bucket, lifecycle, _clock).RunAsync(_closing.Token);
            if (removed > 0)
            {
                Log.LifecycleApplied(_store.Logger, bucket, removed);
            }

            return true;
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception failure)
        {
            Log.LifecycleFailed(_store.Logger, bucket, failure);
            return false;
        }
    }
}
