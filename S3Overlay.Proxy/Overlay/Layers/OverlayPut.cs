using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>A write that the overlay makes of a remote object: a copy to another key, or one that makes the object local (rule W5).</summary>
public sealed record OverlayPut : S3Request
{
    /// <summary>Writes as <paramref name="request"/> does.</summary>
    [SetsRequiredMembers]
    public OverlayPut(S3Request request)
        : base(request)
    {
    }

    /// <summary>The remote object that becomes local. It keeps its ETag and date where the store can. Null for a copy to another key.</summary>
    public ObjectInfo? CopiedUp { get; init; }

    /// <summary>
    /// Whether <c>x-amz-tagging</c> holds the remote object's tags. They are kept as they are, even those that S3 would refuse.
    /// </summary>
    public bool KeepsTags { get; init; }

    /// <summary>
    /// Whether no client asked for the checksum that is computed: the source just has one of its kind. A store that does not know the
    /// algorithm gets none.
    /// </summary>
    public bool MayLoseChecksum { get; init; }
}
