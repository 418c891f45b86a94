namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Cancels when the store is silent too long. Time that the client takes does not count.</summary>
internal sealed class SilenceTimeout : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _client;

    /// <summary>Also cancelled by the client's token.</summary>
    public SilenceTimeout(TimeProvider time, CancellationToken client)
    {
        Client = client;
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _client = client.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>The client's own token.</summary>
    public CancellationToken Client { get; }

    /// <summary>Starts the limit.</summary>
    public void Limit(TimeSpan time) => _source.CancelAfter(time);

    /// <summary>Stops the limit while the proxy does not wait for the store.</summary>
    public void Unlimited() => _source.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>Cancels now.</summary>
    public void End() => _source.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _source.Dispose();
    }
}
