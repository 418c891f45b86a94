using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>Answers a failure as S3 does: an XML document that SDKs read, or headers alone for HEAD.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses</remarks>
public static class ErrorAnswer
{
    /// <summary>Headers that belong to every answer, and survive when a half-made one is replaced by an error.</summary>
    private static readonly string[] Kept =
    [
        "x-amz-request-id", "x-amz-id-2", "Vary", "Server", "Date", "x-s3overlay-layer", "x-s3overlay-local", "x-cache",
    ];

    /// <summary>Sends the error. The answer must not have started; what was set for a success is taken off.</summary>
    public static async Task SendAsync(
        S3Exception failure, string method, string bucket, string key, string resource, string requestId, S3Answer answer, CancellationToken cancellationToken)
    {
        var kept = Kept.Select(name => KeyValuePair.Create(name, answer.Headers[name])).Where(header => header.Value.Count > 0).ToList();
        answer.Headers.Clear();
        foreach (var header in kept)
        {
            answer.Headers[header.Key] = header.Value;
        }

        answer.Status = failure.Error.Status;
        foreach (var header in failure.Headers)
        {
            answer.Headers[header.Key] = header.Value;
        }

        if (failure.Error.Status == StatusCodes.Status503ServiceUnavailable && !answer.Headers.ContainsKey("Retry-After"))
        {
            answer.Headers.RetryAfter = "1";
        }

        var xml = new S3XmlWriter().Open("Error").Element("Code", failure.Error.Code).Element("Message", failure.Message);
        foreach (var detail in Details(failure, bucket, key))
        {
            xml.Element(detail.Key, detail.Value);
        }

        xml.Element("Resource", resource).Element("RequestId", requestId).Element("HostId", requestId).Close("Error");
        answer.Headers.ContentType = "application/xml";
        if (method == "HEAD")
        {
            // Nobody reads the document of a HEAD; a length would only say what is not sent.
            return;
        }

        answer.Headers.ContentLength = xml.Content.Length;
        await answer.WriteAsync(xml.Content, cancellationToken);
    }

    private static IEnumerable<KeyValuePair<string, string>> Details(S3Exception failure, string bucket, string key)
    {
        if (failure.Details.Count > 0)
        {
            return failure.Details;
        }

        return failure.Error.Code switch
        {
            "NoSuchKey" => [new("Key", key)],
            "NoSuchBucket" or "BucketAlreadyExists" or "BucketAlreadyOwnedByYou" or "BucketNotEmpty" or "InvalidBucketName" => [new("BucketName", bucket)],
            _ => [],
        };
    }
}
