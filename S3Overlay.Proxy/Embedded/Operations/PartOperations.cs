using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class PartOperations(EmbeddedStore store)
{
    public async Task UploadAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var number = PartNumbers.Parse(request.Query["partNumber"]);
        var upload = await store.Uploads.RequireAsync(request.Bucket, request.Key, request.Query["uploadId"] ?? "");
        var length = PutOperations.LengthOf(request);
        var encryption = WriteEncryption.OfPart(request, upload, store);
        var row = await StoreAsync(
            upload, encryption, number, length, request.Body, upload.IsFullObject ? upload.Algorithm : null, cancellationToken);
        encryption?.Show(response);
        response.Status = StatusCodes.Status200OK;
        response.Headers.ETag = row.Info.ETag;
        response.Headers.ContentLength = 0;
        if (row.Checksum is { } checksum)
        {
            response.Headers[ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
        }
    }

    public async Task CopyAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var number = PartNumbers.Parse(request.Query["partNumber"]);
        var upload = await store.Uploads.RequireAsync(request.Bucket, request.Key, request.Query["uploadId"] ?? "");
        var source = CopySource.Parse(request);
        var encryption = WriteEncryption.OfPart(request, upload, store);
        using var stored = await CopyOperations.OpenSourceAsync(store, source, request);
        var range = RangeOf(request, stored.Row.Info.Size);
        CopyOperations.CheckSize(range?.Length ?? 0);
        var body = new StoredBody(store, stored, range);
        var row = await StoreAsync(upload, encryption, number, range?.Length ?? 0, body, upload.Algorithm, cancellationToken);
        encryption?.Show(response);
        CopyOperations.ShowSource(store, source, stored, response);

        await CopyOperations.Result("CopyPartResult", row.Info with { Checksums = row.Checksum is { } checksum ? [checksum]
            : [], ChecksumType = null }).SendAsync(request, response, cancellationToken);
    }

    /// <summary>
    /// Stores a part. <paramref name="missing"/> is computed if the part has no checksum: S3 insists on one only if the client must repeat
    /// each part's checksum at the end. So parts from presigned links, whose clients often cannot compute one, are accepted.
    /// </summary>
    private async Task<PartRow> StoreAsync(
        UploadRecord upload, WriteEncryption? encryption, int number, long length, S3Body body, ChecksumAlgorithm? missing,
        CancellationToken cancellationToken)
    {
        // In an upload without a checksum the object still gets one, made of the parts'. The parts' are never shown.
        var (own, isAdded) = (body.Checksum?.Algorithm ?? body.ComingChecksum, upload.Algorithm is null);
        var computed = isAdded ? PutOperations.DefaultChecksum : own is null ? missing : null;
        isAdded &= own != computed;
        var header = new FileHeader
        {
            Bucket = upload.Bucket,
            Key = upload.Key,
            UploadId = upload.UploadId,
            PartNumber = number,
            Info = new ObjectInfo { Size = length, ETag = PutOperations.EmptyETag, LastModified = store.Now },
        };
        var hidesMd5 = encryption is { HidesMd5: true };
        using var key = encryption is null ? null : DataKey.New();
        await using var file = await store.Objects.NewFileAsync(
            FileKind.Part, length, header, wantsMd5: !hidesMd5, own == computed ? null : computed, key);
        await file.FillAsync(body, cancellationToken);
        RequireChecksum(upload, body.Checksum ?? file.Checksum);
        var info = header.Info with
        {
            ETag = hidesMd5 ? WriteEncryption.OpaqueETag() : PutOperations.Quoted(file.Md5),
            Checksums = [.. ((BodyChecksum?[])[body.Checksum, file.Checksum]).OfType<BodyChecksum>()],
            ChecksumType = isAdded ? PartChecksums.FullObjectType : null,
        };
        header = header with { Info = info, Envelope = encryption?.Wrap(key!, header, file) };
        return await store.Uploads.CommitPartAsync(upload, file, header, cancellationToken);
    }

    /// <summary>An upload with a checksum algorithm accepts only parts with that checksum.</summary>
    private static void RequireChecksum(UploadRecord upload, BodyChecksum? checksum)
    {
        if (upload.Algorithm is { } expected && checksum?.Algorithm != expected)
        {
            var actual = checksum is { } came ? ChecksumNames.Name(came.Algorithm).ToLowerInvariant() : "null";
            throw new S3Exception(
                S3Errors.InvalidRequest,
                "Checksum Type mismatch occurred, "
                + $"expected checksum Type: {ChecksumNames.Name(expected).ToLowerInvariant()}, actual checksum Type: {actual}");
        }
    }

    /// <summary>The bytes to copy: only <c>bytes=first-last</c>, within the source.</summary>
    private static ByteRange? RangeOf(S3Request request, long size)
    {
        if (request.Header("x-amz-copy-source-range") is not { } header)
        {
            return size == 0 ? null : new ByteRange(0, size - 1);
        }

        if (RangeHeader.Parse(header) is not { First: { } first, Last: { } last })
        {
            throw new S3Exception(
                S3Errors.InvalidArgument,
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
                + "the zero-based offsets of the first and last bytes to copy");
        }

        return last < size
            ? new ByteRange(first, last)
            : throw new S3Exception(
                S3Errors.InvalidArgument,
                string.Create(CultureInfo.InvariantCulture, $"Range specified is not valid for source object of size: {size}"));
    }
}
