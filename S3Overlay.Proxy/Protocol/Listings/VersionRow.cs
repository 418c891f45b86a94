namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>One row of a version listing: a version, a delete marker, or a common prefix.</summary>
/// <param name="Name">The key, or the prefix with its delimiter.</param>
/// <param name="VersionId">The version id; null for a common prefix.</param>
/// <param name="Object">The version; null for a delete marker or common prefix.</param>
public sealed record VersionRow(string Name, string? VersionId, ListedObject? Object)
{
    /// <summary>Whether it is the current version.</summary>
    public bool IsLatest { get; init; }

    /// <summary>When a delete marker was created.</summary>
    public DateTimeOffset MarkedAt { get; init; }

    /// <summary>Whether the row is a common prefix.</summary>
    public bool IsPrefix => VersionId is null;

    /// <summary>The row of a key without versions. S3 calls its version <c>null</c>.</summary>
    public static VersionRow Only(ListingRow row) => new(row.Name, row.IsPrefix ? null : "null", row.Object) { IsLatest = true };
}
