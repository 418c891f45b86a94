namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>
/// A connection to a store that may answer before it has been sent a whole body, and close: many refuse a request by its headers so.
/// <see cref="HttpClient"/> takes the failing write for the end of the request and never looks at the answer that is there already. Here it
/// goes nowhere in silence, and the answer is read; where there is none, reading fails instead. Until the answer has been read, the
/// client's body is read to its end. A request that may be sent once more is so as before, since nothing of an answer has come.
/// </summary>
/// <param name="connection">The connection; disposed with this.</param>
internal sealed class WrittenStream(Stream connection) : ConnectionStream(connection)
{
    private bool _isClosed;
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The request is over: whoever still writes its body must hear so, and ask the client for no more of it.
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
