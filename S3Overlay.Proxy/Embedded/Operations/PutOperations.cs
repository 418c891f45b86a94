using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>PutObject.</summary>
internal sealed class PutOperations(EmbeddedStore store)
{
    /// <summary>The most one request may bring: 5 GiB.</summary>
    public const long MaxSize = 5L << 30;

    /// <summary>The checksum that an object gets that comes without any, as in S3: one over all bytes.</summary>
    public const ChecksumAlgorithm DefaultChecksum = ChecksumAlgorithm.Crc64Nvme;

    /// <summary>PutObject.</summary>
    public async Task PutAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        // All that can be judged without the body is, so that nobody sends a gigabyte to be told of a missing bucket.
        store.Buckets.Require(request.Bucket);
        var length = LengthOf(request);
        var headers = StoredHeaders.Of(request);
        var tags = ObjectTags.FromHeader(request);
        var condition = WriteCondition.Of(request.Headers);
        condition.Judge(store.Objects.Find(request.Bucket, request.Key));

        // An object that was the remote's stays what it is to clients that know its ETag. One that bound nobody to any bytes is not kept.
        var kept = request.CopiedUp is { } known && ETags.IsStrong(known.ETag) ? known.ETag : null;
        var header = new FileHeader
        {
            Bucket = request.Bucket,
            Key = request.Key,
            Tags = tags,
            Info = new ObjectInfo { Size = length, ETag = kept ?? EmptyETag, LastModified = store.Now, Headers = headers },
        };

        // What was the remote's keeps no checksum that the remote did not show.
        var added = request.CopiedUp is null && !HasChecksum(request.Body) ? DefaultChecksum : (ChecksumAlgorithm?)null;
        await using var file = await store.Objects.NewFileAsync(FileKind.Object, length, header, checksum: added);
        await file.FillAsync(request.Body, cancellationToken);
        var sum = request.Body.Checksum ?? file.Checksum;
        var info = header.Info with
        {
            Size = file.Length,
            ETag = kept ?? Quoted(file.Md5),
            Checksums = sum is { } value ? [value] : [],
            ChecksumType = sum is null ? null : PartChecksums.FullObjectType,
        };
        await store.Objects.CommitAsync(file, header with { Info = info }, condition, null, cancellationToken,
            request.CopiedUp?.LastModified);

        answer.Status = StatusCodes.Status200OK;
        answer.Headers.ETag = info.ETag;
        answer.Headers.ContentLength = 0;
        if (sum is { } checksum)
        {
            answer.Headers[ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
            answer.Headers["x-amz-checksum-type"] = info.ChecksumType;
        }
    }

    /// <summary>An ETag as long as every MD5, for headers that are measured before it is known.</summary>
    public static string EmptyETag { get; } = Quoted(new string('0', 32));

    /// <summary>The length a body says it has, or the most it can have where only its end will tell.</summary>
    /// <exception cref="S3Exception">MissingContentLength, EntityTooLarge.</exception>
    public static long LengthOf(S3Request request)
    {
        var length = request.Body.LongestLength ?? throw new S3Exception(S3Errors.MissingContentLength);
        return length <= MaxSize ? length : throw new S3Exception(S3Errors.EntityTooLarge)
        {
            Details =
            [
                new("ProposedSize", length.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                new("MaxSizeAllowed", MaxSize.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ],
        };
    }

    /// <summary>A tag in its quotes.</summary>
    public static string Quoted(string tag) => "\"" + tag + "\"";

    /// <summary>Whether a body has a checksum, or will have one at its end.</summary>
    public static bool HasChecksum(S3Body body) => body.Checksum is not null || body.ComingChecksum is not null;
}
