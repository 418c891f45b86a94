using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>Divides a listing among the places in which the bucket's keys continue (rule M3).</summary>
/// <remarks>
/// <code>
///   places      A: all   B: d/e/   C: f
///   prefix ""   delimiter ""    A without d/e/ and f, B, C, one after another
///   prefix ""   delimiter "/"   A without f, C; and d/, which A and B share: only its keys decide if it shows
///   prefix d/e  any delimiter   A without d/e/; B, or the row d/e/ by itself
///   prefix d/e/ any delimiter   B
/// </code>
/// </remarks>
public sealed class ListingDivision
{
    /// <summary>Divides a query.</summary>
    public ListingDivision(BucketRoutes routes, ListingQuery query)
    {
        if (routes.Parts.Count == 0)
        {
            Shares = routes.Whole is { } all ? [ListingShare.Whole(all, query)] : [];
            Shared = [];
            return;
        }

        var owner = routes.Whole;
        var below = new List<RemoteBucket>();
        foreach (var part in routes.Parts)
        {
            if (query.Prefix.StartsWith(part.ClientPrefix, StringComparison.Ordinal))
            {
                // In byte order a longer one follows.
                owner = part;
            }
            else if (part.ClientPrefix.StartsWith(query.Prefix, StringComparison.Ordinal))
            {
                below.Add(part);
            }
        }

        var shared = new List<string>();
        var listed = new List<RemoteBucket>();
        foreach (var part in below)
        {
            if (query.CommonPrefixOf(part.ClientPrefix) is not { } row)
            {
                listed.Add(part);
            }
            else if (shared.Count == 0 || shared[^1] != row)
            {
                shared.Add(row);
            }
        }

        Shared = shared;
        Shares =
        [
            .. owner is null ? [] : new[] { new ListingShare(owner, query, query.Prefix, HiddenUnder(query.Prefix), shared) },
            .. listed.Select(part => new ListingShare(part, query, part.ClientPrefix, HiddenUnder(part.ClientPrefix), shared)),
        ];

        string[] HiddenUnder(string prefix) =>
        [
            .. below.Select(part => part.ClientPrefix).Where(hidden => hidden.Length > prefix.Length
                && hidden.StartsWith(prefix, StringComparison.Ordinal)),
        ];
    }

    /// <summary>Each place's share.</summary>
    public IReadOnlyList<ListingShare> Shares { get; }

    /// <summary>Rows that only the keys under them can decide, in UTF-8 byte order.</summary>
    public IReadOnlyList<string> Shared { get; }
}

/// <summary>One place's share of a listing: its keys under a prefix, without those that other places have (rule M3).</summary>
/// <param name="Place">The place.</param>
/// <param name="Query">The listing's query, by whose prefix keys are rolled up.</param>
/// <param name="Prefix">The prefix of the place's keys that are wanted: the query's, or a longer one if the place covers less.</param>
/// <param name="Hidden">Longer prefixes whose keys other places have, in UTF-8 byte order.</param>
/// <param name="Shared">Common prefixes under which other places have keys as well, so this one alone decides nothing.</param>
public sealed record ListingShare(
    RemoteBucket Place, ListingQuery Query, string Prefix, IReadOnlyList<string> Hidden, IReadOnlyCollection<string> Shared)
{
    /// <summary>All keys of a place.</summary>
    public static ListingShare Whole(RemoteBucket place, ListingQuery query) => new(place, query, query.Prefix, [], []);

    /// <summary>
    /// The delimiter to send. Empty if one could start within the place's own prefix, before the keys where the remote looks for it; then
    /// keys are rolled up here.
    /// </summary>
    public string Delimiter
    {
        get
        {
            var own = Prefix.AsSpan(Query.Prefix.Length);
            for (var length = Math.Min(Query.Delimiter.Length - 1, own.Length); length > 0; length--)
            {
                if (own.EndsWith(Query.Delimiter.AsSpan(0, length), StringComparison.Ordinal))
                {
                    return "";
                }
            }

            return Query.Delimiter;
        }
    }

    /// <summary>Another place's prefix that contains a name, or null.</summary>
    public string? HiddenUnder(string name)
    {
        foreach (var prefix in Hidden)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return prefix;
            }
        }

        return null;
    }

    /// <summary>True if another place's keys lie around or behind a name, so rows promised behind it may be hidden.</summary>
    public bool HidesBehind(string name) =>
        Hidden.Any(prefix => Utf8Order.Compare(prefix, name) > 0 || name.StartsWith(prefix, StringComparison.Ordinal));
}
