using System.Net;
using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>Sends a failure as S3 does: an XML document, or only headers for HEAD. The administration's errors are JSON.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses</remarks>
public static class ErrorResponse
{
    /// <summary>Headers of every response. They stay when an error replaces a response that was being built.</summary>
    private static readonly string[] Kept =
    ["x-amz-request-id", "x-amz-id-2", "Vary", "Server", "Date", "x-s3overlay-layer", "x-s3overlay-local", "x-cache"];

    /// <summary>Sends the error. The response must not have started; headers set for a success are removed.</summary>
    public static async Task SendAsync(S3Exception failure, ErrorSubject subject, S3Response response, CancellationToken cancellationToken)
    {
        Reset(response);
        response.Status = failure.Error.Status;
        foreach (var header in failure.Headers)
        {
            response.Headers[header.Key] = header.Value;
        }

        if (failure.Error.Status == StatusCodes.Status503ServiceUnavailable && !response.Headers.ContainsKey("Retry-After"))
        {
            response.Headers.RetryAfter = "1";
        }

        response.Headers.ContentType = subject.IsJson ? "application/json"
            : subject.IsHtml ? "text/html; charset=utf-8" : "application/xml";
        if (subject.Method == "HEAD")
        {
            // HEAD has no document; a length would announce one.
            return;
        }

        var document = subject.IsJson ? Json(failure, subject) : subject.IsHtml ? Html(failure, subject) : Xml(failure, subject);
        response.Headers.ContentLength = document.Length;
        await response.WriteAsync(document, cancellationToken);
    }

    /// <summary>Removes the headers of a success that did not come about.</summary>
    public static void Reset(S3Response response)
    {
        var kept = Kept.Select(name => KeyValuePair.Create(name, response.Headers[name])).Where(header => header.Value.Count > 0).ToList();
        response.Headers.Clear();
        foreach (var header in kept)
        {
            response.Headers[header.Key] = header.Value;
        }
    }

    private static ReadOnlyMemory<byte> Xml(S3Exception failure, ErrorSubject subject)
    {
        var xml = new S3XmlWriter().Open("Error").Element("Code", failure.Error.Code).Element("Message", failure.Message);
        foreach (var detail in Details(failure, subject.Bucket, subject.Key))
        {
            xml.Element(detail.Key, detail.Value);
        }

        return xml.Element("Resource", subject.Resource).Element("RequestId", subject.RequestId).Element("HostId", subject.RequestId)
            .Close("Error").Content;
    }

    /// <summary>The same code and message as a page, as website endpoints send them.</summary>
    private static ReadOnlyMemory<byte> Html(S3Exception failure, ErrorSubject subject)
    {
        var title = $"{failure.Error.Status} {ReasonPhrases.GetReasonPhrase(failure.Error.Status)}";
        var page = new StringBuilder($"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n");
        Add("Code", failure.Error.Code);
        Add("Message", failure.Message);
        foreach (var detail in Details(failure, subject.Bucket, subject.Key))
        {
            Add(detail.Key, detail.Value);
        }

        Add("RequestId", subject.RequestId);
        Add("HostId", subject.RequestId);
        page.Append("</ul>\n");
        if (failure.InnerException is S3Exception second)
        {
            page.Append("<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n");
            Add("Code", second.Error.Code);
            Add("Message", second.Message);
            page.Append("</ul>\n");
        }

        return Encoding.UTF8.GetBytes(page.Append("<hr/>\n</body>\n</html>\n").ToString());

        void Add(string name, string value) =>
            page.Append("<li>").Append(name).Append(": ").Append(WebUtility.HtmlEncode(value)).Append("</li>\n");
    }

    /// <summary>The same code and message as JSON.</summary>
    private static ReadOnlyMemory<byte> Json(S3Exception failure, ErrorSubject subject)
    {
        var json = new JsonLines();
        json.Writer.WriteStartObject();
        json.Writer.WriteString("code", failure.Error.Code);
        json.Writer.WriteString("message", failure.Message);
        json.Writer.WriteString("resource", subject.Resource);
        json.Writer.WriteString("requestId", subject.RequestId);
        json.Writer.WriteEndObject();
        return json.EndLine();
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
            "NoSuchBucket" or "BucketAlreadyExists" or "BucketAlreadyOwnedByYou" or "BucketNotEmpty" or "InvalidBucketName" =>
                [new("BucketName", bucket)],
            _ => [],
        };
    }
}

/// <summary>The request that an error document names.</summary>
/// <param name="Method">The request's method. HEAD has no document.</param>
/// <param name="Bucket">The bucket; empty if none was read.</param>
/// <param name="Key">The key; empty if none was read.</param>
/// <param name="Resource">The path as sent.</param>
public sealed record ErrorSubject(string Method, string Bucket, string Key, string Resource, string RequestId)
{
    /// <summary>Whether the document is JSON, as in the administration; XML otherwise.</summary>
    public bool IsJson { get; init; }

    /// <summary>Whether the document is a page, as of a website.</summary>
    public bool IsHtml { get; init; }
}
