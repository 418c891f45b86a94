using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>A bucket's state at the start of a request.</summary>
/// <param name="Name">The client's name for it.</param>
/// <param name="Routes">Where its keys continue below; null if it is local only, or if the remotes are hidden because the bucket was
/// deleted (rule B4).</param>
/// <param name="State">What the local layer knows of it.</param>
public readonly record struct BucketView(string Name, BucketRoutes? Routes, BucketState State)
{
    /// <summary>Total time the request may wait for remotes; null if each call has its own budget.</summary>
    public RequestBudget? Budget { get; init; }

    /// <summary><see cref="Routes"/>, limited by this request's <see cref="Budget"/>.</summary>
    public BucketRoutes? AskedRoutes => Budget is null ? Routes : Routes?.Within(Budget);

    /// <summary>True if it has a local half.</summary>
    public bool IsLocal => State.Exists;

    /// <summary>True if any of its keys continues below.</summary>
    public bool IsOverlaid => Routes is not null;

    /// <summary>Where a key continues below; null if it is local only.</summary>
    public RemoteBucket? RemoteOf(string key) => Routes?.Of(key);
}
