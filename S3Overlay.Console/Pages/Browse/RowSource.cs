using System.Text;
using System.Xml.Linq;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>Reads rows of a bucket from the proxy, a page at a time.</summary>
/// <param name="gateway">The page's own.</param>
/// <param name="withLayers">
/// Whether the key may administer. Others have the S3 listing, which says nothing of layers and has nothing deleted.
/// </param>
internal sealed class RowSource(ProxyGateway gateway, bool withLayers)
{
    /// <summary>
    /// Rows on a page. One less than the proxy reads from a remote at once: the row after them says whether there are more.
    /// </summary>
    public const int PageRows = 999;

    /// <summary>Reads the page after a row.</summary>
    /// <param name="place">The bucket and the prefix.</param>
    /// <param name="withDeleted">True to show deleted keys too.</param>
    /// <param name="after">The row; empty for the start.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ProxyError">The proxy refused, or a layer cannot be listed.</exception>
    public Task<RowPage> ReadAsync(BrowsePlace place, bool withDeleted, string after, CancellationToken cancellationToken) =>
        withLayers ? WithLayersAsync(place, withDeleted, after, cancellationToken) : PlainAsync(place, after, cancellationToken);

    private async Task<RowPage> WithLayersAsync(BrowsePlace place, bool withDeleted, string after, CancellationToken cancellationToken)
    {
        var query = new ProxyQuery().With("bucket", place.Bucket).With("prefix", NoneIfEmpty(place.Prefix))
            .With("deleted", withDeleted).With("after", NoneIfEmpty(after)).With("limit", $"{PageRows + 1}");
        var rows = new List<BrowseRow>();
        await foreach (var row in gateway.ListAsync<LsRow>("ls", query, cancellationToken))
        {
            rows.Add(new(row.Name, IsFolder(row, place), row.Layer, row.Size, row.Cached, row.LastModified));
        }

        return rows.Count <= PageRows ? new(rows, false) : new(rows[..PageRows], true);
    }

    /// <summary>A deleted row may be a folder too: one in which everything is deleted.</summary>
    private static bool IsFolder(LsRow row, BrowsePlace place) => row.Layer is null
        || (row.Layer == RowLayer.Deleted && row.Name.Length > place.Prefix.Length && row.Name.EndsWith('/'));

    /// <summary>An S3 endpoint may send fewer rows than it was asked for, and the folder that it was asked to begin after.</summary>
    private async Task<RowPage> PlainAsync(BrowsePlace place, string after, CancellationToken cancellationToken)
    {
        var rows = new List<BrowseRow>();
        string? token = null;
        do
        {
            var query = new ProxyQuery().With("list-type", "2").With("delimiter", "/").With("encoding-type", "url")
                .With("prefix", NoneIfEmpty(place.Prefix)).With("start-after", NoneIfEmpty(after)).With("max-keys", $"{PageRows}")
                .With("continuation-token", token);
            await using var response = await gateway.S3Async(
                new("GET", ProxyQuery.PathOf(place.Bucket!), query.ToString()), cancellationToken);
            var document = (await XDocument.LoadAsync(response.Body, LoadOptions.None, cancellationToken)).Root!;
            rows.AddRange(RowsOf(document).Where(row => row.Name != after));
            token = (bool?)Child(document, "IsTruncated") == true ? Child(document, "NextContinuationToken")?.Value : null;
        }
        while (token is not null && rows.Count < PageRows);
        return rows.Count <= PageRows ? new(rows, token is not null) : new(rows[..PageRows], true);
    }

    private static List<BrowseRow> RowsOf(XElement document)
    {
        var rows = new List<BrowseRow>();
        foreach (var element in document.Elements())
        {
            if (element.Name.LocalName == "CommonPrefixes")
            {
                rows.Add(new(Name(element, "Prefix"), true, null, null, null, null));
            }
            else if (element.Name.LocalName == "Contents")
            {
                rows.Add(new(Name(element, "Key"), false, null, (long?)Child(element, "Size"), null,
                    (DateTimeOffset?)Child(element, "LastModified")));
            }
        }

        rows.Sort(static (one, other) =>
            Encoding.UTF8.GetBytes(one.Name).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other.Name)));
        return rows;
    }

    private static XElement? Child(XElement element, string name) =>
        element.Elements().FirstOrDefault(child => child.Name.LocalName == name);

    /// <summary>Some stores encode a space as <c>+</c>, and a plus always as <c>%2B</c>.</summary>
    private static string Name(XElement element, string name) =>
        Uri.UnescapeDataString(Child(element, name)!.Value.Replace('+', ' '));

    private static string? NoneIfEmpty(string text) => text.Length == 0 ? null : text;
}
