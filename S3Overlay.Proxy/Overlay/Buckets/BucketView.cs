using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>A bucket as it stands when a request comes in.</summary>
/// <param name="Name">Its name to clients.</param>
/// <param name="Routes">Where its keys continue below; null where it is local only, or where the remotes are hidden since the bucket was
/// deleted (rule B4).</param>
/// <param name="State">What the writable layer knows of it.</param>
public readonly record struct BucketView(string Name, BucketRoutes? Routes, BucketState State)
{
    /// <summary>How long the request may wait for remotes in all; null where each question has a budget of its own.</summary>
    public RequestBudget? Budget { get; init; }

    /// <summary>The same as <see cref="Routes"/>, for questions of this request alone.</summary>
    public BucketRoutes? AskedRoutes => Budget is null ? Routes : Routes?.Within(Budget);

    /// <summary>Whether it has a local half.</summary>
    public bool IsLocal => State.Exists;

    /// <summary>Whether any of its keys continues below.</summary>
    public bool IsOverlaid => Routes is not null;

    /// <summary>Where a key continues below; null where it is local only.</summary>
    public RemoteBucket? RemoteOf(string key) => Routes?.Of(key);
}
