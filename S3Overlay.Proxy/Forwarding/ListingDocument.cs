using System.Globalization;
using System.Xml;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding;

/// <summary>Reads a ListBucketResult as it comes, without a tree in memory. Rows out of order are an error: a merge of unsorted lists would be wrong (rule L2).</summary>
internal static class ListingDocument
{
    /// <summary>How listings are read: names may hold what XML cannot.</summary>
    internal static readonly XmlReaderSettings Settings = new()
    {
        Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, CheckCharacters = false, IgnoreWhitespace = false, MaxCharactersInDocument = 64 << 20,
    };

    public static async Task<RemotePage> ReadAsync(Stream body, string endpoint, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = XmlReader.Create(body, Settings);
            return await ReadAsync(reader, endpoint, cancellationToken);
        }
        catch (Exception e) when (e is XmlException or FormatException or OverflowException)
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered a listing that cannot be read.", e);
        }
    }

    private static async Task<RemotePage> ReadAsync(XmlReader reader, string endpoint, CancellationToken cancellationToken)
    {
        var objects = new List<ListingRow>();
        var prefixes = new List<ListingRow>();
        var isEncoded = false;
        var isTruncated = false;
        string? token = null;
        if (await reader.MoveToContentAsync() != XmlNodeType.Element || reader.LocalName != "ListBucketResult")
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered a listing with <{reader.LocalName}>.");
        }

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
                case "Contents":
                    objects.Add(Object(await FieldsAsync(reader)));
                    break;
                case "CommonPrefixes":
                    foreach (var (name, value) in await FieldsAsync(reader))
                    {
                        if (name == "Prefix")
                        {
                            prefixes.Add(new ListingRow(value, null));
                        }
                    }

                    break;
                case "EncodingType":
                    isEncoded = await reader.ReadElementContentAsStringAsync() == "url";
                    break;
                case "IsTruncated":
                    isTruncated = await reader.ReadElementContentAsStringAsync() == "true";
                    break;
                case "NextContinuationToken":
                    token = await reader.ReadElementContentAsStringAsync();
                    break;
                default:
                    await reader.SkipAsync();
                    break;
            }
        }

        if (isTruncated && token is null)
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} cut a listing off without a token to go on with: it does not know ListObjectsV2.");
        }

        return new RemotePage(Merge(Decoded(objects, isEncoded), Decoded(prefixes, isEncoded), endpoint), isTruncated ? token : null);
    }

    /// <summary>An object, by the fields of its element.</summary>
    internal static ListingRow Object(List<(string Name, string Value)> fields)
    {
        var (key, size, etag, date, storageClass) = ("", 0L, "", DateTimeOffset.UnixEpoch, "STANDARD");
        foreach (var (name, value) in fields)
        {
            switch (name)
            {
                case "Key":
                    key = value;
                    break;
                case "Size":
                    size = long.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
                    break;
                case "ETag":
                    etag = value.Length > 0 && value[0] != '"' ? $"\"{value}\"" : value;
                    break;
                case "LastModified":
                    date = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
                    break;
                case "StorageClass":
                    storageClass = value;
                    break;
            }
        }

        return new ListingRow(key, new ListedObject(size, etag, date) { StorageClass = storageClass });
    }

    /// <summary>The simple children of an element; those with children of their own (Owner) are passed over.</summary>
    internal static async Task<List<(string Name, string Value)>> FieldsAsync(XmlReader reader)
    {
        var fields = new List<(string, string)>();
        if (reader.IsEmptyElement)
        {
            await reader.ReadAsync();
            return fields;
        }

        await reader.ReadAsync();
        while (reader.NodeType != XmlNodeType.EndElement)
        {
            if (reader.NodeType != XmlNodeType.Element)
            {
                await reader.ReadAsync();
            }
            else if (reader.LocalName is "Owner" or "RestoreStatus")
            {
                await reader.SkipAsync();
            }
            else
            {
                var name = reader.LocalName;
                fields.Add((name, await reader.ReadElementContentAsStringAsync()));
            }
        }

        await reader.ReadAsync();
        return fields;
    }

    private static List<ListingRow> Decoded(List<ListingRow> rows, bool isEncoded) => !isEncoded
        ? rows
        : rows.ConvertAll(row => UriEncoding.TryDecodeQuery(row.Name, out var name) ? row with { Name = name } : row);

    private static List<ListingRow> Merge(List<ListingRow> objects, List<ListingRow> prefixes, string endpoint)
    {
        var rows = new List<ListingRow>(objects.Count + prefixes.Count);
        for (int o = 0, p = 0; o < objects.Count || p < prefixes.Count;)
        {
            var takesObject = p == prefixes.Count || (o < objects.Count && Utf8Order.Compare(objects[o].Name, prefixes[p].Name) <= 0);
            var row = takesObject ? objects[o++] : prefixes[p++];
            if (rows.Count > 0 && Utf8Order.Compare(rows[^1].Name, row.Name) > 0)
            {
                throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} lists keys out of order: its listing cannot be merged.");
            }

            rows.Add(row);
        }

        return rows;
    }
}
