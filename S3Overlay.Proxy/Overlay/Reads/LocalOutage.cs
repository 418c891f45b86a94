using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>
/// Reads of the remote alone while local, an S3 endpoint, is down (<c>S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR</c>): what was written and deleted is not seen
/// meanwhile, and each answer says so. From when local was found down it is asked once a second, by nobody's request, until it answers.
/// </summary>
/// <param name="ask">Asks local for anything at all; throws where it gives no answer, or only errors of its own.</param>
/// <param name="direct">Reads the remote, and keeps nothing of it.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where outages are told.</param>
public sealed class LocalOutage(Func<CancellationToken, Task> ask, IRemoteReader direct, TimeProvider time, ILogger<LocalOutage> logger) : IAsyncDisposable
{
    /// <summary>The header of an answer that shows the remote alone.</summary>
    public const string Header = "x-s3overlay-local";

    /// <summary>A store that takes longer than this to say anything is no better than one that is down.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task _watching = Task.CompletedTask;
    private volatile bool _isOn;

    /// <summary>Whether local is known to be down.</summary>
    public bool IsOn => _isOn;

    /// <summary>
    /// Whether local, which failed a read, is down. One that answers other requests is not: what it lacks or garbles may be the very object, and the remote's
    /// must not take its place.
    /// </summary>
    public async Task<bool> BeginsAsync(CancellationToken cancellationToken)
    {
        if (_isOn || !await AnswersAsync(cancellationToken))
        {
            Begin();
            return true;
        }

        return false;
    }

    /// <summary>Answers a read from the remote.</summary>
    public Task AnswerAsync(S3Request request, S3Answer answer, RemoteBucket remote, CancellationToken cancellationToken)
    {
        answer.Headers[Header] = "unavailable";
        return direct.AnswerAsync(request, answer, remote, WrittenRead.Nothing, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (_isOn || _stopping.IsCancellationRequested)
            {
                return;
            }

            _isOn = true;
            Log.LocalIsDown(logger);
            _watching = WatchAsync();
        }
    }

    private async Task WatchAsync()
    {
        // What is asked from here on is no part of the request that found local down.
        System.Diagnostics.Activity.Current = null;
        do
        {
            await Task.Delay(Pause, time, _stopping.Token);
        }
        while (!await AnswersAsync(_stopping.Token));
        Log.LocalIsBack(logger);
        _isOn = false;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await ask(both.Token);
            return true;
        }
        catch (Exception failure) when (failure is S3Exception or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
