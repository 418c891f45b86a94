namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Removes the framing of a body.</summary>
internal abstract class BodyFraming
{
    /// <summary>The length without framing; null if unknown.</summary>
    public abstract long? Length { get; }

    /// <summary>The largest possible length without framing; null if unbounded.</summary>
    public virtual long? LongestLength => Length;

    /// <summary>The headers after the body; empty before its end.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, string>> Trailers => [];

    /// <summary>Reads. Returns 0 only at the end, once the framing proved to be right.</summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Returns pooled buffers.</summary>
    public virtual void Release()
    {
    }
}
