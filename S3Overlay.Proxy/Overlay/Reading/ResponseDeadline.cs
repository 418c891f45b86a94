using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Limits how long a read waits for the remote in total before its response begins (table F). Shared requests go on within their own
/// limits.
/// </summary>
/// <param name="response">The response.</param>
/// <param name="budget">The limit.</param>
/// <param name="time">The clock.</param>
/// <param name="client">Ends when the client disconnects.</param>
internal sealed class ResponseDeadline(S3Response response, TimeSpan budget, TimeProvider time, CancellationToken client) : IDisposable
{
    private readonly long _began = time.GetTimestamp();
    private CancellationTokenSource? _waiting;
    private ITimer? _timer;

    /// <summary>Ends when the client disconnects. For work that needs no remote.</summary>
    public CancellationToken Client => client;

    /// <summary>
    /// Ends when the client disconnects, or at the deadline if the response has not begun. Created on first use: most hits need none. Not
    /// thread-safe.
    /// </summary>
    public CancellationToken Waiting
    {
        get
        {
            if (_waiting is null)
            {
                var left = budget - time.GetElapsedTime(_began);
                _waiting = CancellationTokenSource.CreateLinkedTokenSource(client);
                _timer = time.CreateTimer(static state => ((ResponseDeadline)state!).Pass(), this, left > TimeSpan.Zero ? left
                    : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }

            return _waiting.Token;
        }
    }

    /// <summary>True if the deadline ended the wait.</summary>
    public bool HasPassed => _waiting is { IsCancellationRequested: true } && !client.IsCancellationRequested;

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _waiting?.Dispose();
    }

    private void Pass()
    {
        try
        {
            if (!response.HasStarted)
            {
                _waiting!.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The response began at the same moment.
        }
    }
}
