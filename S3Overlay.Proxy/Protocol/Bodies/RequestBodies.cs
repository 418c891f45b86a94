using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Turns the bytes of a connection into the body that services read.</summary>
public static class RequestBodies
{
    /// <summary>Creates the body of a request.</summary>
    /// <param name="raw">The body as HTTP delivers it.</param>
    /// <param name="hasBody">Whether the server sees a body. If not, the result is empty.</param>
    /// <param name="contentLength">The Content-Length; null if none was sent.</param>
    /// <param name="plan">The result of authentication.</param>
    /// <param name="operation">The operation. Checksum headers of CompleteMultipartUpload describe the object; reads have none.</param>
    /// <param name="leavesMalformed">Whether the store rejects malformed checksum headers itself.</param>
    /// <exception cref="S3Exception">No body could match what was announced.</exception>
    public static S3Body Create(Stream raw, bool hasBody, long? contentLength, IHeaderDictionary headers, PayloadPlan plan,
        S3Operation operation = S3Operation.Unknown, bool leavesMalformed = false)
    {
        var isEmpty = !hasBody || contentLength == 0;
        if (plan.Framing != PayloadFraming.Plain)
        {
            return InChunks(raw, headers, plan, operation, leavesMalformed);
        }

        if (headers.ContainsKey("x-amz-trailer"))
        {
            // A checksum was announced where none can arrive. Going on would treat it as checked.
            throw new S3Exception(S3Errors.MalformedTrailer, "x-amz-trailer needs a body in aws-chunked encoding.");
        }

        if (!isEmpty && contentLength is null && operation != S3Operation.PostObject)
        {
            // Stores need the length in advance. A form's end shows it anyway.
            throw new S3Exception(S3Errors.MissingContentLength);
        }

        // Most requests without a body send the hash of an empty one: nothing to check.
        var sha256 = isEmpty && plan.Sha256 == SigV4.EmptyPayload ? null : plan.Sha256;
        var digests = BodyDigests.Read(headers, sha256, announced: [], ChecksumsAreOfTheBody(operation), leavesMalformed);
        return isEmpty && digests is null ? S3Body.Empty : new VerifiedBody(new PlainFraming(raw, isEmpty ? 0 : contentLength), digests);
    }

    private static VerifiedBody InChunks(Stream raw, IHeaderDictionary headers, PayloadPlan plan, S3Operation operation,
        bool leavesMalformed)
    {
        if (!headers.TryGetValue("x-amz-decoded-content-length", out var sent)
            || !long.TryParse(sent.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            throw new S3Exception(S3Errors.MissingContentLength, "You must provide the x-amz-decoded-content-length HTTP header.");
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
