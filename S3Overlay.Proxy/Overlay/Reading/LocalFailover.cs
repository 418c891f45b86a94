using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads straight from the remote while the local S3 endpoint is down (<c>S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR</c>). Local writes and
/// deletes are not visible then, and each response says so.
/// </summary>
/// <param name="ask">Sends any request to the local layer; throws if it gets no response, or only server errors.</param>
/// <param name="direct">Reads the remote and stores nothing.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed class LocalFailover(Func<CancellationToken, Task> ask, IRemoteReader direct, TimeProvider time, ILogger<LocalFailover> logger)
    : IAsyncDisposable
{
    /// <summary>The header of a response that shows only the remote.</summary>
    public const string Header = "x-s3overlay-local";

    /// <summary>A store that takes longer than this counts as down.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly EndpointHealth _health = new(cancellationToken => RespondsAsync(ask, time, cancellationToken),
        hasBegun => LogChange(logger, hasBegun), time);

    /// <summary>True while the local layer is known to be down.</summary>
    public bool IsOn => _health.IsOn;

    /// <summary>
    /// Checks if the local layer, which failed a read, is down. It is not if it responds to other requests: the failed object may be a
    /// local one, and the remote's must not take its place.
    /// </summary>
    public Task<bool> BeginsAsync(CancellationToken cancellationToken) => _health.BeginsAsync(cancellationToken);

    /// <summary>
    /// Await this before a change. Once the local layer accepts a change, later reads must see it, even if its return was not noticed yet.
    /// </summary>
    public Task LookAsync(CancellationToken cancellationToken) => _health.LookAsync(cancellationToken);

    /// <summary>Call this after a local change: later reads see it.</summary>
    public void NoteDone() => _health.NoteDone();

    /// <summary>Sends the remote's object.</summary>
    public Task ReadAsync(S3Request request, S3Response response, RemoteBucket remote, CancellationToken cancellationToken)
    {
        response.Headers[Header] = "unavailable";
        return direct.ReadAsync(request, response, remote, WrittenRead.Nothing, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _health.DisposeAsync();

    private static void LogChange(ILogger logger, bool hasBegun)
    {
        if (hasBegun)
        {
            Log.LocalIsDown(logger);
        }
        else
        {
            Log.LocalIsBack(logger);
        }
    }

    private static async Task<bool> RespondsAsync(Func<CancellationToken, Task> ask, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await ask(both.Token);
        return true;
    }
}
