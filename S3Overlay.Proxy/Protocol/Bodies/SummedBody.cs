namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>
/// A body whose checksum is computed while it is read: for a copy, whose source announces none, and for a store that would not notice a cut
/// body otherwise.
/// </summary>
/// <param name="leavesOpen">Whether the caller disposes the body.</param>
public sealed class SummedBody(S3Body inner, ChecksumAlgorithm algorithm, bool leavesOpen = false) : S3Body, IAsyncDisposable
{
    private readonly ChecksumHasher _hasher = ChecksumHasher.Create(algorithm);
    private BodyChecksum? _checksum;

    /// <inheritdoc/>
    public override long? Length => inner.Length;

    /// <inheritdoc/>
    public override BodyChecksum? Checksum => _checksum;

    /// <inheritdoc/>
    public override ChecksumAlgorithm? ComingChecksum => _checksum is null ? algorithm : null;

    /// <inheritdoc/>
    public override ValueTask BeginAsync(CancellationToken cancellationToken) => inner.BeginAsync(cancellationToken);

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
    public async ValueTask DisposeAsync()
    {
        _hasher.Dispose();
        if (!leavesOpen && inner is IAsyncDisposable open)
        {
            await open.DisposeAsync();
        }
    }
}
