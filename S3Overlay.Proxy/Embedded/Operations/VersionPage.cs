using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>One page of ListObjectVersions.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html</remarks>
internal static class VersionPage
{
    /// <summary>Takes the page and sends it.</summary>
    public static async Task AnswerAsync(EmbeddedStore store, S3Request request, S3Answer answer, CancellationToken cancellationToken)
    {
        var page = MarkerPage.Parse(request, "max-keys");
        var query = new ListingQuery(page.Prefix, page.Delimiter, page.After, page.Limit + 1);
        var rows = new List<ListingRow>();
        await using (var source = store.ListWritten(request.Bucket, query))
        {
            while (rows.Count <= page.Limit && await source.NextAsync(cancellationToken) is { } row)
            {
                rows.Add(row);
            }
        }

        var isTruncated = page.Limit > 0 && rows.Count > page.Limit;
        if (rows.Count > page.Limit)
        {
            rows.RemoveRange(page.Limit, rows.Count - page.Limit);
        }

        var xml = new S3XmlWriter().Root("ListVersionsResult")
            .Element("Name", request.Bucket).Element("Prefix", page.Name(page.Prefix))
            .Element("KeyMarker", page.Name(page.KeyMarker)).Element("VersionIdMarker", request.Query["version-id-marker"] ?? "");
        if (isTruncated)
        {
            xml.Element("NextKeyMarker", page.Name(rows[^1].Name)).Element("NextVersionIdMarker", "null");
        }

        xml.Element("MaxKeys", page.Limit);
        page.WriteDelimiter(xml);
        xml.Element("IsTruncated", isTruncated);
        foreach (var row in rows)
        {
            if (row.Object is { } item)
            {
                xml.Open("Version").Element("Key", page.Name(row.Name)).Element("VersionId", "null").Element("IsLatest", true)
                    .Element("LastModified", HttpDates.WholeSeconds(item.LastModified)).Element("ETag", item.ETag).Element("Size", item.Size)
                    .Open("Owner").Element("ID", ListingPager.OwnerId).Element("DisplayName", ListingPager.OwnerName).Close("Owner")
                    .Element("StorageClass", item.StorageClass).Close("Version");
            }
        }

        foreach (var row in rows.Where(static row => row.IsPrefix))
        {
            xml.Open("CommonPrefixes").Element("Prefix", page.Name(row.Name)).Close("CommonPrefixes");
        }

        await xml.Close("ListVersionsResult").SendAsync(request, answer, cancellationToken);
    }
}
