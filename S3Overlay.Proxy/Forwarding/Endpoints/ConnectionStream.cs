namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Base of streams that watch or change what passes over a connection. Asynchronous only, as HTTP uses it.</summary>
/// <param name="connection">The connection. Disposed with this stream.</param>
internal abstract class ConnectionStream(Stream connection) : Stream
{
    /// <inheritdoc/>
    public sealed override bool CanRead => true;

    /// <inheritdoc/>
    public sealed override bool CanSeek => false;

    /// <inheritdoc/>
    public sealed override bool CanWrite => true;

    /// <inheritdoc/>
    public sealed override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The connection itself.</summary>
    protected Stream Connection => connection;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public sealed override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void Flush() => connection.Flush();

    /// <inheritdoc/>
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }
}

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
