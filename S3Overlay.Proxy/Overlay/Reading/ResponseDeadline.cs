using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// How long a read waits for the remote in all until its answer begins (table F): whatever it asks, and for whatever it waits with others.
/// What is shared goes on for those, within a budget of its own.
/// </summary>
/// <param name="answer">The answer.</param>
/// <param name="budget">How long.</param>
/// <param name="time">The clock.</param>
/// <param name="client">The client's patience.</param>
internal sealed class ResponseDeadline(S3Response answer, TimeSpan budget, TimeProvider time, CancellationToken client) : IDisposable
{
    private readonly long _began = time.GetTimestamp();
    private CancellationTokenSource? _waiting;
    private ITimer? _timer;

    /// <summary>The client's patience alone, for what needs no remote.</summary>
    public CancellationToken Client => client;

    /// <summary>
    /// Ends with the client's patience, and with the deadline where the answer has not begun by then. Made when it is first asked for, by
    /// one at a time: a read that finds all it needs here never does.
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

    /// <summary>Whether it is the deadline that ended the waiting.</summary>
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
            if (!answer.HasStarted)
            {
                _waiting!.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The answer came in the same moment.
        }
    }
}
