using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Lifecycle;

/// <summary>One rule of a bucket's lifecycle.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html</remarks>
public sealed record LifecycleRule
{
    /// <summary>Its id, unique in the bucket.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it acts.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>Which objects it is about.</summary>
    public required LifecycleFilter Filter { get; init; }

    /// <summary>Current versions expire this many days after they were written; null if they do not.</summary>
    public int? Days { get; init; }

    /// <summary>Current versions expire at this midnight; null if they do not.</summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>Whether delete markers that hide nothing go; null if the rule does not say.</summary>
    public bool? ExpiresMarkers { get; init; }

    /// <summary>Noncurrent versions go this many days after a newer one was written; null if they stay.</summary>
    public int? NoncurrentDays { get; init; }

    /// <summary>How many of a key's noncurrent versions stay in any case; null for none.</summary>
    public int? KeptNoncurrent { get; init; }

    /// <summary>Open uploads are aborted this many days after they began; null if they stay.</summary>
    public int? AbortDays { get; init; }

    /// <summary>When a current version expires; null if it does not.</summary>
    public DateTimeOffset? ExpiryOf(string key, long size, string? tags, DateTimeOffset written, LifecycleClock clock) =>
        !IsEnabled || (Days is null && Date is null) || !Filter.Matches(key, size, tags) ? null
            : Date ?? clock.After(written, Days!.Value);

    /// <summary>True if the rule removes a delete marker under which there is no version.</summary>
    public bool RemovesMarker(string key, DateTimeOffset made, LifecycleClock clock, DateTimeOffset now) =>
        IsEnabled && !Filter.NeedsObject && Filter.MatchesKey(key)
        && (ExpiresMarkers == true || (Days is { } days && clock.After(made, days) <= now) || Date <= now);

    /// <summary>True if the rule removes a noncurrent version or delete marker.</summary>
    /// <param name="key">The key.</param>
    /// <param name="size">Its size; null for a delete marker.</param>
    /// <param name="tags">Its tags as a query string, or null.</param>
    /// <param name="newer">How many newer noncurrent versions the key has.</param>
    /// <param name="since">Since when it is not current.</param>
    /// <param name="clock">Counts days.</param>
    /// <param name="now">The time.</param>
    public bool RemovesNoncurrent(
        string key, long? size, string? tags, int newer, DateTimeOffset since, LifecycleClock clock, DateTimeOffset now) =>
        IsEnabled && NoncurrentDays is { } days && newer >= (KeptNoncurrent ?? 0) && clock.After(since, days) <= now
        && (size is { } bytes ? Filter.Matches(key, bytes, tags) : !Filter.NeedsObject && Filter.MatchesKey(key));

    /// <summary>True if the rule aborts an upload.</summary>
    public bool Aborts(string key, DateTimeOffset initiated, LifecycleClock clock, DateTimeOffset now) =>
        IsEnabled && AbortDays is { } days && Filter.MatchesKey(key) && clock.After(initiated, days) <= now;

    /// <summary>Writes the rule.</summary>
    public void Write(S3XmlWriter xml)
    {
        xml.Open("Rule").Element("ID", Id);
        Filter.Write(xml);
        xml.Element("Status", IsEnabled ? "Enabled" : "Disabled");
        if (Days is not null || Date is not null || ExpiresMarkers is not null)
        {
            xml.Open("Expiration");
            _ = Days is { } days ? xml.Element("Days", days)
                : Date is { } date ? xml.Element("Date", date)
                : xml.Element("ExpiredObjectDeleteMarker", ExpiresMarkers!.Value);
            xml.Close("Expiration");
        }

        if (NoncurrentDays is { } noncurrent)
        {
            xml.Open("NoncurrentVersionExpiration").Element("NoncurrentDays", noncurrent);
            if (KeptNoncurrent is { } kept)
            {
                xml.Element("NewerNoncurrentVersions", kept);
            }

            xml.Close("NoncurrentVersionExpiration");
        }

        if (AbortDays is { } abort)
        {
            xml.Open("AbortIncompleteMultipartUpload").Element("DaysAfterInitiation", abort).Close("AbortIncompleteMultipartUpload");
        }

        xml.Close("Rule");
    }
}
