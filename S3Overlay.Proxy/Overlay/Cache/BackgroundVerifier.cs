using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Verifies objects cached in chunks once the last chunk is there. Each chunk was sent to readers before the whole could be checked, so no
/// reader waits for this. Reads one object at a time, and limits how many wait.
/// </summary>
internal sealed class BackgroundVerifier(ILogger logger) : IAsyncDisposable
{
    /// <summary>Objects being verified or waiting. Each keeps its file open.</summary>
    private const int Most = 64;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Shutdown does not wait: an object not verified by then is verified when one of its chunks is filled again.</summary>
    private readonly BackgroundWork _work = new() { Timeout = TimeSpan.Zero };
    private int _started;

    /// <summary>Queues an entry. On success the verifier is one of its readers.</summary>
    /// <returns>False if too many are waiting.</returns>
    public bool TryStart(ActiveEntry active)
    {
        if (Interlocked.Increment(ref _started) > Most)
        {
            Interlocked.Decrement(ref _started);
            return false;
        }

        _work.Start(cancellationToken => RunAsync(active, cancellationToken));
        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _work.DisposeAsync();

    private async Task RunAsync(ActiveEntry active, CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                if (await ExpectedDigest.IsRightAsync(active.Entry, cancellationToken) == false)
                {
                    await active.MismatchedAsync();
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Shutdown.
        }
        catch (Exception failure)
        {
            Log.CacheCheckFailed(logger, active.Name.Bucket, failure);
        }
        finally
        {
            Interlocked.Decrement(ref _started);
            await active.LeaveAsync();
        }
    }
}
