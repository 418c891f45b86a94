using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Finds out the store's capabilities: once at the start, in the background until the store is reachable, and on demand before that.
/// </summary>
internal sealed class StoreProbe : ILocalConditions, IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>The wait after a refusal, which is unlikely to change soon.</summary>
    private static readonly TimeSpan PauseAfterRefusal = TimeSpan.FromMinutes(5);

    private readonly LocalStore _store;
    private readonly LocalStore? _other;
    private readonly bool _keepsBucket;
    private readonly ILogger _logger;
    private readonly SingleFlight _probing;
    private readonly CancellationTokenSource _stopping = new();
    private Task _retrying = Task.CompletedTask;
    private Task _telling = Task.CompletedTask;
    private volatile StoreCapabilities? _found;

    /// <param name="store">The store. The trials use its cache bucket.</param>
    /// <param name="keepsBucket">False to remove the bucket afterwards: without an overlay nothing may be left (rule T3).</param>
    /// <param name="other">The store with a bucket for the trials if none can be created; null for none.</param>
    public StoreProbe(LocalStore store, bool keepsBucket, ILogger logger, LocalStore? other = null)
    {
        (_store, _keepsBucket, _logger, _other) = (store, keepsBucket, logger, other);
        _probing = new SingleFlight(_ => ProbeAsync());
    }

    /// <summary>Explains why the store cannot be reached, and the remedy; null if it can. Unset: the exception's message is used.</summary>
    public Func<CancellationToken, Task<string?>>? Explain { get; init; }

    /// <inheritdoc/>
    public bool IsAlone => _store.IsAlone;

    /// <inheritdoc/>
    public LocalConditions? Known => _found?.Conditions;

    /// <summary>The capabilities; null until known.</summary>
    public StoreCapabilities? Capabilities => _found;

    /// <summary>The probe that is running; completed if there is none.</summary>
    internal Task Probing => _probing.UnderWay("");

    /// <summary>A name for a temporary bucket.</summary>
    public static string NewBucketName() => $"s3overlay-probe-{Guid.NewGuid():n}"[..32];

    /// <summary>
    /// Runs the probe. If the store cannot be used, that is logged and the probe repeated in the background: the proxy starts and answers
    /// 503 until then.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FindAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is S3Exception or OperationCanceledException)
        {
            if (IsRefusal(failure))
            {
                Log.StoreNotProbed(_logger, failure.Message, (_other ?? _store).CacheBucket, PauseAfterRefusal.TotalMinutes);
            }
            else
            {
                // The caller may have stopped waiting between two attempts. The diagnosis must not delay the start.
                _telling = TellAsync(failure is S3Exception ? (failure.InnerException ?? failure).Message
                    : "The local store did not answer in time.");
            }

            _retrying = RetryAsync(IsRefusal(failure) ? PauseAfterRefusal : Pause);
        }
    }

    /// <summary>The capabilities. Probes the store if they are not known.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if it cannot be reached.</exception>
    public async ValueTask<StoreCapabilities> FindAsync(CancellationToken cancellationToken)
    {
        if (_found is null)
        {
            await _probing.RunAsync("", cancellationToken);
        }

        return _found!;
    }

    /// <inheritdoc/>
    public async ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken) =>
        (await FindAsync(cancellationToken)).Conditions;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _retrying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    /// <summary>True if the store responded with a refusal. All other exceptions mean that it is unreachable or overloaded.</summary>
    private static bool IsRefusal(Exception failure) => failure is S3Exception { InnerException: null, Error: var error }
        && error.Code == S3Errors.ServiceUnavailable.Code;

    private async Task TellAsync(string otherwise)
    {
        var reason = Explain is { } explain ? await explain(_stopping.Token) : null;
        Log.StoreNotReachable(_logger, reason ?? otherwise, Pause.TotalSeconds);
    }

    private async Task RetryAsync(TimeSpan pause)
    {
        while (_found is null)
        {
            await Task.Delay(pause, _store.Time, _stopping.Token);
            try
            {
                await FindAsync(_stopping.Token);
            }
            catch (S3Exception failure)
            {
                // Logged once. Its return shows in the log of its capabilities.
                pause = IsRefusal(failure) ? PauseAfterRefusal : Pause;
            }
        }
    }

    private async Task TakeAwayBucketAsync(bool isThere)
    {
        try
        {
            await _store.Buckets.DeleteAsync(_store.CacheBucket, _stopping.Token);
        }
        catch (Exception failure) when (failure is S3Exception or OperationCanceledException)
        {
            if (isThere)
            {
                Log.ProbeBucketLeft(_logger, _store.CacheBucket, failure.Message);
            }
        }
    }

    private async Task ProbeAsync()
    {
        if (_found is not null)
        {
            return;
        }

        try
        {
            _found = await TryAsync(_store, _keepsBucket);
        }
        catch (S3Exception failure) when (_other is not null && IsRefusal(failure))
        {
            if (!await _store.Calls.ExistsAsync(_other.CacheBucket, "", _stopping.Token))
            {
                throw;
            }

            _found = await TryAsync(_other, keepsBucket: true);
        }

        Log.StoreProbed(_logger, _found.ToString());
    }

    private async Task<StoreCapabilities> TryAsync(LocalStore store, bool keepsBucket)
    {
        var run = new ProbeRun(store, _stopping.Token);
        try
        {
            return await run.RunAsync();
        }
        finally
        {
            await run.CleanAsync();
            if (!keepsBucket)
            {
                await TakeAwayBucketAsync(run.HasBegun);
            }
        }
    }
}
