using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// What a store answered before it got the body: continue (100) or a refusal. <see cref="HttpClient"/> does not expose this, and sends
/// bodies up to 1 KiB even after a refusal. So this watches the connection's bytes and drops what would be sent after a refusal. For one
/// request on its own connection.
/// </summary>
internal sealed class StoreVerdict
{
    /// <summary>True if the store refused before the body.</summary>
    public bool IsRefusal { get; private set; }

    /// <summary>Wraps a connection.</summary>
    public Stream Watch(Stream connection) => new WatchedStream(connection, this);

    private sealed class WatchedStream(Stream connection, StoreVerdict verdict) : ConnectionStream(connection)
    {
        /// <summary>The position of the status class in <c>HTTP/1.1 100</c>.</summary>
        private const int Digit = 9;

        private int _seen;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await Connection.ReadAsync(buffer, cancellationToken);
            if (_seen <= Digit && _seen + read > Digit)
            {
                verdict.IsRefusal = buffer.Span[Digit - _seen] != (byte)'1';
            }

            _seen += Math.Min(read, Digit + 1);
            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            verdict.IsRefusal ? ValueTask.CompletedTask : base.WriteAsync(buffer, cancellationToken);
    }
}
