namespace S3Overlay.Proxy.Telemetry.Tails;

/// <summary>
/// Shows answered requests to those who watch. Without a watcher, a request costs a check for null. With one, it costs a record and an
/// attempt to queue it; no request ever waits for a watcher.
/// </summary>
public sealed class RequestTail
{
    private readonly Lock _lock = new();
    private volatile TailReader[]? _readers;
    private bool _hasEnded;

    /// <summary>True if anyone watches. Otherwise nothing need be added.</summary>
    public bool IsWatched => _readers is not null;

    /// <summary>Starts to watch. Dispose the result to stop.</summary>
    /// <param name="wants">Chooses the requests. Must be quick: requests run it.</param>
    /// <param name="capacity">How many requests may wait for the reader; more are lost, and counted.</param>
    public TailReader Watch(Func<AnsweredRequest, bool> wants, int capacity)
    {
        var reader = new TailReader(wants, capacity, Leave);
        lock (_lock)
        {
            if (_hasEnded)
            {
                reader.End();
            }
            else
            {
                _readers = [.. _readers ?? [], reader];
            }
        }

        return reader;
    }

    /// <summary>Shows a request to all who want it.</summary>
    public void Add(AnsweredRequest request)
    {
        if (_readers is { } readers)
        {
            foreach (var reader in readers)
            {
                reader.Offer(request);
            }
        }
    }

    /// <summary>The proxy stops: watchers get what is queued, and the end.</summary>
    public void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            Release();
        }
    }

    /// <summary>Present watchers get what is queued, and the end; for tests.</summary>
    internal void Release()
    {
        lock (_lock)
        {
            foreach (var reader in _readers ?? [])
            {
                reader.End();
            }

            _readers = null;
        }
    }

    private void Leave(TailReader reader)
    {
        lock (_lock)
        {
            _readers = _readers?.Where(other => other != reader).ToArray() is { Length: > 0 } left ? left : null;
        }
    }
}
