using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>A remote object's bytes as a request body. If the length is known, the body ends only when all bytes came.</summary>
public sealed class RemoteObjectBody(RemoteObject source, long? length) : S3Body, IAsyncDisposable
{
    private long? _rest = length;

    /// <inheritdoc/>
    public override long? Length { get; } = length;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await source.Body.ReadAsync(buffer, cancellationToken);
        _rest -= read;
        return _rest < 0 || (read == 0 && buffer.Length > 0 && _rest > 0)
            ? throw new S3Exception(S3Errors.ServiceUnavailable, "The remote did not send all bytes of the copy's source.")
            : read;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => source.DisposeAsync();
}
