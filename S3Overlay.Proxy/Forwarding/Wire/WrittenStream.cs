namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>
/// A connection to a store that may respond and close before it has read the whole body: many refuse a request by its headers. <see
/// cref="HttpClient"/> takes the failed write for the end of the request and never reads that response. Here, failed writes are ignored and
/// the response is read. If there is none, reading fails instead. The client's body is read to its end until the response has been read.
/// Retries work as before: no byte of a response has arrived.
/// </summary>
/// <param name="connection">The connection. Disposed with this stream.</param>
internal sealed class WrittenStream(Stream connection) : ConnectionStream(connection)
{
    private bool _isClosed;
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The request is over: whatever still writes the body must stop reading it from the client.
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isClosed)
        {
            return;
        }

        try
        {
            await Connection.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException) when (!_isDisposed)
        {
            _isClosed = true;
        }
    }

    /// <inheritdoc/>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Connection.FlushAsync(cancellationToken);
        }
        catch (IOException) when (!_isDisposed)
        {
            _isClosed = true;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }
}
