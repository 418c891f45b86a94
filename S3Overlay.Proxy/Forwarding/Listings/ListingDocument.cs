using System.Globalization;
using System.Xml;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>
/// Reads one page of a listing (ListBucketResult, ListVersionsResult) as a stream, without a tree in memory: rows and common prefixes. Rows
/// out of order are an error, since unsorted lists cannot be merged (rule L2).
/// </summary>
internal static class ListingDocument
{
    /// <summary>Names may contain characters that XML does not allow.</summary>
    private static readonly XmlReaderSettings Settings = new()
    {
        Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, CheckCharacters = false, IgnoreWhitespace = false,
        MaxCharactersInDocument = 64 << 20,
    };

    private static readonly Kind Objects = new("a listing", ["ListBucketResult"], ["Contents"], "NextContinuationToken");

    private static readonly Kind Versions =
        new("a listing of versions", ["ListVersionsResult", "ListBucketVersionsResult"], ["Version", "DeleteMarker"], "NextKeyMarker");

    /// <summary>Reads a page of objects.</summary>
    /// <param name="endpoint">The endpoint's name for errors.</param>
    /// <exception cref="RemoteException">Unavailable: the document is something else.</exception>
    public static async Task<RemotePage> ReadAsync(Stream body, string endpoint, CancellationToken cancellationToken)
    {
        var page = await ReadAsync(body, endpoint, Objects, cancellationToken);
        return new RemotePage(page.Rows.ConvertAll(static row => new ListingRow(row.Name, row.Object)), !page.IsTruncated ? null
            : page.Next ?? throw new RemoteException(RemoteFailure.Unavailable,
                $"The {endpoint} cut a listing off without a token to go on with: it does not know ListObjectsV2."));
    }

    /// <summary>Reads a page of versions and delete markers.</summary>
    /// <param name="endpoint">The endpoint's name for errors.</param>
    /// <exception cref="RemoteException">Unavailable: the document is something else.</exception>
    public static async Task<VersionPage> ReadVersionsAsync(Stream body, string endpoint, CancellationToken cancellationToken)
    {
        var page = await ReadAsync(body, endpoint, Versions, cancellationToken);
        return new VersionPage(page.Rows.ConvertAll(static row => new VersionRow(row.Name, row.VersionId, row.IsMarker ? null : row.Object)
        {
            IsLatest = row.IsLatest,
            MarkedAt = row.Object?.LastModified ?? default,
        }), page.IsTruncated ? Decoded(page.Next ?? "", page.IsEncoded) : null);
    }

