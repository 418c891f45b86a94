using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What the merged view says of a key, and why.</summary>
/// <param name="Reason">What decides.</param>
public sealed record KeyReport(KeyReason Reason)
{
    /// <summary>Whether clients see the key; null where the remote did not say.</summary>
    public bool? IsVisible => Reason switch
    {
        KeyReason.Written or KeyReason.Held or KeyReason.PartlyHeld or KeyReason.Remote => true,
        KeyReason.Unknown => null,
        _ => false,
    };

    /// <summary>
    /// The layer that answers a read of the whole object, as <c>x-s3overlay-layer</c> has it (rule T4); null where none does.
    /// </summary>
    public string? Layer => Reason switch
    {
        KeyReason.Written or KeyReason.Deleted or KeyReason.BucketDeleted => "local",
        KeyReason.Held => "cache",
        KeyReason.PartlyHeld or KeyReason.Remote => "remote",
        _ => null,
    };

    /// <summary>What was written under the key; null where nothing was.</summary>
    public LocalObject? Written { get; init; }

    /// <summary>The key's tombstone, outranked or not; null where it has none.</summary>
    public Tombstone? Tombstone { get; init; }

    /// <summary>What is held of it; null where nothing is.</summary>
    public CacheReport? Held { get; init; }

    /// <summary>What the remote has; null where the key has no remote.</summary>
    public RemoteReport? Remote { get; init; }
}
