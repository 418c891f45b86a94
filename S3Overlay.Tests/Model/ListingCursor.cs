namespace S3Overlay.Tests.Model;

/// <summary>How far a listing is, and what it asks for.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="IsVersion2">ListObjectsV2, or ListObjects.</param>
/// <param name="Prefix">What keys start with.</param>
/// <param name="Delimiter">Where they are rolled up; empty for nowhere.</param>
/// <param name="PageSize">How many rows a page has.</param>
internal sealed record ListingCursor(ModelBucket Bucket, bool IsVersion2, string Prefix, string Delimiter, int PageSize)
{
    /// <summary>The last row shown; null before the first page.</summary>
    public ListingItem? Last { get; init; }

    /// <summary>What the next page is asked for with; null before the first page.</summary>
    public string? Token { get; init; }

    /// <summary>All rows that are left, as the model has them now.</summary>
    public List<ListingItem> Rest()
    {
        var rows = new List<ListingItem>();
        foreach (var (key, version) in Bucket.Visible())
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal) || (Last is { } last && !IsBehind(key, last)))
            {
                continue;
            }

            var end = Delimiter.Length == 0 ? -1 : key.IndexOf(Delimiter, Prefix.Length, StringComparison.Ordinal);
            var row = end < 0 ? new ListingItem(key, version) : new ListingItem(key[..(end + Delimiter.Length)], null);
            if (rows.Count == 0 || rows[^1].Name != row.Name)
            {
                rows.Add(row);
            }
        }

        return rows;
    }

    private static bool IsBehind(string key, ListingItem last) =>
        ModelBucket.ByBytes.Compare(key, last.Name) > 0 && !(last.Version is null && key.StartsWith(last.Name, StringComparison.Ordinal));
}
