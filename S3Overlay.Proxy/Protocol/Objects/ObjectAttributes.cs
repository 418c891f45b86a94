using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>GetObjectAttributes, for an object in any layer.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html</remarks>
public static class ObjectAttributes
{
    private static readonly string[] Known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

    /// <summary>Rejects a request with no attribute, or an unknown one.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static void Check(S3Request request)
    {
        var wanted = Wanted(request);
        if (wanted.Length == 0 || wanted.Except(Known, StringComparer.Ordinal).Any())
        {
            throw new S3Exception(S3Errors.InvalidArgument, "Invalid attribute name specified.");
        }
    }

    /// <summary>
    /// Sends the requested attributes if the conditions hold. <paramref name="writeParts"/> is null for an object without parts.
    /// </summary>
    public static async Task SendAsync(
        S3Request request, S3Response response, ObjectInfo info, Action<S3XmlWriter>? writeParts, CancellationToken cancellationToken)
    {
        switch (ReadConditions.Judge(request, info.ETag, info.LastModified))
        {
            case ConditionOutcome.PreconditionFailed:
                throw ReadConditions.Failure(request.Headers);
            case ConditionOutcome.NotModified:
                response.Status = 304;
                return;
        }

        var wanted = Wanted(request);
        response.Headers.LastModified = HttpDates.Header(info.LastModified);
        var xml = new S3XmlWriter().Root("GetObjectAttributesResponse")
            .Optional("ETag", wanted.Contains("ETag") ? ETags.Bare(info.ETag).ToString() : null);

        if (wanted.Contains("Checksum") && info.Checksums.Count > 0)
        {
            xml.Open("Checksum");
            foreach (var checksum in info.Checksums)
            {
                // The document has its own element for the number of parts.
                xml.Element(ChecksumNames.Element(checksum.Algorithm), PartChecksums.WithoutCount(checksum.Value));
            }

            xml.Optional("ChecksumType", info.ChecksumType).Close("Checksum");
        }

        if (wanted.Contains("ObjectParts"))
        {
            writeParts?.Invoke(xml);
        }

        xml.Optional("StorageClass", wanted.Contains("StorageClass") ? info.Header("x-amz-storage-class") ?? "STANDARD" : null);

        if (wanted.Contains("ObjectSize"))
        {
            xml.Element("ObjectSize", info.Size);
        }

        await xml.Close("GetObjectAttributesResponse").SendAsync(request, response, cancellationToken);
    }

    private static string[] Wanted(S3Request request) => (request.Header("x-amz-object-attributes") ?? "")
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
