using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Makes of what comes off the connection the body that services read.</summary>
public static class RequestBodies
{
    /// <summary>The body of a request.</summary>
    /// <param name="raw">The bytes as HTTP has them.</param>
    /// <param name="hasBody">Whether there is a body, as the server tells: an empty one where there is none.</param>
    /// <param name="contentLength">The Content-Length, null where none was sent.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="plan">What authentication found about the body.</param>
    /// <param name="operation">What is asked for: the checksum headers of CompleteMultipartUpload are those of the object, not of its body;
    /// reads have none.</param>
    /// <param name="leavesMalformed">Whether a checksum header that cannot be one is not refused here, since the service is known
    /// to.</param>
    /// <exception cref="S3Exception">What was promised about the body cannot be kept: known before its first byte is read.</exception>
    public static S3Body Create(
        Stream raw, bool hasBody, long? contentLength, IHeaderDictionary headers, PayloadPlan plan,
        S3Operation operation = S3Operation.Unknown, bool leavesMalformed = false)
    {
        var isEmpty = !hasBody || contentLength == 0;
        if (plan.Framing != PayloadFraming.Plain)
        {
            return InChunks(raw, headers, plan, operation, leavesMalformed);
        }

        if (headers.ContainsKey("x-amz-trailer"))
        {
            // A checksum was promised in a place where none can come: to go on would be to take it for checked.
            throw new S3Exception(S3Errors.MalformedTrailer, "x-amz-trailer needs a body in aws-chunked encoding.");
        }

        if (!isEmpty && contentLength is null && operation != S3Operation.PostObject)
        {
            // Stores have to know how much comes; of a form the end tells that anyway.
            throw new S3Exception(S3Errors.MissingContentLength);
        }

        // The payload hash of most requests without a body is that of no bytes: nothing left to check.
        var sha256 = isEmpty && plan.Sha256 == SigV4.EmptyPayload ? null : plan.Sha256;
        var digests = BodyDigests.Read(headers, sha256, announced: [], ChecksumsAreOfTheBody(operation), leavesMalformed);
        return isEmpty && digests is null
            ? S3Body.Empty
            : new VerifiedBody(new PlainFraming(raw, isEmpty ? 0 : contentLength), digests);
    }

    private static VerifiedBody InChunks(Stream raw, IHeaderDictionary headers, PayloadPlan plan, S3Operation operation,
        bool leavesMalformed)
    {
        if (!headers.TryGetValue("x-amz-decoded-content-length", out var sent)
            || !long.TryParse(sent.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            throw new S3Exception(
                S3Errors.MissingContentLength, "You must provide the x-amz-decoded-content-length HTTP header.");
        }

        var announced = headers.TryGetValue("x-amz-trailer", out var names)
            ? names.ToString().ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : [];
        var digests = BodyDigests.Read(headers, sha256: null, announced, ChecksumsAreOfTheBody(operation), leavesMalformed);
        return new(new ChunkedFraming(raw, length, plan, announced), digests);
    }

    private static bool ChecksumsAreOfTheBody(S3Operation operation) =>
        operation is not (S3Operation.CompleteMultipartUpload or S3Operation.GetObject or S3Operation.HeadObject);
}
