using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>
/// A listing whose names an endpoint takes, in place of one whose prefix or position it refuses as it would refuse a key
/// (<see cref="ErrorCodes"/>): MinIO takes neither <c>../up</c> nor <c>x/.</c> in a query, where <c>x/.hidden</c> may well be there.
/// It shows all that the other would, and a few rows that are left out.
/// </summary>
/// <remarks>
/// <code>
/// prefix      before its last segment, where that is all dots: what goes on may be a name. Nothing is under a folder whose own name cannot
/// be
///   delimiter   none then: what rolls up behind the shorter prefix is another
///   after       before its first segment that is all dots: only few names lie in between, since none goes on from there
/// </code>
/// </remarks>
/// <param name="Wanted">The prefix that is wanted.</param>
/// <param name="Prefix">The prefix to ask for.</param>
/// <param name="Delimiter">The delimiter to ask for.</param>
/// <param name="After">The name to start after.</param>
internal sealed record NearbyListing(string Wanted, string Prefix, string Delimiter, string After)
{
    private static readonly char[] Separators = ['/', '\\'];

    /// <summary>The listing to ask for in place of one that was refused; null where nothing of what is wanted can be there.</summary>
    public static NearbyListing? Of(string prefix, string delimiter, string after)
    {
        var folder = prefix.LastIndexOfAny(Separators) + 1;
        if (folder > 0 && prefix[..(folder - 1)].Split(Separators).Any(static name => name.Length == 0 || IsDots(name)))
        {
            return null;
        }

        var start = BeforeDots(after);
        if (IsDots(prefix[folder..]))
        {
            var before = ListingBounds.Before(prefix);
            return new NearbyListing(prefix, prefix[..folder], "", Utf8Order.Compare(start, before) < 0 ? before : start);
        }

        return after.Length == 0 ? null : new NearbyListing(prefix, prefix, delimiter, start == after
            || !start.StartsWith(prefix, StringComparison.Ordinal) ? "" : start);
    }

    /// <summary>Whether a row is one of those wanted.</summary>
    public bool IsMeant(string name) => name.StartsWith(Wanted, StringComparison.Ordinal);

    /// <summary>Whether no row behind one of this name is wanted.</summary>
    public bool IsPast(string name) => !IsMeant(name) && Utf8Order.Compare(name, Wanted) > 0;

    private static bool IsDots(string name) => name.Trim() is "." or "..";

    /// <summary>What comes before the first segment that is all dots; the whole where there is none.</summary>
    private static string BeforeDots(string name)
    {
        for (var start = 0; start < name.Length;)
        {
            var end = name.IndexOfAny(Separators, start) is var found and >= 0 ? found : name.Length;
            if (IsDots(name[start..end]))
            {
                return name[..start];
            }

            start = end + 1;
        }

        return name;
    }
}
