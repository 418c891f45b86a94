namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>One row of a listing: an object, or a common prefix.</summary>
/// <param name="Name">The key, or the prefix with its delimiter.</param>
/// <param name="Object">The object; null for a common prefix.</param>
public sealed record ListingRow(string Name, ListedObject? Object)
{
    /// <summary>Whether the row is a common prefix.</summary>
    public bool IsPrefix => Object is null;
}
