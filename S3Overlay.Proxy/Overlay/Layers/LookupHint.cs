using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// What whoever looks for a held copy is about to do with it: a store that is asked over a network may begin to read in the same call.
/// </summary>
/// <param name="ReadsBytes">Whether bytes will be read, and not only what is known of the object.</param>
/// <param name="Range">Which bytes; null for all.</param>
public readonly record struct LookupHint(bool ReadsBytes, RangeHeader? Range)
{
    /// <summary>
    /// Whether the caller has just asked local for the key itself and got nothing: then a copy that is kept under its own key (rule E4)
    /// need not be asked for.
    /// </summary>
    public bool IsNotUnderItsKey { get; init; }

    /// <summary>Only what is known of the object.</summary>
    public static readonly LookupHint Info;

    /// <summary>The bytes a GET asks for.</summary>
    public static LookupHint Bytes(RangeHeader? range) => new(true, range);
}
