using System.Xml;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>
/// Reads one page of a listing as a stream, without a tree in memory: rows and common prefixes. Rows out of order are an error, since
/// unsorted lists cannot be merged (rule L2).
/// </summary>
/// <typeparam name="TRow">A listed object or a common prefix.</typeparam>
/// <param name="endpoint">The endpoint's name for errors.</param>
internal abstract class RowDocument<TRow>(string endpoint)
    where TRow : class
{
    /// <summary>Names may contain characters that XML does not allow.</summary>
    private static readonly XmlReaderSettings Settings = new()
    {
        Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, CheckCharacters = false, IgnoreWhitespace = false,
        MaxCharactersInDocument = 64 << 20,
    };

    private bool _isEncoded;

    /// <summary>The name of the document in errors.</summary>
    protected abstract string Kind { get; }

    /// <summary>The element with the marker of the next page.</summary>
    protected abstract string NextElement { get; }

    /// <summary>True for the document's root element.</summary>
    protected abstract bool IsRoot(string element);

    /// <summary>True for the element of a row.</summary>
    protected abstract bool IsRow(string element);

    /// <summary>Reads a row.</summary>
    /// <param name="fields">Its fields, as <see cref="RowElement"/> reads them.</param>
    /// <exception cref="FormatException">A field is invalid.</exception>
    /// <exception cref="OverflowException">Likewise.</exception>
    protected abstract TRow RowOf(string element, List<(string Name, string Value)> fields);

    protected abstract TRow PrefixOf(string name);

    protected abstract string NameOf(TRow row);

    protected abstract TRow Renamed(TRow row, string name);

    /// <summary>Sorts the rows of an endpoint that lists them in another order. Without common prefixes.</summary>
    protected virtual List<TRow> Ordered(List<TRow> rows) => rows;

    /// <summary>Decodes a name if the document encodes names.</summary>
    protected string Decoded(string name) => _isEncoded && UriEncoding.TryDecodeQuery(name, out var decoded) ? decoded : name;

    /// <returns>The rows in UTF-8 byte order, whether more follow, and the next marker as in the document; null without one.</returns>
    /// <exception cref="RemoteException">Unavailable: the document is something else, or out of order.</exception>
    protected async Task<(List<TRow> Rows, bool IsTruncated, string? Next)> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = XmlReader.Create(body, Settings);
            return await ReadAsync(reader, cancellationToken);
        }
        catch (Exception e) when (e is XmlException or FormatException or OverflowException)
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered {Kind} that cannot be read.", e);
        }
    }

    private async Task<(List<TRow> Rows, bool IsTruncated, string? Next)> ReadAsync(XmlReader reader, CancellationToken cancellationToken)
    {
        if (await reader.MoveToContentAsync() != XmlNodeType.Element || !IsRoot(reader.LocalName))
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered {Kind} with <{reader.LocalName}>.");
        }

        var (rows, prefixes) = (new List<TRow>(), new List<TRow>());
        var (isTruncated, next) = (false, (string?)null);
        await reader.ReadAsync();
        while (reader.NodeType != XmlNodeType.EndElement && !reader.EOF)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (reader.NodeType != XmlNodeType.Element)
            {
                await reader.ReadAsync();
                continue;
            }

            switch (reader.LocalName)
            {
                case var element when IsRow(element):
                    rows.Add(RowOf(element, await RowElement.ReadAsync(reader)));
                    break;
                case "CommonPrefixes":
                    prefixes.AddRange(
                        from field in await RowElement.ReadAsync(reader) where field.Name == "Prefix" select PrefixOf(field.Value));
                    break;
                case "EncodingType":
                    _isEncoded = await reader.ReadElementContentAsStringAsync() == "url";
                    break;
                case "IsTruncated":
                    isTruncated = await reader.ReadElementContentAsStringAsync() == "true";
                    break;
                case var element when element == NextElement:
                    next = await reader.ReadElementContentAsStringAsync();
                    break;
                default:
                    await reader.SkipAsync();
                    break;
            }
        }

        // The encoding may be declared after the names.
        return (Merge(Ordered(Decoded(rows)), Decoded(prefixes)), isTruncated, next);
    }

    private List<TRow> Decoded(List<TRow> rows) => !_isEncoded ? rows : rows.ConvertAll(row => Renamed(row, Decoded(NameOf(row))));

    private List<TRow> Merge(List<TRow> listed, List<TRow> prefixes)
    {
        var rows = new List<TRow>(listed.Count + prefixes.Count);
        for (int l = 0, p = 0; l < listed.Count || p < prefixes.Count;)
        {
            var takesListed = p == prefixes.Count || (l < listed.Count && Utf8Order.Compare(NameOf(listed[l]), NameOf(prefixes[p])) <= 0);
            var row = takesListed ? listed[l++] : prefixes[p++];
            if (rows.Count > 0 && Utf8Order.Compare(NameOf(rows[^1]), NameOf(row)) > 0)
            {
                throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered {Kind} out of order: it cannot be merged.");
            }

            rows.Add(row);
        }

        return rows;
    }
}
