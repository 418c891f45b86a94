using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Overlay;

/// <summary>How the overlay shows its layers.</summary>
public sealed record OverlaySettings
{
    /// <summary>The overlay's own bucket; clients do not see it (rule T5).</summary>
    public string CacheBucket { get; init; } = "s3-overlay-cache";

    /// <summary>The region of new buckets, reported to clients.</summary>
    public string Region { get; init; } = AwsHosts.DefaultRegion;

    /// <summary>True if all buckets are in that region. An S3 endpoint may have several and reports them per bucket.</summary>
    public bool HasOneRegion { get; init; } = true;

    /// <summary>True if listings merge both layers (rule L1); otherwise they show the local layer alone (rule L3).</summary>
    public bool MergesListings { get; init; } = true;

    /// <summary>
    /// True if a listing falls back to the local layer, and says so, when the remote cannot be listed (rule L4); otherwise it fails.
    /// </summary>
    public bool ListsLocalOnError { get; init; }

    /// <summary>True if a delete leaves a tombstone (rule D1); otherwise the remote's object may reappear (rule D2).</summary>
    public bool LeavesTombstones { get; init; } = true;

    /// <summary>The largest object, in bytes, that is copied up when a sub-resource is set (rule W5).</summary>
    public long CopyUpMax { get; init; } = 5L << 30;

    /// <summary>True if ListBuckets shows the remote's unmapped buckets (rule B6).</summary>
    public bool ShowsRemoteBuckets { get; init; }

    /// <summary>A request's total wait for remotes (table F).</summary>
    public TimeSpan Budget { get; init; } = Settings.RemoteBudget.DefaultValue;

    /// <summary>The overlay's part of the settings. <paramref name="region"/> is the region of the local layer's buckets.</summary>
    public static OverlaySettings From(ProxyOptions options, string region) => new()
    {
        CacheBucket = options.Cache.Bucket,
        Region = region,
        HasOneRegion = options.Local.Endpoint is null,
        MergesListings = options.View.Listing == ListingScope.Merged,
        ListsLocalOnError = options.View.ListingOnError == ListingFailure.Local,
        LeavesTombstones = options.View.Deletes == DeleteBehaviour.Tombstone,
        Budget = options.RemoteBudget,
        CopyUpMax = options.View.CopyUpMax,
        ShowsRemoteBuckets = options.Remotes.Any(static remote => remote.Unmapped == UnmappedBuckets.Show),
    };
}

/// <summary>A bucket of one layer.</summary>
/// <param name="Name">Its name in that layer.</param>
/// <param name="Created">When it was created.</param>
public sealed record LayerBucket(string Name, DateTimeOffset Created);
