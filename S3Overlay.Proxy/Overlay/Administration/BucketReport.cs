using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>A bucket's state, with reasons.</summary>
/// <param name="State">What the local layer knows of it.</param>
/// <param name="IsMapped">True if the settings map it by name.</param>
/// <param name="Remote">Where the bucket as a whole continues below, hidden or not; null without a remote, or if only some prefixes have
/// one.</param>
public sealed record BucketReport(BucketState State, bool IsMapped, RemoteReport? Remote)
{
    /// <summary>Where keys under some prefixes continue instead, in the order of the prefixes (rule M2).</summary>
    public IReadOnlyList<RemoteReport> Parts { get; init; } = [];

    /// <summary>True if clients see the bucket (rule B1); null if the remote did not say.</summary>
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
