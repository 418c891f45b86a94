using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The document that GetObjectAttributes answers with, of an object in whichever layer.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html</remarks>
public static class ObjectAttributes
{
    private static readonly string[] Known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

    /// <summary>Refuses a request that names no attribute, or one that there is not.</summary>
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
    /// Answers with the attributes asked for, once the conditions hold. <paramref name="writeParts"/> is null for an object that has none.
    /// </summary>
    public static async Task AnswerAsync(
        S3Request request, S3Response answer, ObjectInfo info, Action<S3XmlWriter>? writeParts, CancellationToken cancellationToken)
    {
        switch (ReadConditions.Judge(request, info.ETag, info.LastModified))
        {
            case ConditionOutcome.PreconditionFailed:
                throw ReadConditions.Failure(request.Headers);
            case ConditionOutcome.NotModified:
                answer.Status = 304;
                return;
        }

        var wanted = Wanted(request);
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
                // The number of parts has a place of its own in this document.
                xml.Element(ChecksumNames.Element(checksum.Algorithm), PartChecksums.WithoutCount(checksum.Value));
            }

            if (info.ChecksumType is { } type)
            {
                xml.Element("ChecksumType", type);
            }

            xml.Close("Checksum");
        }

        if (wanted.Contains("ObjectParts"))
        {
            writeParts?.Invoke(xml);
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

    private static string[] Wanted(S3Request request) => (request.Header("x-amz-object-attributes") ?? "")
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
