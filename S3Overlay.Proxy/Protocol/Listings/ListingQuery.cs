namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>Which rows a listing wants.</summary>
/// <param name="Prefix">Only keys with this prefix; empty for all.</param>
/// <param name="Delimiter">Rolls up keys that contain it after the prefix; empty for none. May have several characters.</param>
/// <param name="After">Rows up to and including this position were shown already.</param>
/// <param name="PageSize">The most rows that will be read. A layer need not query more.</param>
public sealed record ListingQuery(string Prefix, string Delimiter, ListingPosition After, int PageSize)
{
    /// <summary>Whether rows include <see cref="ListedObject.RestoreStatus"/>.</summary>
    public bool WithRestoreStatus { get; init; }

    /// <summary>The common prefix that a key is rolled up into; null if it is listed itself.</summary>
    public string? CommonPrefixOf(string key)
    {
        if (Delimiter.Length == 0)
        {
            return null;
        }

        var at = key.IndexOf(Delimiter, Prefix.Length, StringComparison.Ordinal);
        return at < 0 ? null : key[..(at + Delimiter.Length)];
    }
}
