using System.Net;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Reads written keys from an S3 endpoint. The client's own request is sent, so a hit costs one call. If the store has no such key, its
/// tombstone is looked up while the caller looks for a cache entry.
/// </summary>
/// <param name="nulls">The store's name for the version <c>null</c>.</param>
/// <param name="capabilities">The store's capabilities; null while unknown.</param>
/// <param name="isDeleted">Looks up a key's tombstone.</param>
/// <param name="throwsFailures">
/// True to throw the store's own errors (5xx), for a caller with another source. Otherwise they are forwarded.
/// </param>
internal sealed class StoreReads(ForwardingService service, NullVersions nulls, Func<StoreCapabilities?> capabilities,
    Func<string, string, CancellationToken, Task<bool>> isDeleted, TimeProvider time, bool throwsFailures = false) : IWrittenReads
{
    /// <summary>Headers that a HEAD sends in place of the client's request: SSE-C keys, the expected bucket owner and the payer.</summary>
    private static readonly string[] Passed = [.. ClientKeys.Headers, ExpectedOwner, "x-amz-request-payer"];

    private const string ExpectedOwner = "x-amz-expected-bucket-owner";

    /// <inheritdoc/>
    public async Task<WrittenRead> TryReadAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        request = nulls.ForStore(request);
        if (request.Operation == S3Operation.GetObjectAttributes && capabilities() is { HasAttributes: false })
        {
            return await AnswerAttributesAsync(request, answer, cancellationToken);
        }

        using var patience = new SilenceTimeout(time, cancellationToken);
        using var response = await service.SendAsync(request, patience);
        if (await IsAbsentAsync(request, response, patience))
        {
            return NotWritten(request, cancellationToken) with { Marker = new WireResponse(response).DeleteMarker() };
        }

        if (throwsFailures && (int)response.StatusCode >= 500)
        {
            var code = request.IsHead ? null : await service.CodeAsync(response, patience);
            throw new S3Exception(
                new S3Error(code ?? S3Errors.ServiceUnavailable.Code, (int)response.StatusCode, "The local store could not answer."));
        }

        await service.AnswerAsync(request, response, answer, patience);
        return WrittenRead.Served;
    }

    /// <summary>
    /// Builds GetObjectAttributes from the object's headers, for a store that does not know the operation and may return the object
    /// instead.
    /// </summary>
    private async Task<WrittenRead> AnswerAttributesAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        ObjectAttributes.Check(request);
        using var patience = new SilenceTimeout(time, cancellationToken);
        var head = request with
        {
            Operation = S3Operation.HeadObject,
            Method = "HEAD",
            Query = request.Query["versionId"] is { } version ? S3Query.Parse("versionId=" + UriEncoding.EncodeComponent(version))
                : S3Query.Empty,
            Headers = new HeaderDictionary { ["x-amz-checksum-mode"] = "ENABLED" },
        };
        foreach (var name in Passed)
        {
            if (request.Header(name) is { } value)
            {
                head.Headers[name] = value;
            }
        }

        using var found = new WireResponse(await service.SendAsync(head, patience));
        if (found.Status == StatusCodes.Status400BadRequest
            && await ReasonAsync(head, patience) is { Code.Length: > 0 } reason && !IsAbsence(head, reason))
        {
            throw new S3Exception(new S3Error(reason.Code, found.Status, reason.Message.Length > 0 ? reason.Message
                : "The local store refused the request."));
        }

        if (await IsAbsentAsync(head, found.Message, patience))
        {
            return NotWritten(request, cancellationToken) with { Marker = found.DeleteMarker() };
        }

        if (found.Status != StatusCodes.Status200OK)
        {
            throw new S3Exception(found.Status == StatusCodes.Status403Forbidden ? S3Errors.AccessDenied
                : found.Status == StatusCodes.Status405MethodNotAllowed ? S3Errors.MethodNotAllowed
                : found.Status == StatusCodes.Status400BadRequest ? S3Errors.InvalidRequest
                : S3Errors.ServiceUnavailable)
            {
                Headers = found.DeleteMarker() ?? [],
            };
        }

        var info = found.ObjectInfo(found.ContentLength ?? 0);
        if (info.Header("x-amz-version-id") is { } id)
        {
            answer.Headers["x-amz-version-id"] = id;
        }

        await ObjectAttributes.SendAsync(request, answer, info, null, cancellationToken);
        return WrittenRead.Served;
    }

    private WrittenRead NotWritten(S3Request request, CancellationToken cancellationToken) =>
        new(false, isDeleted(request.Bucket, request.Key, cancellationToken).Observed());

    /// <summary>
    /// True if the store has no such key, version or bucket, or cannot have one of that name. Other 404s are about an existing object: it
    /// has no retention, or is a website's error page.
    /// </summary>
    private async ValueTask<bool> IsAbsentAsync(S3Request request, HttpResponseMessage response, SilenceTimeout patience)
    {
        if (response.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.BadRequest))
        {
            return false;
        }

        if (request.IsHead)
        {
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return true;
            }

            // Stores have many codes for a version id of another store. SSE-C has one code.
            var reason = await ReasonAsync(request, patience);
            return NamesVersion(request)
                ? reason is null || (reason.Code != S3Errors.InvalidRequest.Code && !ErrorCodes.IsEncrypted(reason))
                : ErrorCodes.IsAbsence(reason?.Code);
        }

        return IsAbsence(request, await ErrorAsync(response, patience));
    }

    private static bool NamesVersion(S3Request request) => request.Query["versionId"] is { Length: > 0 } and not "null";

    private static bool IsAbsence(S3Request request, WireError? error) =>
        error is not null
        && (ErrorCodes.IsAbsence(error.Code)
            || (NamesVersion(request) && error.Code is "InvalidArgument" or "InvalidVersionId" && !ErrorCodes.IsEncrypted(error)));

    private async ValueTask<WireError?> ErrorAsync(HttpResponseMessage response, SilenceTimeout patience) =>
        await service.ErrorAsync(response, patience) is { } error
            ? new WireError(error.ChildText("Code") ?? "", error.ChildText("Message") ?? "", null) : null;

    /// <summary>The reason of a 400 to a HEAD, from a GET of one byte. Null if the GET is no 400 or has no document.</summary>
    private async ValueTask<WireError?> ReasonAsync(S3Request head, SilenceTimeout patience)
    {
        var read = head.With("Range", "bytes=0-0") with { Operation = S3Operation.GetObject, Method = "GET" };
        using var explained = await service.SendAsync(read, patience);
        return explained.StatusCode == HttpStatusCode.BadRequest ? await ErrorAsync(explained, patience) : null;
    }
}
