namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>A body whose checksum nobody behind this is told.</summary>
/// <param name="inner">The body, whoever's to dispose.</param>
public sealed class BareBody(S3Body inner) : S3Body
{
    /// <inheritdoc/>
    public override long? Length => inner.Length;

    /// <inheritdoc/>
    public override long? LongestLength => inner.LongestLength;

    /// <inheritdoc/>
    public override ValueTask BeginAsync(CancellationToken cancellationToken) => inner.BeginAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer, cancellationToken);
}
