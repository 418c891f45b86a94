using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What a bucket is, and why.</summary>
/// <param name="State">What the writable layer knows of it.</param>
/// <param name="IsMapped">Whether the settings map it by name.</param>
/// <param name="Remote">Where it continues below as a whole, hidden or not; null where it has no remote, or only for keys under some
/// prefixes.</param>
public sealed record BucketReport(BucketState State, bool IsMapped, RemoteReport? Remote)
{
    /// <summary>Where its keys under some prefixes continue instead, in the order of the prefixes (rule M2).</summary>
    public IReadOnlyList<RemoteReport> Parts { get; init; } = [];

    /// <summary>Whether clients see the bucket (rule B1); null where the remote did not say.</summary>
    public bool? IsVisible =>
        State.Exists ? true
        : State.IsOpaque ? false
        : IsMapped ? true
        : Remote is null ? false
        : Remote.Finding switch
        {
            RemoteFinding.Found => true,
            RemoteFinding.Absent => false,
            _ => null,
        };
}
