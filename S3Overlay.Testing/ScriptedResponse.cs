using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Testing;

/// <summary>The response to one request of a scripted remote.</summary>
/// <param name="cutAfter">How many bytes of the body are sent before the connection closes; null for all.</param>
internal sealed class ScriptedResponse(ScriptedRequest request, HttpContext context, long? cutAfter)
{
    private const int Piece = 64 * 1024;

    /// <summary>Parameters that do not change what is asked for: SDKs add the first.</summary>
    private static readonly string[] Ignored = ["x-id", "partNumber"];

    private readonly S3Query _query = S3Query.Parse(request.Query);
    private readonly HttpResponse _response = context.Response;

    /// <summary>Responds as S3 does.</summary>
    public Task SendAsync(ScriptedRemote remote, ScriptedBucket? bucket, ScriptedVersion? version)
    {
        if (request.Method is not ("GET" or "HEAD"))
        {
            return FailAsync(405, "MethodNotAllowed");
        }

        if (request.Bucket.Length == 0)
        {
            return SendBucketsAsync(remote);
        }

        if (bucket is null)
        {
            return FailAsync(404, "NoSuchBucket");
        }

        if (request.Key.Length == 0)
        {
            return request.Method == "HEAD" ? SendAsync(200, default)
                : _query.Has("list-type") ? SendListingAsync(bucket)
                : _query.Has("location") ? SendAsync(new S3XmlWriter().Root("LocationConstraint").Close("LocationConstraint"))
                : FailAsync(501, "NotImplemented");
        }

        return version is null ? FailAsync(404, "NoSuchKey")
            : _query.Has("tagging") ? SendTagsAsync(version)
            : _query.Parameters.All(static parameter => Ignored.Contains(parameter.Key)) ? SendObjectAsync(version)
            : FailAsync(501, "NotImplemented");
    }

    /// <summary>Responds with an S3 error.</summary>
    public Task FailAsync(int status, string code)
    {
        // A 304 and the response to a HEAD have no document.
        var xml = new S3XmlWriter().Open("Error").Element("Code", code).Element("Message", "As the script says.").Close("Error");
        _response.ContentType = "application/xml";
        return SendAsync(status, xml.Content);
    }

    private async Task SendObjectAsync(ScriptedVersion version)
    {
        var headers = _response.Headers;
        headers.ETag = version.ETag;
        headers.LastModified = HttpDates.Header(version.LastModified);
        if (FailedCondition(version) is { } failed)
        {
            await (failed == 304 ? SendAsync(304, default) : FailAsync(412, "PreconditionFailed"));
            return;
        }

        headers.AcceptRanges = "bytes";
        headers.ContentType = "binary/octet-stream";
        if (version.Tags.Count > 0)
        {
            headers["x-amz-tagging-count"] = version.Tags.Count.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var (name, value) in version.Headers)
        {
            headers[name] = value;
        }

        var size = version.Bytes.Length;
        if (_query["partNumber"] is { } part && part != "1")
        {
            await FailAsync(416, "InvalidPartNumber");
            return;
        }

        var range = _query.Has("partNumber") ? RangeHeader.Parse("bytes=0-") : RangeHeader.Parse(request.Range);
        if (range is not { } asked || (size == 0 && _query.Has("partNumber")))
        {
            await SendAsync(200, version.Bytes);
        }
        else if (asked.Resolve(size) is { } bytes)
        {
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {bytes.First}-{bytes.Last}/{size}");
            await SendAsync(206, version.Bytes.Slice((int)bytes.First, (int)bytes.Length));
        }
        else
        {
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{size}");
            await FailAsync(416, "InvalidRange");
        }
    }

    /// <summary>304 or 412 if a condition does not hold.</summary>
    private int? FailedCondition(ScriptedVersion version)
    {
        var headers = context.Request.Headers;
        if ((string?)headers.IfMatch is { } match ? !ETags.ListHas(match, version.ETag)
            : HttpDates.TryParseHeader(headers.IfUnmodifiedSince, out var unmodified) && version.LastModified > unmodified)
        {
            return 412;
        }

        return ((string?)headers.IfNoneMatch is { } noneMatch ? ETags.ListHas(noneMatch, version.ETag)
            : HttpDates.TryParseHeader(headers.IfModifiedSince, out var modified) && version.LastModified <= modified)
            ? 304 : null;
    }

