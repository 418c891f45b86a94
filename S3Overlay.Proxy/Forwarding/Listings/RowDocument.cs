using System.Xml;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>
/// One page of a listing, read as it comes, without a tree in memory: rows of what is listed, and common prefixes among them. Rows out of
/// order are an error: a merge of unsorted lists would be wrong (rule L2).
/// </summary>
/// <typeparam name="TRow">A row: something listed, or a common prefix.</typeparam>
/// <param name="endpoint">The endpoint, as errors name it.</param>
internal abstract class RowDocument<TRow>(string endpoint)
    where TRow : class
{
    /// <summary>Names may hold what XML cannot.</summary>
    private static readonly XmlReaderSettings Settings = new()
    {
        Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, CheckCharacters = false, IgnoreWhitespace = false,
        MaxCharactersInDocument = 64 << 20,
    };

    private bool _isEncoded;

    /// <summary>What it is, as errors name it.</summary>
    protected abstract string Kind { get; }

    /// <summary>The element that says where the next page goes on.</summary>
    protected abstract string NextElement { get; }

    /// <summary>Whether such documents are called so.</summary>
    protected abstract bool IsRoot(string element);

    /// <summary>Whether an element is a row of what is listed.</summary>
    protected abstract bool IsRow(string element);

    /// <summary>The row that an element is.</summary>
    /// <param name="element">Its name.</param>
    /// <param name="fields">Its fields (<see cref="RowElement"/>).</param>
    /// <exception cref="FormatException">A field is not what it must be.</exception>
    /// <exception cref="OverflowException">Likewise.</exception>
    protected abstract TRow RowOf(string element, List<(string Name, string Value)> fields);

    /// <summary>The row of a common prefix.</summary>
    protected abstract TRow PrefixOf(string name);

    /// <summary>What rows are sorted by.</summary>
    protected abstract string NameOf(TRow row);

    /// <summary>The same row with another name.</summary>
    protected abstract TRow Renamed(TRow row, string name);

    /// <summary>What is listed, in order, as far as an endpoint may have it in another one. Common prefixes are not among it.</summary>
    protected virtual List<TRow> Ordered(List<TRow> rows) => rows;

    /// <summary>A name as the document has it, without the encoding that it may have.</summary>
    protected string Decoded(string name) => _isEncoded && UriEncoding.TryDecodeQuery(name, out var decoded) ? decoded : name;

    /// <summary>Reads it.</summary>
    /// <returns>The rows in UTF-8 byte order of their names; whether more follow; and where to go on, as the document has it: null where it
    /// does not say.</returns>
    /// <exception cref="RemoteException">Unavailable: it is no such document, or out of order.</exception>
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

        // Only now: how names are encoded may be said behind them.
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
