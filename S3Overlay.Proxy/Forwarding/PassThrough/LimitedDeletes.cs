using System.Security.Cryptography;
using System.Xml;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// DeleteObjects for a caller who may not write the whole bucket (rule A2). Keys that the caller may not write are removed from the
/// document for the store and become errors in the result. The document is written anew, so that the store cannot read other keys in it
/// than were checked here.
/// </summary>
internal static class LimitedDeletes
{
    private static readonly string[] Told = ["VersionId", "ETag", "LastModifiedTime", "Size"];

    public static bool Is(S3Request request) => request is { Operation: S3Operation.DeleteObjects, MayWriteAll: false };

    /// <param name="ask">Sends a request to the store.</param>
    public static async Task AnswerAsync(S3Request request, S3Response response, Func<S3Request, S3Response, CancellationToken, Task> ask,
        CancellationToken cancellationToken)
    {
        var document = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        var delete = DeleteObjectsRequest.Parse(document);
        var refused = new List<DeleteItem>();
        XNamespace s3 = S3XmlWriter.Namespace;
        var allowed = new XElement(s3 + document.Name.LocalName, new XElement(s3 + "Quiet", delete.IsQuiet));
        foreach (var (item, element) in delete.Items.Zip(document.Children("Object")))
        {
            if (request.MayWrite(item.Key))
            {
                allowed.Add(ObjectOf(item, element, s3));
            }
            else
            {
                refused.Add(item);
            }
        }

        if (refused.Count == delete.Items.Count)
        {
            await DeleteResult.SendAsync(delete, [.. refused.Select(static item => new DeleteOutcome(item, S3Errors.AccessDenied))],
                request, response, cancellationToken);
            return;
        }

        var stored = new BufferedResponse();
        await ask(Without(request, S3XmlReader.ToBytes(allowed)), stored, cancellationToken);
        if (stored.Status != StatusCodes.Status200OK || refused.Count == 0)
        {
            await stored.CopyToAsync(response, cancellationToken);
            return;
        }

        await stored.FinishAsync(cancellationToken);
        if (stored.IsCut)
        {
            response.Abort();
            return;
        }

        var result = ResultIn(stored, "result");
        result.Add(refused.Select(item => ErrorOf(item, result.Name.Namespace)));
        var bytes = S3XmlReader.ToBytes(result);
        foreach (var header in stored.Headers)
        {
            response.Headers[header.Key] = header.Value;
        }

        response.Headers.ContentLength = bytes.Length;
        await response.WriteAsync(bytes, cancellationToken);
    }

    private static XElement ObjectOf(DeleteItem item, XElement sent, XNamespace s3) =>
        new(s3 + "Object", new XElement(s3 + "Key", item.Key), Told.Select(name => sent.ChildText(name) is { } text
            ? new XElement(s3 + name, text) : null));

    /// <summary>The document in the store's response. The error allows a retry, even of a delete: deleting again is harmless.</summary>
    public static XElement ResultIn(BufferedResponse stored, string what)
    {
        try
        {
            return S3XmlReader.Parse(stored.Content);
        }
        catch (XmlException odd)
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1,
                $"The local store answered with something that is no {what}. Please try again.", odd);
        }
    }

    /// <summary>The request with another document and matching headers.</summary>
    private static S3Request Without(S3Request request, byte[] document)
    {
        var headers = new HeaderDictionary();
        foreach (var header in request.Headers)
        {
            if (!header.Key.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase)
                && header.Key.ToLowerInvariant() is not ("x-amz-content-sha256" or "x-amz-trailer" or "x-amz-sdk-checksum-algorithm"))
            {
                headers[header.Key] = header.Value;
            }
        }

        headers["Content-MD5"] = Convert.ToBase64String(MD5.HashData(document));
        return request with { Headers = headers, Body = ReadBody.Of(document), MayWriteAll = true };
    }

    private static XElement ErrorOf(DeleteItem item, XNamespace s3)
    {
        var error = new XElement(s3 + "Error", new XElement(s3 + "Key", item.Key));
        if (item.VersionId is { } version)
        {
            error.Add(new XElement(s3 + "VersionId", version));
        }

        error.Add(new XElement(s3 + "Code", S3Errors.AccessDenied.Code), new XElement(s3 + "Message", S3Errors.AccessDenied.Message));
        return error;
    }
}
