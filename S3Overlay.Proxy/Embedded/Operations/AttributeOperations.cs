using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>GetObjectAttributes.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html</remarks>
internal sealed class AttributeOperations(EmbeddedStore store)
{
    private static readonly string[] Known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

    /// <summary>GetObjectAttributes.</summary>
    public async Task GetAsync(S3Request request, S3Answer answer, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        var wanted = (request.Header("x-amz-object-attributes") ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (wanted.Length == 0 || wanted.Except(Known, StringComparer.Ordinal).Any())
        {
            throw new S3Exception(S3Errors.InvalidArgument, "Invalid attribute name specified.");
        }

        using var stored = await store.Objects.OpenAsync(request.Bucket, request.Key);
        var info = stored.Row.Info;
        switch (ReadConditions.Judge(request.Headers, info.ETag, info.LastModified))
        {
            case ConditionOutcome.PreconditionFailed:
                throw new S3Exception(S3Errors.PreconditionFailed);
            case ConditionOutcome.NotModified:
                answer.Status = 304;
                return;
        }

        answer.Headers.LastModified = HttpDates.Header(info.LastModified);
        var xml = new S3XmlWriter().Root("GetObjectAttributesResponse");
        if (wanted.Contains("ETag"))
        {
            xml.Element("ETag", ETags.Bare(info.ETag).ToString());
        }

        if (wanted.Contains("Checksum") && info.Checksums.Count > 0)
        {
            xml.Open("Checksum");
            foreach (var checksum in info.Checksums)
            {
                xml.Element(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
            }

            xml.Element("ChecksumType", info.ChecksumType!).Close("Checksum");
        }

        if (wanted.Contains("ObjectParts") && stored.Row.PartCount > 0)
        {
            WriteParts(xml, stored, request);
        }

        if (wanted.Contains("StorageClass"))
        {
            xml.Element("StorageClass", info.Header("x-amz-storage-class") ?? "STANDARD");
        }

        if (wanted.Contains("ObjectSize"))
        {
            xml.Element("ObjectSize", info.Size);
        }

        await xml.Close("GetObjectAttributesResponse").SendAsync(request, answer, cancellationToken);
    }

    /// <summary>S3 lists the parts one by one only where they have checksums; else only their count.</summary>
    private static void WriteParts(S3XmlWriter xml, StoredObject stored, S3Request request)
    {
        var after = Number(request.Header("x-amz-part-number-marker"), 0);
        var limit = Math.Min(Number(request.Header("x-amz-max-parts"), 1000), 1000);
        xml.Open("ObjectParts").Element("PartsCount", stored.Row.PartCount);
        if (stored.Parts.Any(static part => part.Checksum is not null))
        {
            var page = stored.Parts.Where(part => part.Number > after).Take(limit + 1).ToList();
            var isTruncated = page.Count > limit;
            xml.Element("PartNumberMarker", after).Element("MaxParts", limit).Element("IsTruncated", isTruncated);
            if (isTruncated && limit > 0)
            {
                xml.Element("NextPartNumberMarker", page[limit - 1].Number);
            }

            foreach (var part in page.Take(limit))
            {
                xml.Open("Part").Element("PartNumber", part.Number).Element("Size", part.Size);
                if (part.Checksum is { } checksum)
                {
                    xml.Element(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
                }

                xml.Close("Part");
            }
        }

        xml.Close("ObjectParts");
    }

    private static int Number(string? text, int otherwise)
    {
        if (text is null)
        {
            return otherwise;
        }

        return int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new S3Exception(S3Errors.InvalidArgument);
    }
}
