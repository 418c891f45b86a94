using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>What to fill ahead of a sequential reader (rule C5). The default is nothing.</summary>
/// <param name="Chunks">Whole chunks, each with a request of its own; null for none.</param>
/// <param name="Window">What follows the read in its own chunk; null for nothing.</param>
/// <param name="Needed">The part of it that the reader must find there soon. While that is cached or on its way, nothing is to do.</param>
internal readonly record struct ReadAhead(IReadOnlyList<ByteRange>? Chunks, ByteRange? Window = null, ByteRange Needed = default)
{
    public bool IsNone => Window is null && Chunks is null or { Count: 0 };
}
