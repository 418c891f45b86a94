using System.Diagnostics;

using Microsoft.Extensions.Diagnostics.HealthChecks;

using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Checks a layer on demand, at most once per period: load balancers ask often, and remotes count requests.</summary>
/// <param name="layer">The layer's role: <c>local store</c>, <c>remote</c>.</param>
/// <param name="remembered">How long a result is reused.</param>
/// <param name="time">The clock.</param>
internal sealed class LayerCheck(string layer, TimeSpan remembered, TimeProvider time) : IHealthCheck
{
    /// <summary>A little longer than the checked endpoint's own time-out, so that its reason arrives.</summary>
    private static readonly TimeSpan Timeout = EndpointRequests.Timeout + TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<string?> _look = Task.FromResult<string?>(null);
    private long? _lookedAt;
    private bool _isTroubled;
    private (bool IsKnown, string? Trouble) _last;

    /// <summary>Sends the layer a request, and returns what is wrong, or throws. Null until the layer is open.</summary>
    public Func<CancellationToken, Task<string?>>? Ask { get; set; }

    /// <summary>Returns known problems without a request; null for none.</summary>
    public Func<string?> Known { get; set; } = static () => null;

    /// <summary>Cancelled when the proxy stops. Checks in progress then end without a log message.</summary>
    public CancellationToken Ending { get; set; }

    /// <summary>Logs the start and the end of trouble.</summary>
    public ILogger? Logger { get; set; }

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Ask is not { } ask || (await LookAsync(ask).WaitAsync(cancellationToken) ?? Known()) is not { } trouble
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, trouble);

    /// <summary>Checks, unless the last result is recent. Never throws; null for no trouble.</summary>
    public Task<string?> LookAsync() => Ask is { } ask ? LookAsync(ask) : Task.FromResult<string?>(null);

    /// <summary>The last result. Starts another look if it is old, and does not wait for it.</summary>
    public (bool IsKnown, string? Trouble) Glance()
    {
        var look = LookAsync();
        return look.IsCompletedSuccessfully && Ask is not null ? (true, look.Result ?? Known()) : _last;
    }

    private Task<string?> LookAsync(Func<CancellationToken, Task<string?>> ask)
    {
        lock (_lock)
        {
            if (_look.IsCompleted && (_lookedAt is not { } at || time.GetElapsedTime(at) >= remembered))
            {
                _lookedAt = time.GetTimestamp();
                _look = Task.Run(() => LookOnceAsync(ask));
            }

            return _look;
        }
    }

    /// <summary>Null for no trouble.</summary>
    private async Task<string?> LookOnceAsync(Func<CancellationToken, Task<string?>> ask)
    {
        // Not part of any request's trace.
        Activity.Current = null;
        var trouble = await TroubleAsync(ask);
        _last = (true, trouble);
        if (!Ending.IsCancellationRequested && Logger is { } logger && _isTroubled != trouble is not null)
        {
            _isTroubled = trouble is not null;
            if (trouble is not null)
            {
                Log.LayerInTrouble(logger, layer, trouble);
            }
            else
            {
                Log.LayerWellAgain(logger, layer);
            }
        }

        return trouble;
    }

    private async Task<string?> TroubleAsync(Func<CancellationToken, Task<string?>> ask)
    {
        using var patience = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, Ending);
        try
        {
            // Ends on time even if the request ignores its token.
            return await ask(both.Token).WaitAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            return $"it did not answer within {Timeout.TotalSeconds:0} seconds";
        }
        catch (Exception failure)
        {
            return failure.Message;
        }
    }
}
