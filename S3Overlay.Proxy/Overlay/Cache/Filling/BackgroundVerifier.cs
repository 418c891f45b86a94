using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// Compares objects that are held in chunks, and whose last chunk has come, with what the remote promised of them: chunks are right each by
/// itself as far as anybody can tell, and are sent before the others are there. Nobody waits for it. One object at a time is read, so that
/// it takes a processor's time at most, and no memory to speak of; and only so many wait for that.
/// </summary>
/// <param name="logger">Where failures are told.</param>
internal sealed class BackgroundVerifier(ILogger logger) : IAsyncDisposable
{
    /// <summary>So many are compared or wait for it: each is an object in use, with its file open.</summary>
    private const int Most = 64;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>
    /// What is not compared by the end is compared when a chunk of it is fetched again, if ever: that is no reason to hold up the end.
    /// </summary>
    private readonly BackgroundWork _work = new() { Timeout = TimeSpan.Zero };
    private int _started;

    /// <summary>Begins to compare an object, of which the caller becomes a reader for this.</summary>
    /// <returns>False where too many wait already: it is not compared, and has no further reader.</returns>
    public bool TryStart(ActiveEntry held)
    {
        if (Interlocked.Increment(ref _started) > Most)
        {
            Interlocked.Decrement(ref _started);
            return false;
        }

        _work.Start(cancellationToken => RunAsync(held, cancellationToken));
        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _work.DisposeAsync();

    private async Task RunAsync(ActiveEntry held, CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                if (await ReadBack.IsRightAsync(held.Copy, cancellationToken) == false)
                {
                    await held.MismatchedAsync();
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end has come.
        }
        catch (Exception failure)
        {
            Log.HeldCheckFailed(logger, held.Name.Bucket, failure);
        }
        finally
        {
            Interlocked.Decrement(ref _started);
            await held.LeaveAsync();
        }
    }
}
