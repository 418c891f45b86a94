using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>Divides a listing among the places in which the bucket's keys continue (rule M3).</summary>
/// <remarks>
/// <code>
///   places      A: all   B: d/e/   C: f
///   prefix ""   delimiter ""    A less d/e/ and f, B, C, one after another
///   prefix ""   delimiter "/"   A less f, C; and d/, under which A and B have keys: only looking at them tells whether it shows
///   prefix d/e  any delimiter   A less d/e/; B, or the row d/e/ by itself
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
                // In byte order a longer one comes later.
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

    /// <summary>What each place has rows of.</summary>
    public IReadOnlyList<ListingShare> Shares { get; }

    /// <summary>Rows of which only the keys under them tell whether they show, in UTF-8 byte order.</summary>
    public IReadOnlyList<string> Shared { get; }
}
