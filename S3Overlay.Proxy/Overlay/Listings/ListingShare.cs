using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>What of a listing is in one place below: its keys under a prefix, less those that other places have (rule M3).</summary>
/// <param name="Place">The place.</param>
/// <param name="Query">What is wanted of it: the listing's query, by whose prefix keys are rolled up.</param>
/// <param name="Prefix">The prefix under which the place has keys that are wanted: the query's, or a longer one where the place is for
/// less.</param>
/// <param name="Hidden">Longer prefixes whose keys other places have, in UTF-8 byte order.</param>
/// <param name="Shared">Common prefixes under which other places have keys as well, so that this one's word decides nothing.</param>
public sealed record ListingShare(
    RemoteBucket Place, ListingQuery Query, string Prefix, IReadOnlyList<string> Hidden, IReadOnlyCollection<string> Shared)
{
    /// <summary>All of a place's keys.</summary>
    public static ListingShare Whole(RemoteBucket place, ListingQuery query) => new(place, query, query.Prefix, [], []);

    /// <summary>
    /// The delimiter to send. None where one could begin in the place's own prefix, before the keys that the remote would look for it in:
    /// keys are rolled up here then.
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

    /// <summary>The prefix of another place that a name lies under, or null.</summary>
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

    /// <summary>
    /// Whether another place's keys lie about or behind a name, so that rows promised behind it may turn out to be hidden.
    /// </summary>
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
