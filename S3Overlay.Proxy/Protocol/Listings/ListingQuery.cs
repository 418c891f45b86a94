namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>Which rows a listing wants.</summary>
/// <param name="Prefix">Only keys that start with this; empty for all.</param>
/// <param name="Delimiter">Keys that hold this after the prefix are rolled up into common prefixes; empty for none. May be several
/// characters.</param>
/// <param name="After">Rows up to and including this one have been shown already.</param>
/// <param name="PageSize">How many rows will be taken at most: what a layer need not fetch beyond.</param>
public sealed record ListingQuery(string Prefix, string Delimiter, ListingPosition After, int PageSize)
{
    /// <summary>Whether rows are to tell of <see cref="ListedObject.RestoreStatus"/>.</summary>
    public bool WithRestoreStatus { get; init; }

    /// <summary>The common prefix that a key is rolled up into, or null where it stands for itself.</summary>
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
