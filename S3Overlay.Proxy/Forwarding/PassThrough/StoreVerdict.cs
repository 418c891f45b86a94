using S3Overlay.Proxy.Forwarding.Wire;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// What a store said of a request before its body: go on (100), or no. <see cref="HttpClient"/> tells nobody, and sends a body of up to 1
/// KiB behind the refusal all the same; so that somebody knows, the connection's bytes are looked at, and what would go out behind a
/// refusal is dropped. For one request on a connection of its own.
/// </summary>
internal sealed class StoreVerdict
{
    /// <summary>Whether the store answered with something other than 100 before it was sent any body.</summary>
    public bool IsRefusal { get; private set; }

    /// <summary>Looks at a connection.</summary>
    public Stream Watch(Stream connection) => new WatchedStream(connection, this);

    private sealed class WatchedStream(Stream connection, StoreVerdict verdict) : ConnectionStream(connection)
    {
        /// <summary>Where in <c>HTTP/1.1 100</c> stands what kind of answer it is.</summary>
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
