using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol.Regions;

namespace S3Overlay.Proxy.Overlay;

/// <summary>How the overlay shows its layers.</summary>
public sealed record OverlaySettings
{
    /// <summary>The bucket name that is the overlay's own; to clients it does not exist (rule T5).</summary>
    public string CacheBucket { get; init; } = "s3-overlay-cache";

    /// <summary>The region buckets are made in and answer with.</summary>
    public string Region { get; init; } = AwsHosts.DefaultRegion;

    /// <summary>
    /// Whether that is the region of every bucket: an S3 endpoint may have buckets in several, and tells only of each by itself.
    /// </summary>
    public bool HasOneRegion { get; init; } = true;

    /// <summary>Whether listings show both layers (rule L1), or local alone (rule L3).</summary>
    public bool MergesListings { get; init; } = true;

    /// <summary>
    /// Whether a listing shows local alone when the remote cannot be listed, and says so, in place of an error (rule L4).
    /// </summary>
    public bool ListsLocalOnError { get; init; }

    /// <summary>Whether a delete leaves a tombstone (rule D1); otherwise the object may come back from the remote (rule D2).</summary>
    public bool LeavesTombstones { get; init; } = true;

    /// <summary>The largest object, in bytes, that is copied up for its sub-resources (rule W5).</summary>
    public long CopyUpMax { get; init; } = 5L << 30;

    /// <summary>Whether ListBuckets shows the remote's buckets that no mapping names (rule B6).</summary>
    public bool ShowsRemoteBuckets { get; init; }

    /// <summary>How long a client's request waits for remotes in all (table F).</summary>
    public TimeSpan Budget { get; init; } = Settings.RemoteBudget.DefaultValue;

    /// <summary>What the settings say.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="region">The region that local's buckets are in.</param>
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
