using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>Sends one page of a listing as ListObjects or ListObjectsV2.</summary>
public static class ListingPager
{
    /// <summary>Reads a page's rows from <paramref name="source"/> and sends them. Does not dispose the source.</summary>
    /// <returns>The number of rows on the page.</returns>
    public static async Task<int> SendAsync(
        ListRequest list, IListingSource source, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var rows = new List<ListingRow>(Math.Min(list.PageSize, 128));
        while (rows.Count < list.PageSize && await source.NextAsync(cancellationToken) is { } row)
        {
            rows.Add(row);
        }

        var isTruncated = rows.Count > 0 && rows.Count == list.PageSize && await source.HasMoreAsync(cancellationToken);

        await Document(list, rows, isTruncated, request.Bucket, request.Owners).SendAsync(request, response, cancellationToken);
        return rows.Count;
    }

    private static S3XmlWriter Document(ListRequest list, List<ListingRow> rows, bool isTruncated, string bucket,
        Func<string?, Account> owners)
    {
        var xml = new S3XmlWriter().Root("ListBucketResult").Element("Name", bucket).Element("Prefix", Name(list, list.Prefix));
        if (list.IsV2)
        {
            xml.Optional("ContinuationToken", list.ContinuationToken);

            if (isTruncated)
            {
                xml.Element("NextContinuationToken", ContinuationTokens.Write(new(rows[^1].Name, rows[^1].IsPrefix)));
            }

            if (list.StartAfter is { } startAfter)
            {
                xml.Element("StartAfter", Name(list, startAfter));
            }

            xml.Element("KeyCount", rows.Count);
        }
        else
        {
            xml.Element("Marker", Name(list, list.Marker));

            // S3 returns the next marker only if a delimiter was sent. Returning it always harms no client, and helps those that do not
            // sort.
            if (isTruncated)
            {
                xml.Element("NextMarker", Name(list, rows[^1].Name));
            }
        }

        xml.Element("MaxKeys", list.PageSize);
        if (list.Delimiter.Length > 0)
        {
            xml.Element("Delimiter", Name(list, list.Delimiter));
        }

        if (list.EncodeNames)
        {
            xml.Element("EncodingType", "url");
        }

        xml.Element("IsTruncated", isTruncated);
        foreach (var row in rows)
        {
            if (row.Object is { } item)
            {
                WriteObject(xml, list, row.Name, item, owners);
            }
        }

        foreach (var row in rows)
        {
            if (row.IsPrefix)
            {
                xml.Open("CommonPrefixes").Element("Prefix", Name(list, row.Name)).Close("CommonPrefixes");
            }
        }

        return xml.Close("ListBucketResult");
    }

    private static void WriteObject(S3XmlWriter xml, ListRequest list, string key, ListedObject item, Func<string?, Account> owners)
    {
        xml.Open("Contents")
            .Element("Key", Name(list, key))
            .Element("LastModified", HttpDates.WholeSeconds(item.LastModified))
            .Element("ETag", item.ETag);
        item.WriteChecksums(xml);
        xml.Element("Size", item.Size);
        if (list.FetchOwner)
        {
            xml.Open("Owner").Account(owners(item.OwnerId)).Close("Owner");
        }

        xml.Element("StorageClass", item.StorageClass);
        item.RestoreStatus?.Write(xml);
        xml.Close("Contents");
    }

    private static string Name(ListRequest list, string name) => list.EncodeNames ? UriEncoding.EncodeKey(name) : name;
}
