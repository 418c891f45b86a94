using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>Sends one page of versions as ListObjectVersions.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html</remarks>
internal static class VersionPager
{
    /// <summary>Reads a page's rows from <paramref name="source"/> and sends them.</summary>
    /// <returns>The number of rows on the page.</returns>
    public static async Task<int> SendAsync(MarkerPage page, ShownVersions source, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        var rows = new List<VersionRow>(Math.Min(page.Limit, 128));
        while (rows.Count < page.Limit && await source.NextAsync(cancellationToken) is { } row)
        {
            rows.Add(row);
        }

        var isTruncated = rows.Count > 0 && rows.Count == page.Limit && await source.HasMoreAsync(cancellationToken);
        var xml = new S3XmlWriter().Root("ListVersionsResult")
            .Element("Name", request.Bucket).Element("Prefix", page.Name(page.Prefix))
            .Element("KeyMarker", page.Name(page.KeyMarker)).Element("VersionIdMarker", page.VersionIdMarker);
        if (isTruncated)
        {
            xml.Element("NextKeyMarker", page.Name(rows[^1].Name)).Optional("NextVersionIdMarker", rows[^1].VersionId);
        }

        xml.Element("MaxKeys", page.Limit);
        page.WriteDelimiter(xml);
        xml.Element("IsTruncated", isTruncated);
        foreach (var row in rows)
        {
            Write(xml, page, row, request.Owners);
        }

        foreach (var row in rows)
        {
            if (row.IsPrefix)
            {
                xml.Open("CommonPrefixes").Element("Prefix", page.Name(row.Name)).Close("CommonPrefixes");
            }
        }

        await xml.Close("ListVersionsResult").SendAsync(request, response, cancellationToken);
        return rows.Count;
    }

    private static void Write(S3XmlWriter xml, MarkerPage page, VersionRow row, Func<string?, Account> owners)
    {
        if (row.VersionId is not { } version)
        {
            return;
        }

        var kind = row.Object is null ? "DeleteMarker" : "Version";
        xml.Open(kind).Element("Key", page.Name(row.Name)).Element("VersionId", version).Element("IsLatest", row.IsLatest)
            .Element("LastModified", HttpDates.WholeSeconds(row.Object?.LastModified ?? row.MarkedAt));
        if (row.Object is { } item)
        {
            xml.Element("ETag", item.ETag);
            item.WriteChecksums(xml);
            xml.Element("Size", item.Size);
        }

        xml.Open("Owner").Account(owners(row.Object?.OwnerId)).Close("Owner");
        if (row.Object is { } stored)
        {
            xml.Element("StorageClass", stored.StorageClass);
            stored.RestoreStatus?.Write(xml);
        }

        xml.Close(kind);
    }
}
