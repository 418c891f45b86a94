namespace S3Overlay.Tests.Model;

/// <summary>The position of a listing, and its arguments.</summary>
/// <param name="Prefix">What keys start with.</param>
/// <param name="Delimiter">Where they are rolled up; empty for nowhere.</param>
internal sealed record ListingCursor(ModelBucket Bucket, ListingKind Kind, string Prefix, string Delimiter, int PageSize)
{
    /// <summary>The last row shown; null before the first page.</summary>
    public ListingItem? Last { get; init; }

    /// <summary>The parameters of the request for the next page. Null before the first page.</summary>
    public string? Token { get; init; }

    /// <summary>All rows that may be left, as the model has them now.</summary>
    public List<ListingItem> Rest(ModelScene scene)
    {
        var rows = new List<ListingItem>();
        foreach (var (key, versions) in scene.View.MayList(Bucket))
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal) || (Last is { } last && !IsBehind(key, last)))
            {
                continue;
            }

            var end = Delimiter.Length == 0 ? -1 : key.IndexOf(Delimiter, Prefix.Length, StringComparison.Ordinal);
            var mayBeMissing = versions.Contains(null);
            if (end < 0)
            {
                rows.Add(new ListingItem(key, false, [.. versions.OfType<ObjectVersion>()], mayBeMissing));
            }
            else if (rows.Count == 0 || rows[^1].Name != key[..(end + Delimiter.Length)])
            {
                rows.Add(new ListingItem(key[..(end + Delimiter.Length)], true, [], mayBeMissing));
            }
            else if (!mayBeMissing)
            {
                // One key that is there for certain is enough.
                rows[^1] = rows[^1] with { MayBeMissing = false };
            }
        }

        return rows;
    }

    private static bool IsBehind(string key, ListingItem last) =>
        ModelBucket.ByBytes.Compare(key, last.Name) > 0 && !(last.IsPrefix && key.StartsWith(last.Name, StringComparison.Ordinal));
}
