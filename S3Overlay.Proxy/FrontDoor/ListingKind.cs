using System.Globalization;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>A kind of listing: its parameters and elements.</summary>
/// <param name="Limit">The parameter with the most rows.</param>
/// <param name="Marker">The parameter that a page begins behind.</param>
/// <param name="IdMarker">The parameter with a version or upload of that key; empty for none.</param>
/// <param name="Rows">The elements of rows.</param>
/// <param name="Id">The element with a row's version or upload; empty for none.</param>
internal sealed record ListingKind(string Limit, string Marker, string IdMarker, string[] Rows, string Id)
{
    private static readonly ListingKind Old = new("max-keys", "marker", "", ["Contents"], "");
    private static readonly ListingKind Objects = new("max-keys", "start-after", "", ["Contents"], "");
    private static readonly ListingKind Versions =
        new("max-keys", "key-marker", "version-id-marker", ["Version", "DeleteMarker"], "VersionId");

    private static readonly ListingKind Uploads = new("max-uploads", "key-marker", "upload-id-marker", ["Upload"], "UploadId");

    /// <summary>Whether it lists objects.</summary>
    public bool IsOfObjects => IdMarker.Length == 0;

    /// <summary>Whether it continues by tokens.</summary>
    public bool HasTokens => this == Objects;

    /// <summary>The kind of an operation; null if it is no listing of keys.</summary>
    public static ListingKind? Of(S3Operation operation) => operation switch
    {
        S3Operation.ListObjects => Old,
        S3Operation.ListObjectsV2 => Objects,
        S3Operation.ListObjectVersions => Versions,
        S3Operation.ListMultipartUploads => Uploads,
        _ => null,
    };
}

/// <summary>A row of a document.</summary>
/// <param name="Name">The key or common prefix, decoded.</param>
/// <param name="Element">The row itself.</param>
internal sealed record ListedRow(string Name, XElement Element)
{
    /// <summary>Whether it is a common prefix.</summary>
    public bool IsPrefix => Element.Name.LocalName == "CommonPrefixes";

    /// <summary>Rows in S3's order: by name, and the versions of a key as the store has them.</summary>
    /// <remarks>
    /// Some stores (Versity) list all versions first and all delete markers behind them. Their rows are put in order by date, to the
    /// second, since the dates of markers are finer.
    /// </remarks>
    public static List<ListedRow> Sort(IEnumerable<ListedRow> rows)
    {
        var all = rows.ToList();
        var marker = all.FindIndex(static row => row.IsMarker);
        var sorted = all.OrderBy(static row => row.Name, Utf8Order.Instance);
        return [.. marker > 0 && all.FindLastIndex(static row => !row.IsMarker && !row.IsPrefix) < marker
            ? sorted.ThenByDescending(static row => row.Element.ChildText("IsLatest") == "true").ThenByDescending(static row => row.Second)
            : sorted];
    }

    private bool IsMarker => Element.Name.LocalName == "DeleteMarker";

    private long Second => DateTimeOffset.TryParse(Element.ChildText("LastModified"), CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal, out var date) ? date.ToUnixTimeSeconds() : 0;
}
