using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Adds what a write hides to the object's metadata (rule P1).</summary>
/// <remarks>
/// A copy takes over the source's metadata, and no header changes that. If something is known that would be lost, the source's metadata is
/// read, and the copy is sent with it in place of its own, for that version of the source alone.
/// </remarks>
internal sealed class RecordedBases(ForwardingService service, TimeProvider time)
{
    private const string Directive = "x-amz-metadata-directive";
    private const string SourceIfMatch = "x-amz-copy-source-if-match";

    /// <summary>How often a copy is sent whose source changes each time.</summary>
    private const int Attempts = 3;

    /// <summary>With nothing known for less than this, the object's own date says as much.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    private static readonly HashSet<string> Metadata = new(StringComparer.OrdinalIgnoreCase)
    {
        "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
    };

    /// <summary>Sends a request. The caller disposes the response.</summary>
    public async Task<HttpResponseMessage> SendAsync(S3Request request, SilenceTimeout patience)
    {
        if (request is not OverlaidWrite { Base: { } known } || HiddenBase.ValueOf(request.Bucket, request.Key, known) is not { } value
            || request.Operation is not (S3Operation.PutObject or S3Operation.CreateMultipartUpload or S3Operation.CopyObject))
        {
            return await service.SendAsync(request, patience);
        }

        if (request.Operation != S3Operation.CopyObject || request.Header(Directive) == "REPLACE")
        {
            return await service.SendAsync(request.With(HiddenBase.Header, value), patience);
        }

        var source = CopySource.Parse(request);
        var isOntoItself = source.Bucket == request.Bucket && source.Key == request.Key;
        if (isOntoItself || (known.IsUnknown && time.GetUtcNow() - known.Date < Young))
        {
            return await service.SendAsync(request, patience);
        }

        return await CopyAsync(request, source, value, patience);
    }

    private async Task<HttpResponseMessage> CopyAsync(S3Request request, CopySource source, string value, SilenceTimeout patience)
    {
        for (var (attempt, before) = (1, ""); ; attempt++)
        {
            var replaced = await WithMetadataAsync(request, source, patience);
            if (replaced is null)
            {
                // The store says why.
                return await service.SendAsync(request, patience);
            }

            var etag = replaced.Header(SourceIfMatch)!;
            var response = await service.SendAsync(replaced.With(HiddenBase.Header, value), patience);
            if ((int)response.StatusCode != StatusCodes.Status412PreconditionFailed || attempt == Attempts || etag == before)
            {
                return response;
            }

            response.Dispose();
            before = etag;
        }
    }

    /// <summary>The copy with the source's metadata in it; null if that cannot be read, or not be sent.</summary>
    private async Task<S3Request?> WithMetadataAsync(S3Request request, CopySource source, SilenceTimeout patience)
    {
        var head = request with
        {
            Operation = S3Operation.HeadObject,
            Method = "HEAD",
            Bucket = source.Bucket,
            Key = source.Key,
            Query = source.VersionId is { Length: > 0 } version ? S3Query.Parse("versionId=" + UriEncoding.EncodeComponent(version))
                : S3Query.Empty,
            Headers = new HeaderDictionary(),
            Body = Protocol.Bodies.S3Body.Empty,
        };
        foreach (var (name, value) in ClientKeys.OfCopySource(request.Headers))
        {
            head.Headers[name] = value;
        }

        using var found = new WireResponse(await service.SendAsync(head, patience));
        if (found.Status >= StatusCodes.Status500InternalServerError)
        {
            // The copy may succeed all the same, and a change at the remote since would be overlooked.
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1, "The local store does not show the copy's source. Please try again.");
        }

        if (found.Status != StatusCodes.Status200OK || found.Header("ETag") is not { } etag
            || found.Header("x-amz-missing-meta") is not null)
        {
            return null;
        }

        var info = found.ObjectInfo(found.ContentLength ?? 0);
        if (ReadConditions.CopySourceFailure(request, etag, info.LastModified) is not null)
        {
            return null;
        }

        // Judged, and they hold for this version. Next to If-Match some of them would not count.
        var copy = request.Without(
            "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since");
        copy.Headers[Directive] = "REPLACE";
        foreach (var ignored in copy.Headers.Keys.Where(IsMetadata).ToList())
        {
            copy.Headers.Remove(ignored);
        }

        foreach (var (name, value) in found.Headers)
        {
            if (IsMetadata(name) && !name.StartsWith(HiddenBase.Family, StringComparison.OrdinalIgnoreCase))
            {
                copy.Headers[name] = value;
            }
        }

        copy.Headers[SourceIfMatch] = etag;
        return copy;
    }

    private static bool IsMetadata(string header) =>
        Metadata.Contains(header) || header.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase);
}