    private Task SendListingAsync(ScriptedBucket bucket)
    {
        if (!int.TryParse(_query["max-keys"] ?? "1000", NumberStyles.None, CultureInfo.InvariantCulture, out var most))
        {
            return FailAsync(400, "InvalidArgument");
        }

        var token = UriEncoding.TryDecode(_query["continuation-token"], out var last) ? last : "";
        var query = new ListingQuery(_query["prefix"] ?? "", _query["delimiter"] ?? "", ListingPosition.Start, Math.Min(most, 1000));
        var (rows, isTruncated) = bucket.List(query, _query["start-after"] ?? "", token);
        var isEncoded = _query["encoding-type"] == "url";
        var xml = new S3XmlWriter().Root("ListBucketResult")
            .Element("Name", bucket.Name)
            .Element("Prefix", Encode(query.Prefix))
            .Optional("Delimiter", query.Delimiter.Length > 0 ? Encode(query.Delimiter) : null)
            .Optional("EncodingType", isEncoded ? "url" : null)
            .Element("MaxKeys", most)
            .Element("KeyCount", rows.Count)
            .Element("IsTruncated", isTruncated)
            .Optional("NextContinuationToken", isTruncated ? UriEncoding.EncodeComponent(rows[^1].Name) : null);
        foreach (var (name, version) in rows)
        {
            if (version is null)
            {
                xml.Open("CommonPrefixes").Element("Prefix", Encode(name)).Close("CommonPrefixes");
            }
            else
            {
                xml.Open("Contents").Element("Key", Encode(name)).Element("LastModified", version.LastModified)
                    .Element("ETag", version.ETag).Element("Size", version.Bytes.Length)
                    .Element("StorageClass", "STANDARD").Close("Contents");
            }
        }

        return SendAsync(xml.Close("ListBucketResult"));

        string Encode(string name) => isEncoded ? UriEncoding.EncodeKey(name) : name;
    }

    private Task SendBucketsAsync(ScriptedRemote remote)
    {
        var xml = new S3XmlWriter().Root("ListAllMyBucketsResult").Open("Buckets");
        foreach (var bucket in remote.ListBuckets())
        {
            xml.Open("Bucket").Element("Name", bucket.Name).Element("CreationDate", bucket.Created).Close("Bucket");
        }

        return SendAsync(xml.Close("Buckets").Close("ListAllMyBucketsResult"));
    }

    private Task SendTagsAsync(ScriptedVersion version)
    {
        var xml = new S3XmlWriter().Root("Tagging").Open("TagSet");
        foreach (var (name, value) in version.Tags)
        {
            xml.Open("Tag").Element("Key", name).Element("Value", value).Close("Tag");
        }

        return SendAsync(xml.Close("TagSet").Close("Tagging"));
    }

    private Task SendAsync(S3XmlWriter document)
    {
        _response.ContentType = "application/xml";
        return SendAsync(200, document.Content);
    }

    private async Task SendAsync(int status, ReadOnlyMemory<byte> body)
    {
        _response.StatusCode = request.Status = status;
        if (status == 304)
        {
            return;
        }

        _response.ContentLength = body.Length;
        if (request.Method == "HEAD")
        {
            return;
        }

        // A body that ends short of the announced length makes the server close the connection behind its last byte.
        body = body[..(int)Math.Min(body.Length, cutAfter ?? long.MaxValue)];
        await _response.StartAsync(context.RequestAborted);
        while (body.Length > 0)
        {
            var piece = body[..Math.Min(body.Length, Piece)];
            // Counted first: who has the bytes may look at once.
            request.AddSent(piece.Length);
            await _response.Body.WriteAsync(piece, context.RequestAborted);
            await _response.Body.FlushAsync(context.RequestAborted);
            body = body[piece.Length..];
        }
    }
}
