using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>Copies a remote-owned object by writing its bytes to the local layer, and responds like CopyObject.</summary>
public sealed class StreamedCopy(IS3Service local, LocalObjects objects, ConditionalWrites conditional, TimeProvider time, ILogger logger)
{
    /// <summary>S3's limit for one copy request: 5 GiB.</summary>
    private const long Largest = 5L << 30;

    /// <summary>Buckets for which a warning about missing tags was logged, per reason, so that each is logged once.</summary>
    private readonly ConcurrentDictionary<(string Bucket, bool IsUnasked), bool> _untagged = [];

    /// <summary>Refuses what S3 refuses, before anything is written or read.</summary>
    /// <exception cref="S3Exception">PreconditionFailed, InvalidRequest, InvalidArgument, InvalidRange; NotImplemented.</exception>
    public void Check(S3Request request, CopySource source, ObjectInfo info)
    {
        if (ReadConditions.CopySourceFailure(request, info.ETag, info.LastModified) is { } failed)
        {
            throw failed;
        }

        var length = info.Size;
        if (request.Operation == S3Operation.UploadPartCopy)
        {
            length = RangeOf(request, info)?.Length ?? length;
        }
        else if (source.Bucket == request.Bucket && source.Key == request.Key && !StreamedCopySource.NamesVersion(source)
            && !CopyHeaders.ChangeAnything(request.Headers))
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the "
                + "object's metadata, storage class, website redirect location or encryption attributes.");
        }
        else
        {
            CopyHeaders.IsReplaced(request.Headers, "x-amz-metadata-directive");
            CopyHeaders.IsReplaced(request.Headers, "x-amz-tagging-directive");
            CopyHeaders.RefuseAnnotations(request);
            AlgorithmOf(request);
        }

        if (length > Largest)
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                $"The specified copy source is larger than the maximum allowable size for a copy source: {Largest}");
        }
    }

    /// <summary>Copies. On failure nothing was written and <paramref name="response"/> is unchanged.</summary>
    /// <exception cref="RemoteException">The source changed, is gone or cannot be read.</exception>
    public async Task CopyAsync(BucketView target, S3Request request, StreamedCopySource source, S3Response response,
        CancellationToken cancellationToken)
    {
        var isPart = request.Operation == S3Operation.UploadPartCopy;
        var range = isPart ? RangeOf(request, source.Info) : null;
        var tags = isPart ? null : await source.TagsAsync(
            request.Headers, () => NoteUntagged(source.Bucket, isUnasked: false), () =>
                NoteUntagged(source.Bucket, isUnasked: true), cancellationToken);

        var wanted = isPart ? await objects.ChecksumOfUploadAsync(request, cancellationToken) : AlgorithmOf(request);
        var written = new BufferedResponse();
        var put = new OverlayPut(request)
        {
            Operation = isPart ? S3Operation.UploadPart : S3Operation.PutObject,
            Headers = isPart ? CopyHeaders.ForPart(request.Headers) : CopyHeaders.ForPut(request.Headers, source.Info, tags),
            KeepsTags = tags is not null,
            MayLoseChecksum = wanted is null,
        };
        await source.WriteAsync(
            put, range, wanted ?? (isPart ? null : source.Algorithm),
            (write, token) => isPart ? local.HandleAsync(write, written, token) : conditional.WriteAsync(target, write, written, token),
            cancellationToken);
        if (written.Status >= StatusCodes.Status400BadRequest)
        {
            await written.CopyToAsync(response, cancellationToken);
            return;
        }

        await SendResultAsync(request, source, written, response, isPart, cancellationToken);
    }

    private void NoteUntagged(string bucket, bool isUnasked)
    {
        if (!_untagged.TryAdd((bucket, isUnasked), true))
        {
            return;
        }

        if (isUnasked)
        {
            Log.CopiedUnasked(logger, bucket);
        }
        else
        {
            Log.CopiedWithoutTags(logger, bucket);
        }
    }

    private async Task SendResultAsync(
        S3Request request, StreamedCopySource source, BufferedResponse written, S3Response response, bool isPart,
        CancellationToken cancellationToken)
    {
        var etag = written.Headers.ETag.ToString();
        var lastModified = HttpDates.WholeSeconds(time.GetUtcNow());
        if (!isPart && await FindCopyAsync(request, cancellationToken) is { } copy && copy.ETag == etag)
        {
            lastModified = copy.LastModified;
        }

        foreach (var header in written.Headers)
        {
            if (header.Key.StartsWith("x-amz-version-id", StringComparison.OrdinalIgnoreCase)
                || header.Key.StartsWith("x-amz-server-side-encryption", StringComparison.OrdinalIgnoreCase))
            {
                response.Headers[header.Key] = header.Value;
            }
        }

        if (source.Info.Header("x-amz-version-id") is { } version)
        {
            response.Headers["x-amz-copy-source-version-id"] = version;
        }

        var root = isPart ? "CopyPartResult" : "CopyObjectResult";
        var xml = new S3XmlWriter().Root(root).Element("LastModified", lastModified).Element("ETag", etag);
        foreach (var algorithm in Enum.GetValues<ChecksumAlgorithm>())
        {
            if (written.Headers.TryGetValue(ChecksumNames.Header(algorithm), out var value))
            {
                xml.Element(ChecksumNames.Element(algorithm), value.ToString());
            }
        }

        if (!isPart && written.Headers["x-amz-checksum-type"].ToString() is { Length: > 0 } type)
        {
            xml.Element("ChecksumType", type);
        }

        await xml.Close(root).SendAsync(request, response, cancellationToken);
    }

    /// <summary>
    /// The copy as the local layer shows it; null if it shows none. The copy still succeeded: an error would only make the client repeat
    /// it.
    /// </summary>
    private async Task<LocalObject?> FindCopyAsync(S3Request request, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.HeadAsync(request, request.Bucket, request.Key, cancellationToken,
                clientKey: ClientKeys.Of(request.Headers));
        }
        catch (S3Exception)
        {
            return null;
        }
    }

    /// <summary>The requested checksum algorithm; null for none.</summary>
    private static ChecksumAlgorithm? AlgorithmOf(S3Request request)
    {
        if (request.Header("x-amz-checksum-algorithm") is not { Length: > 0 } name)
        {
            return null;
        }

        return ChecksumNames.Parse(name);
    }

    /// <summary>The requested part of the source. Unlike in a read, both ends must be given and lie within the object.</summary>
    private static ByteRange? RangeOf(S3Request request, ObjectInfo info)
    {
        if (request.Header("x-amz-copy-source-range") is not { } header)
        {
            return null;
        }

        if (RangeHeader.Parse(header) is not { First: { } first, Last: { } last })
        {
            throw new S3Exception(
                S3Errors.InvalidArgument,
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
                + "the zero-based offsets of the first and last bytes to copy");
        }

        return last < info.Size
            ? new ByteRange(first, last)
            : throw new S3Exception(S3Errors.InvalidArgument, $"Range specified is not valid for source object of size: {info.Size}");
    }
}
