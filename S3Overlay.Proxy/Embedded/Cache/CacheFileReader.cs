using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Cache;

internal sealed class CacheFileReader(CacheFile file, ByteRange range) : IEntryReader
{
    private long _position = range.First;

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(buffer.Length, range.Last + 1 - _position);
        if (wanted <= 0)
        {
            return 0;
        }

        var read = await file.ReadAsync(_position, buffer[..wanted], cancellationToken);
        _position += read;
        return read;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
