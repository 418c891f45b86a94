using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

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
    public bool HidesBehind(string name)
    {
        foreach (var prefix in Hidden)
        {
            if (Utf8Order.Compare(prefix, name) > 0 || name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