    private static async Task<Page> ReadAsync(Stream body, string endpoint, Kind kind, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = XmlReader.Create(body, Settings);
            return await ReadAsync(reader, endpoint, kind, cancellationToken);
        }
        catch (Exception e) when (e is XmlException or FormatException or OverflowException)
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered {kind.Name} that cannot be read.", e);
        }
    }

    private static async Task<Page> ReadAsync(XmlReader reader, string endpoint, Kind kind, CancellationToken cancellationToken)
    {
        if (await reader.MoveToContentAsync() != XmlNodeType.Element || !kind.Roots.Contains(reader.LocalName))
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered {kind.Name} with <{reader.LocalName}>.");
        }

        var (rows, prefixes) = (new List<Row>(), new List<Row>());
        var (isTruncated, isEncoded, next) = (false, false, (string?)null);
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
                case var element when kind.Rows.Contains(element):
                    rows.Add(RowOf(element, await FieldsAsync(reader)));
                    break;
                case "CommonPrefixes":
                    prefixes.AddRange(from field in await FieldsAsync(reader) where field.Name == "Prefix" select new Row(field.Value));
                    break;
                case "EncodingType":
                    isEncoded = await reader.ReadElementContentAsStringAsync() == "url";
                    break;
                case "IsTruncated":
                    isTruncated = await reader.ReadElementContentAsStringAsync() == "true";
                    break;
                case var element when element == kind.Next:
                    next = await reader.ReadElementContentAsStringAsync();
                    break;
                default:
                    await reader.SkipAsync();
                    break;
            }
        }

        // The encoding may be declared after the names.
        if (isEncoded)
        {
            rows = rows.ConvertAll(static row => row with { Name = Decoded(row.Name, true) });
            prefixes = prefixes.ConvertAll(static row => row with { Name = Decoded(row.Name, true) });
        }

        return Merge(kind == Versions ? MergeGroups(rows) : rows, prefixes) is { } merged ? new(merged, isTruncated, isEncoded, next)
            : throw new RemoteException(
                RemoteFailure.Unavailable, $"The {endpoint} answered {kind.Name} out of order: it cannot be merged.");
    }

    private static string Decoded(string name, bool isEncoded) =>
        isEncoded && UriEncoding.TryDecodeQuery(name, out var decoded) ? decoded : name;

    /// <summary>Rows and prefixes in UTF-8 byte order; null if either is not.</summary>
    private static List<Row>? Merge(List<Row> listed, List<Row> prefixes)
    {
        var rows = new List<Row>(listed.Count + prefixes.Count);
        for (int l = 0, p = 0; l < listed.Count || p < prefixes.Count;)
        {
            var takesListed = p == prefixes.Count || (l < listed.Count && Utf8Order.Compare(listed[l].Name, prefixes[p].Name) <= 0);
            var row = takesListed ? listed[l++] : prefixes[p++];
            if (rows.Count > 0 && Utf8Order.Compare(rows[^1].Name, row.Name) > 0)
            {
                return null;
            }

            rows.Add(row);
        }

        return rows;
    }

    /// <summary>
    /// Merges a listing that has all versions first and all delete markers after them, as Versity's result does, into S3's order: by key,
    /// newest first. Otherwise unchanged: the order is checked later.
    /// </summary>
    private static List<Row> MergeGroups(List<Row> rows)
    {
        var second = rows.FindIndex(row => row.IsMarker != rows[0].IsMarker);
        if (second < 0 || rows.FindIndex(second, row => row.IsMarker == rows[0].IsMarker) >= 0)
        {
            return rows;
        }

        var merged = new List<Row>(rows.Count);
        for (var (a, b) = (0, second); a < second || b < rows.Count;)
        {
            merged.Add(b == rows.Count || (a < second && !IsBefore(rows[b], rows[a])) ? rows[a++] : rows[b++]);
        }

        return merged;
    }

    /// <summary>
    /// True if a row of the second group goes before one of the first. Versity's dates of versions are whole seconds and those of markers
    /// finer, so dates are compared in whole seconds; its ids are more precise. Ties keep their order.
    /// </summary>
    private static bool IsBefore(Row row, Row other)
    {
        if (Utf8Order.Compare(row.Name, other.Name) is var keys and not 0)
        {
            return keys < 0;
        }

        if (row.IsLatest || other.IsLatest)
        {
            return row.IsLatest && !other.IsLatest;
        }

        return IsUlid(row.VersionId) && IsUlid(other.VersionId)
            ? string.CompareOrdinal(row.VersionId, other.VersionId) > 0
            : HttpDates.WholeSeconds(row.Object!.LastModified) > HttpDates.WholeSeconds(other.Object!.LastModified);
    }

    /// <summary>True for a ULID, an id that sorts by time.</summary>
    private static bool IsUlid(string? id) =>
        id is { Length: 26 } && id.All(static c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c));

    /// <summary>Reads a row from its fields. A delete marker has only a name and a date.</summary>
    /// <exception cref="FormatException">A size or date is invalid.</exception>
    /// <exception cref="OverflowException">A size is too large.</exception>
    private static Row RowOf(string element, List<(string Name, string Value)> fields)
    {
        string? Field(string name)
        {
            for (var i = fields.Count - 1; i >= 0; i--)
            {
                if (fields[i].Name == name)
                {
                    return fields[i].Value;
                }
            }

            return null;
        }

        var etag = Field("ETag") ?? "";
        var (isRestoring, expiry) = (Field("RestoreStatus/IsRestoreInProgress"), Field("RestoreStatus/RestoreExpiryDate"));
        var listed = new ListedObject(Field("Size") is { } size ? long.Parse(size, NumberStyles.None, CultureInfo.InvariantCulture) : 0,
            etag.Length > 0 && etag[0] != '"' ? $"\"{etag}\"" : etag,
            Field("LastModified") is not { } date ? DateTimeOffset.UnixEpoch : DateTimeOffset.Parse(date, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal))
        {
            StorageClass = Field("StorageClass") ?? "STANDARD",
            ChecksumAlgorithms = fields.FindAll(static field => field.Name == "ChecksumAlgorithm").ConvertAll(static field => field.Value),
            ChecksumType = Field("ChecksumType"),
            RestoreStatus = isRestoring is null && expiry is null ? null : new RestoreStatus(isRestoring == "true", expiry),
        };
        return new Row(Field("Key") ?? "", listed, Field("VersionId") is { Length: > 0 } id ? id : "null", element == "DeleteMarker",
            fields.Contains(("IsLatest", "true")));
    }

    /// <summary>
    /// The element's children with their text, and grandchildren under both names (<c>RestoreStatus/RestoreExpiryDate</c>). Deeper
    /// elements, and text of elements with children, are skipped: a store may send fields that are unknown here.
    /// </summary>
    private static async Task<List<(string Name, string Value)>> FieldsAsync(XmlReader reader)
    {
        var fields = new List<(string, string)>();
        await ReadFieldsAsync(reader, "", 0, fields);
        return fields;
    }

    /// <summary>Reads past the end of an element.</summary>
    private static async Task ReadFieldsAsync(XmlReader reader, string path, int depth, List<(string, string)> fields)
    {
        var (text, isSimple) = ("", true);
        if (!reader.IsEmptyElement)
        {
            await reader.ReadAsync();
            while (reader.NodeType != XmlNodeType.EndElement)
            {
                switch (reader.NodeType)
                {
                    case XmlNodeType.Element when depth < 2:
                        isSimple = false;
                        await ReadFieldsAsync(reader, depth == 0 ? reader.LocalName : $"{path}/{reader.LocalName}", depth + 1, fields);
                        break;
                    case XmlNodeType.Element:
                        isSimple = false;
                        await reader.SkipAsync();
                        break;
                    case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                        text += await reader.GetValueAsync();
                        await reader.ReadAsync();
                        break;
                    default:
                        await reader.ReadAsync();
                        break;
                }
            }
        }

        await reader.ReadAsync();
        if (isSimple && depth > 0)
        {
            fields.Add((path, text));
        }
    }

    /// <summary>A kind of document.</summary>
    /// <param name="Name">Its name in errors.</param>
    /// <param name="Next">The element with the marker of the next page.</param>
    private sealed record Kind(string Name, string[] Roots, string[] Rows, string Next);

    /// <summary>A listed object or delete marker; a common prefix if <paramref name="Object"/> is null.</summary>
    private readonly record struct Row(string Name, ListedObject? Object = null, string? VersionId = null, bool IsMarker = false,
        bool IsLatest = false);

    private sealed record Page(List<Row> Rows, bool IsTruncated, bool IsEncoded, string? Next);
}

/// <summary>A request for one page of a bucket's versions.</summary>
/// <param name="Prefix">Only keys with this prefix; empty for all.</param>
/// <param name="Delimiter">The delimiter; empty for none.</param>
/// <param name="KeyMarker">The key to continue after; empty for the start.</param>
/// <param name="VersionIdMarker">The version of that key to continue after; empty for the last.</param>
/// <param name="MaxKeys">The most rows of a page.</param>
internal sealed record VersionListing(string Bucket, string Prefix, string Delimiter, string KeyMarker, string VersionIdMarker, int MaxKeys)
{
    /// <summary>Whether rows include the restore status of archived objects.</summary>
    public bool WithRestoreStatus { get; init; }
}

/// <summary>One page of a version listing.</summary>
/// <param name="Rows">
/// Versions, delete markers and common prefixes in UTF-8 byte order of their names, the newest version of a key first.
/// </param>
/// <param name="NextMarker">The marker of the next page; null after the last.</param>
internal sealed record VersionPage(IReadOnlyList<VersionRow> Rows, string? NextMarker);
