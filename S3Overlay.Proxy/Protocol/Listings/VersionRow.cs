namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>One row of a listing of versions: a version of a key, a delete marker, or a common prefix under which there are any.</summary>
/// <param name="Name">The key, or the prefix with its delimiter.</param>
/// <param name="VersionId">The id; null where the row is a common prefix.</param>
/// <param name="Object">The version; null of a delete marker, and of a common prefix.</param>
public sealed record VersionRow(string Name, string? VersionId, ListedObject? Object)
{
    /// <summary>Whether it is what the key is now.</summary>
    public bool IsLatest { get; init; }

    /// <summary>When a delete marker was made.</summary>
    public DateTimeOffset MarkedAt { get; init; }

    /// <summary>Whether the row is a common prefix.</summary>
    public bool IsPrefix => VersionId is null;

    /// <summary>What a row of a plain listing is where keys have one version each, which S3 calls <c>null</c>.</summary>
    public static VersionRow Only(ListingRow row) => new(row.Name, row.IsPrefix ? null : "null", row.Object) { IsLatest = true };
}
