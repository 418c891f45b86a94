using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class PutOperations(EmbeddedStore store)
{
    /// <summary>Maximum size of one request: 5 GiB.</summary>
    public const long MaxSize = 5L << 30;

    /// <summary>The checksum of an object uploaded without one, as in S3: over all bytes.</summary>
    public const ChecksumAlgorithm DefaultChecksum = ChecksumAlgorithm.Crc64Nvme;

    public async Task PutAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        // Everything that can be judged without the body, before the client sends it.
        var bucket = store.Buckets.Require(request.Bucket);
        var length = LengthOf(request);
        var headers = StoredHeaders.Of(request);
        var locked = LockOperations.Requested(store, request);
        var encryption = WriteEncryption.Of(request, bucket, store);
        if (encryption is not null)
        {
            headers.AddRange(encryption.Headers);
        }

        var ofRemote = request as OverlayPut;
        var copiedUp = ofRemote?.CopiedUp;

        // Clients cannot correct the tags of the remote's objects: keep them as they are.
        var tags = ObjectTags.FromHeader(request, isClients: copiedUp is null && ofRemote is not { KeepsTags: true });
        var conditions = ConditionsOf(request.Headers);
        conditions?.Judge((await store.Objects.FindAsync(request.Bucket, request.Key))?.Info.ETag);

        // An object copied up from the remote keeps the ETag that clients know, if it is a strong one.
        var kept = copiedUp is { } known && ETags.IsStrong(known.ETag) ? known.ETag : null;
        var header = new FileHeader
        {
            Bucket = request.Bucket,
            Key = request.Key,
            Tags = tags,
            Lock = locked,
            Acl = AccessHeaders.OfObject(store, request),
            Base = (request as OverlaidWrite)?.Base,
            RestoresBase = request is OverlaidWrite { RestoresBase: true },
            Info = new ObjectInfo { Size = length, ETag = kept ?? EmptyETag, LastModified = store.Now, Headers = headers },
        };

        // An object copied up from the remote gets no checksum that the remote did not show.
        var added = copiedUp is null && !HasChecksum(request.Body) ? DefaultChecksum : (ChecksumAlgorithm?)null;
        using var key = encryption is null ? null : DataKey.New();
        await using var file = await store.Objects.NewFileAsync(
            FileKind.Object, length, header, wantsMd5: encryption is not { HidesMd5: true }, added, key);
        await file.FillAsync(request.Body, cancellationToken);
        var sum = request.Body.Checksum ?? file.Checksum;
        var info = header.Info with
        {
            Size = file.Length,
            ETag = kept ?? (encryption is { HidesMd5: true } ? WriteEncryption.OpaqueETag() : Quoted(file.Md5)),
            Checksums = sum is { } value ? [value] : [],
            ChecksumType = sum is null ? null : PartChecksums.FullObjectType,
        };
        header = header with { Info = info, Envelope = encryption?.Wrap(key!, header, file) };
        var row = await store.Objects.CommitAsync(file, header, conditions, null, cancellationToken, copiedUp?.LastModified);
        EmbeddedStore.ShowWritten(row.VersionId, response);
        store.ShowExpiry(request.Bucket, request.Key, row.Info, row.Tags, response);
        encryption?.Show(response);
        response.Status = StatusCodes.Status200OK;
        response.Headers.ETag = info.ETag;
        response.Headers.ContentLength = 0;
        if (sum is { } checksum)
        {
            response.Headers[ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
            response.Headers["x-amz-checksum-type"] = info.ChecksumType;
        }
    }

    /// <summary>The conditions of a write; null for none.</summary>
    /// <exception cref="S3Exception">NotImplemented for conditions that S3 does not support on writes.</exception>
    public static WriteConditions? ConditionsOf(IHeaderDictionary headers) =>
        headers.IfModifiedSince.Count > 0 || headers.IfUnmodifiedSince.Count > 0
            ? throw new S3Exception(S3Errors.NotImplemented)
            : WriteConditions.Of(headers);

    /// <summary>An ETag as long as every MD5, for headers that are measured before the MD5 is known.</summary>
    public static string EmptyETag { get; } = Quoted(new string('0', 32));

    /// <summary>The body's length, or the maximum if only its end will show.</summary>
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

    public static string Quoted(string tag) => "\"" + tag + "\"";

    /// <summary>True if a body has a checksum, or will have one at its end.</summary>
    public static bool HasChecksum(S3Body body) => body.Checksum is not null || body.ComingChecksum is not null;
}
