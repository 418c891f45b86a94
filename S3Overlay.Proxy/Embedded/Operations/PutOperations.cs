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

    /// <summary>PutObject.</summary>
    public async Task PutAsync(S3Request request, S3Answer answer, CancellationToken cancellationToken)
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
        await using var file = store.Objects.NewFile(FileKind.Object, length, header);
        await file.FillAsync(request.Body, cancellationToken);
        var info = header.Info with { Size = file.Length, ETag = kept ?? Quoted(file.Md5), Checksums = Checksums(request.Body), ChecksumType = TypeOf(request.Body) };
        await store.Objects.CommitAsync(file, header with { Info = info }, condition, null, cancellationToken, request.CopiedUp?.LastModified);

        answer.Status = StatusCodes.Status200OK;
        answer.Headers.ETag = info.ETag;
        answer.Headers.ContentLength = 0;
        if (request.Body.Checksum is { } checksum)
        {
            answer.Headers[ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
            answer.Headers["x-amz-checksum-type"] = "FULL_OBJECT";
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

    /// <summary>The checksum a body came with, as a list.</summary>
    public static IReadOnlyList<BodyChecksum> Checksums(S3Body body) => body.Checksum is { } checksum ? [checksum] : [];

    private static string? TypeOf(S3Body body) => body.Checksum is null ? null : "FULL_OBJECT";
}
