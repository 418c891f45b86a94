using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads of the remote alone while local, an S3 endpoint, is down (<c>S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR</c>): what was written and
/// deleted is not seen meanwhile, and each answer says so.
/// </summary>
/// <param name="ask">Asks local for anything at all; throws where it gives no answer, or only errors of its own.</param>
/// <param name="direct">Reads the remote, and keeps nothing of it.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where outages are told.</param>
public sealed class LocalFailover(Func<CancellationToken, Task> ask, IRemoteReader direct, TimeProvider time, ILogger<LocalFailover> logger)
    : IAsyncDisposable
{
    /// <summary>The header of an answer that shows the remote alone.</summary>
    public const string Header = "x-s3overlay-local";

    /// <summary>A store that takes longer than this to say anything is no better than one that is down.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly EndpointHealth _outage = new(cancellationToken => AnswersAsync(ask, time, cancellationToken),
        hasBegun => Tell(logger, hasBegun), time);

    /// <summary>Whether local is known to be down.</summary>
    public bool IsOn => _outage.IsOn;

    /// <summary>
    /// Whether local, which failed a read, is down. One that answers other requests is not: what it lacks or garbles may be the very
    /// object, and the remote's must not take its place.
    /// </summary>
    public Task<bool> BeginsAsync(CancellationToken cancellationToken) => _outage.BeginsAsync(cancellationToken);

    /// <summary>
    /// To be awaited before anything is changed: what local takes is to be seen by the reads after it, though nobody has noticed yet that
    /// local is back.
    /// </summary>
    public Task LookAsync(CancellationToken cancellationToken) => _outage.LookAsync(cancellationToken);

    /// <summary>To be called once local has done a change: reads from now on see it, whatever was asked of local before.</summary>
    public void NoteDone() => _outage.NoteDone();

    /// <summary>Answers a read from the remote.</summary>
    public Task AnswerAsync(S3Request request, S3Response answer, RemoteBucket remote, CancellationToken cancellationToken)
    {
        answer.Headers[Header] = "unavailable";
        return direct.AnswerAsync(request, answer, remote, WrittenRead.Nothing, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _outage.DisposeAsync();

    private static void Tell(ILogger logger, bool hasBegun)
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

    private static async Task<bool> AnswersAsync(Func<CancellationToken, Task> ask, TimeProvider time, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        await ask(both.Token);
        return true;
    }
}
