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
