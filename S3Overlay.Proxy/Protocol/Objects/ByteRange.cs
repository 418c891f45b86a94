namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Bytes of an object, both ends included.</summary>
/// <param name="First">The first byte's position.</param>
/// <param name="Last">The last byte's position; not before <paramref name="First"/>.</param>
public readonly record struct ByteRange(long First, long Last)
{
    /// <summary>How many bytes these are.</summary>
    public long Length => Last - First + 1;
}
