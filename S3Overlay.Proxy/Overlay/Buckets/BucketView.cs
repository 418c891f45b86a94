using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>A bucket as it stands when a request comes in.</summary>
/// <param name="Name">Its name to clients.</param>
/// <param name="Remote">Where it continues below; null where it is local only, or where the remote is hidden since the bucket was deleted (rule B4).</param>
/// <param name="State">What the writable layer knows of it.</param>
public readonly record struct BucketView(string Name, RemoteBucket? Remote, BucketState State)
{
    /// <summary>Whether it has a local half.</summary>
    public bool IsLocal => State.Exists;
}
