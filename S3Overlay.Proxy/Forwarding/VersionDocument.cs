using System.Xml;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding;

/// <summary>Reads a ListVersionsResult as it comes. Rows out of order are an error, as in <see cref="ListingDocument"/>.</summary>
internal static class VersionDocument
{
    /// <summary>Reads the document.</summary>
    /// <exception cref="RemoteException">Unavailable: it is no such document.</exception>
    public static async Task<VersionPage> ReadAsync(Stream body, string endpoint, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = XmlReader.Create(body, ListingDocument.Settings);
            return await ReadAsync(reader, endpoint, cancellationToken);
        }
        catch (Exception e) when (e is XmlException or FormatException or OverflowException)
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered a listing of versions that is none.", e);
        }
    }

    private static async Task<VersionPage> ReadAsync(XmlReader reader, string endpoint, CancellationToken cancellationToken)
    {
        if (await reader.MoveToContentAsync() != XmlNodeType.Element || reader.LocalName is not ("ListVersionsResult" or "ListBucketVersionsResult"))
        {
            throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} answered a listing of versions with <{reader.LocalName}>.");
        }

        var (versions, prefixes) = (new List<VersionRow>(), new List<VersionRow>());
        var (isEncoded, isTruncated, marker) = (false, false, "");
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
                case "Version":
                    versions.Add(Version(await ListingDocument.FieldsAsync(reader), isMarker: false));
                    break;
                case "DeleteMarker":
                    versions.Add(Version(await ListingDocument.FieldsAsync(reader), isMarker: true));
                    break;
                case "CommonPrefixes":
                    prefixes.AddRange(
                        from field in await ListingDocument.FieldsAsync(reader) where field.Name == "Prefix" select new VersionRow(field.Value, null, null));
                    break;
                case "EncodingType":
                    isEncoded = await reader.ReadElementContentAsStringAsync() == "url";
                    break;
                case "IsTruncated":
                    isTruncated = await reader.ReadElementContentAsStringAsync() == "true";
                    break;
                case "NextKeyMarker":
                    marker = await reader.ReadElementContentAsStringAsync();
                    break;
                default:
                    await reader.SkipAsync();
                    break;
            }
        }

        return new VersionPage(Merge(Decoded(versions, isEncoded), Decoded(prefixes, isEncoded), endpoint), isTruncated ? Decoded(marker, isEncoded) : null);
    }

    private static VersionRow Version(List<(string Name, string Value)> fields, bool isMarker)
    {
        var row = ListingDocument.Object(fields);
        return new VersionRow(row.Name, fields.Find(static field => field.Name == "VersionId").Value is { Length: > 0 } id ? id : "null", isMarker ? null : row.Object)
        {
            IsLatest = fields.Contains(("IsLatest", "true")),
            MarkedAt = row.Object!.LastModified,
        };
    }

    private static List<VersionRow> Decoded(List<VersionRow> rows, bool isEncoded) => rows.ConvertAll(row => row with { Name = Decoded(row.Name, isEncoded) });

    private static string Decoded(string name, bool isEncoded) => isEncoded && UriEncoding.TryDecodeQuery(name, out var decoded) ? decoded : name;

    private static List<VersionRow> Merge(List<VersionRow> versions, List<VersionRow> prefixes, string endpoint)
    {
        var rows = new List<VersionRow>(versions.Count + prefixes.Count);
        for (int v = 0, p = 0; v < versions.Count || p < prefixes.Count;)
        {
            var takesVersion = p == prefixes.Count || (v < versions.Count && Utf8Order.Compare(versions[v].Name, prefixes[p].Name) <= 0);
            var row = takesVersion ? versions[v++] : prefixes[p++];
            if (rows.Count > 0 && Utf8Order.Compare(rows[^1].Name, row.Name) > 0)
            {
                throw new RemoteException(RemoteFailure.Unavailable, $"The {endpoint} lists versions out of order: its listing cannot be merged.");
            }

            rows.Add(row);
        }

        return rows;
    }
}
