using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// What whoever looks for a held copy is about to do with it: a store that is asked over a network may begin to read in the same call.
/// </summary>
/// <param name="ReadsBytes">Whether bytes will be read, and not only what is known of the object.</param>
/// <param name="Range">Which bytes; null for all.</param>
public readonly record struct LookupHint(bool ReadsBytes, RangeHeader? Range)
{
    /// <summary>Only what is known of the object.</summary>
    public static readonly LookupHint Info;

    /// <summary>The bytes a GET asks for.</summary>
    public static LookupHint Bytes(RangeHeader? range) => new(true, range);
}
