using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>The first request of a miss, while the object's size is unknown (rule R10).</summary>
/// <param name="wanted">What the read wants; null for the whole object.</param>
/// <param name="chunkSize">Bytes per chunk of an object that is not cached whole.</param>
internal readonly struct FirstRange(RangeHeader? wanted, long chunkSize)
{
    /// <summary>No object is longer: rounding up from here must not overflow.</summary>
    private const long Longest = long.MaxValue / 4;

    /// <summary>The range to request, in whole blocks; null for the whole object.</summary>
    /// <remarks>A suffix begins in an unknown place of a block, so a block more is requested.</remarks>
    public string? Text => wanted switch
    {
        { First: { } first, Last: { } last } when first < Longest =>
            RemoteRead.Text(Geometry.Around(new ByteRange(first, Math.Min(last, Longest)))),
        { First: { } first, Last: null } when first < Longest =>
            FormattableString.Invariant($"bytes={Geometry.BytesOf(Geometry.BlockAt(first)).First}-"),
        { Suffix: { } suffix and > 0 } =>
            FormattableString.Invariant($"bytes=-{Math.Min(suffix, Longest) + BlockGeometry.BlockSize - 1}"),
        _ => RemoteRead.Text(wanted),
    };

    private BlockGeometry Geometry => new(Longest * 2, chunkSize);

    /// <summary>True if an object of a size has no byte of what the read wants.</summary>
    public bool IsUnsatisfiable(long size) => wanted is { } range && range.Resolve(size) is null;

    /// <summary>What to store of the response: from the first block that the read touches.</summary>
    /// <param name="came">The bytes of the response.</param>
    /// <param name="geometry">The object's blocks.</param>
    public ByteRange Stored(ByteRange came, BlockGeometry geometry) =>
        came.First > 0 && wanted?.Resolve(geometry.Size) is { } range
            ? came with { First = Math.Clamp(geometry.Around(range).First, came.First, came.Last) }
            : came;
}
