using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>A body with a checksum that is computed on the way: a copy for which one was asked.</summary>
internal sealed class SummedBody(S3Body inner, ChecksumAlgorithm algorithm) : S3Body, IDisposable
{
    private readonly ChecksumHasher _hasher = ChecksumHasher.Create(algorithm);
    private BodyChecksum? _checksum;

    /// <inheritdoc/>
    public override long? Length => inner.Length;

    /// <inheritdoc/>
    public override BodyChecksum? Checksum => _checksum;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        if (read > 0)
        {
            _hasher.Append(buffer.Span[..read]);
        }
        else if (!buffer.IsEmpty)
        {
            _checksum ??= _hasher.Finish();
        }

        return read;
    }

    /// <inheritdoc/>
    public void Dispose() => _hasher.Dispose();
}
