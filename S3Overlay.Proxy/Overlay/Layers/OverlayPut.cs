using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>A write of a key that has a remote.</summary>
public record OverlaidWrite : S3Request
{
    /// <summary>Writes as <paramref name="request"/> does.</summary>
    [SetsRequiredMembers]
    public OverlaidWrite(S3Request request)
        : base(request)
    {
    }

    /// <summary>What the write hides, to be recorded with it; never shown to clients (rule P1).</summary>
    public RemoteBase? Base { get; init; }

    /// <summary>
    /// True if <see cref="Base"/> counts even where an earlier change of the key recorded another: a saved change is brought back.
    /// </summary>
    public bool RestoresBase { get; init; }

    /// <summary>
    /// True if it fails with ConditionalRequestConflict once the key was written or deleted here, whatever the remote has.
    /// </summary>
    public bool OnlyUnchanged { get; init; }

    /// <summary>The same write, with a base.</summary>
    public static S3Request Over(S3Request request, RemoteBase? known) => known is null ? request
        : request is OverlaidWrite write ? write with { Base = known }
        : new OverlaidWrite(request) { Base = known };
}

/// <summary>The overlay's own write of a remote object: a copy to another key, or a copy-up (rule W5).</summary>
public sealed record OverlayPut : OverlaidWrite
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
