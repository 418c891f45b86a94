namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>How long the store may leave one request without a sign of life. Time that the client takes does not count.</summary>
internal sealed class SilenceTimeout : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _client;

    /// <summary>Patience that ends with the client's at the latest.</summary>
    public SilenceTimeout(TimeProvider time, CancellationToken client)
    {
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _client = client.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>Ends what waits.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>From now on the store has so long.</summary>
    public void Limit(TimeSpan time) => _source.CancelAfter(time);

    /// <summary>The store is not the one that is waited for.</summary>
    public void Unlimited() => _source.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>Nobody waits for the store any more.</summary>
    public void End() => _source.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _source.Dispose();
    }
}
