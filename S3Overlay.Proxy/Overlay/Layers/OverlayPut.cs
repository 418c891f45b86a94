using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The overlay's own write of a remote object: a copy to another key, or a copy-up (rule W5).</summary>
public sealed record OverlayPut : S3Request
{
    /// <summary>Writes as <paramref name="request"/> does.</summary>
    [SetsRequiredMembers]
    public OverlayPut(S3Request request)
        : base(request)
    {
    }

    /// <summary>The copied-up object, which keeps its ETag and date if the store can do that; null for a copy to another key.</summary>
    public ObjectInfo? CopiedUp { get; init; }

    /// <summary>
    /// True if <c>x-amz-tagging</c> has the remote object's tags. They are stored unchanged, even those that S3 would refuse.
    /// </summary>
    public bool KeepsTags { get; init; }

    /// <summary>
    /// True if no client requested the computed checksum; the source just has one of its kind. A store that does not support the
    /// algorithm gets none.
    /// </summary>
    public bool MayLoseChecksum { get; init; }
}
