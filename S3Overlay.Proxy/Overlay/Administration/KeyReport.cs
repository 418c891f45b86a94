using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What clients see of a key, and why.</summary>
/// <param name="Reason">What decides.</param>
public sealed record KeyReport(KeyReason Reason)
{
    /// <summary>True if clients see the key; null if the remote did not say.</summary>
    public bool? IsVisible => Reason switch
    {
        KeyReason.Written or KeyReason.Cached or KeyReason.PartlyCached or KeyReason.Remote => true,
        KeyReason.Unknown => null,
        _ => false,
    };

    /// <summary>The layer that serves a read of the whole object, as in <c>x-s3overlay-layer</c> (rule T4); null for none.</summary>
    public string? Layer => Reason switch
    {
        KeyReason.Written or KeyReason.Deleted or KeyReason.BucketDeleted => "local",
        KeyReason.Cached => "cache",
        KeyReason.PartlyCached or KeyReason.Remote => "remote",
        _ => null,
    };

    /// <summary>The written object; null for none.</summary>
    public LocalObject? Written { get; init; }

    /// <summary>The key's tombstone, outranked or not; null for none.</summary>
    public Tombstone? Tombstone { get; init; }

    /// <summary>What is cached; null for nothing.</summary>
    public CacheReport? Cached { get; init; }

    /// <summary>What the remote has; null if the key has no remote.</summary>
    public RemoteReport? Remote { get; init; }
}
