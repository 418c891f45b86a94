using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>Bytes of a stored object as the body of a copy. Every block is checked.</summary>
internal sealed class StoredBody(EmbeddedStore store, StoredObject source, ByteRange? range) : S3Body
{
    private long _position = range?.First ?? 0;

    /// <inheritdoc/>
    public override long? Length => range?.Length ?? 0;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (range is not { } wanted || _position > wanted.Last)
        {
            return 0;
        }

        try
        {
            var most = (int)Math.Min(buffer.Length, wanted.Last - _position + 1);
            var read = await source.ReadAsync(_position, buffer[..most], cancellationToken);
            _position += read;
            return read;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw store.Objects.Damaged(failure);
        }
    }
}
