namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Takes the framing off a body.</summary>
internal abstract class BodyFraming
{
    /// <summary>The number of bytes without framing; null where it is not known.</summary>
    public abstract long? Length { get; }

    /// <summary>The most bytes there can be without framing; null where there is no bound.</summary>
    public virtual long? LongestLength => Length;

    /// <summary>The headers that followed the body; empty before its end.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, string>> Trailers => [];

    /// <summary>Reads; 0 only at the end, once all that the framing promises has been found right.</summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Gives back what was borrowed.</summary>
    public virtual void Release()
    {
    }
}
