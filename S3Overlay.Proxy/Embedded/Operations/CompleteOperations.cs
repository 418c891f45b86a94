using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>CompleteMultipartUpload: one row per part, and no byte is copied.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html</remarks>
internal sealed class CompleteOperations(EmbeddedStore store)
{
    /// <summary>Repeated within a day with the same parts, it returns the same response (rule W6).</summary>
    public async Task CompleteAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var uploadId = request.Query["uploadId"] ?? "";
        var conditions = PutOperations.ConditionsOf(request.Headers);
        var named = NamedPart.ReadAll(
            await S3XmlReader.ReadAsync(request.Body, cancellationToken)
                ?? throw new S3Exception(S3Errors.InvalidRequest, "You must specify at least one part"));
        var fingerprint = Fingerprint(named);
        CompletedObject done;
        using (await store.Uploads.TakeAsync(uploadId, cancellationToken))
        {
            var upload = await store.Uploads.FindAsync(request.Bucket, request.Key, uploadId);
            done = upload is null
                ? await RepeatedAsync(request, uploadId, fingerprint)
                : await CompleteAsync(upload, named, fingerprint, conditions, request, cancellationToken);
        }

        EmbeddedStore.ShowWritten(done.VersionId, response);
        store.ShowExpiry(request.Bucket, request.Key, done.Info, done.Tags, response);
        WriteEncryption.Show(done.Info.Headers, response);
        CustomerKey.Of(request, store.MayTakePlainKeys)?.Show(response);
        await SendAsync(done.Info, request, response, cancellationToken);
    }

    private async Task<CompletedObject> CompleteAsync(
        UploadRecord upload, IReadOnlyList<NamedPart> named, string fingerprint, WriteConditions? conditions, S3Request request,
        CancellationToken cancellationToken)
    {
        CheckType(request, upload);
        using var key = WriteEncryption.SealOf(request, upload, store);
        var all = await store.Uploads.PartsAsync(upload.UploadId);
        var parts = Choose(upload, named, all);
        CheckSize(request, parts);
        var checksum = ChecksumOf(upload, parts);
        CheckPromised(request, upload.Algorithm is null ? null : checksum);
        var manifest = new FileHeader
        {
            Bucket = upload.Bucket,
            Key = upload.Key,
            Tags = upload.Tags,
            Lock = upload.Lock,
            Acl = upload.Acl,
            Base = upload.Base,
            RestoresBase = request is OverlaidWrite { RestoresBase: true },
            UploadId = upload.UploadId,
            PartsFingerprint = fingerprint,
            Envelope = upload.Envelope,
            Parts = [.. parts.Select(static part => new StoredPart(part.File, part.Number, part.Info.Size, part.Checksum))],
            Info = new ObjectInfo
            {
                Size = parts.Sum(static part => part.Info.Size),
                ETag = ETagOf(parts),
                LastModified = store.Now,
                Headers = upload.Headers,
                Checksums = checksum is { } value ? [value] : [],
                ChecksumType = checksum is null ? null : upload.ChecksumType ?? PartChecksums.FullObjectType,
            },
        };
        var row = await store.Uploads.CompleteAsync(upload, all, manifest, key, conditions, cancellationToken);
        return new(row.Info, row.VersionId, row.Tags);
    }

    private async Task<CompletedObject> RepeatedAsync(S3Request request, string uploadId, string fingerprint) =>
        await store.Uploads.FindCompletedAsync(uploadId) is { } done
            && done.Bucket == request.Bucket
            && done.Key == request.Key
            && done.Parts == fingerprint
            ? new(done.Info, done.VersionId, null)
            : throw new S3Exception(S3Errors.NoSuchUpload) { Details = [new("UploadId", uploadId)] };

    private List<PartRow> Choose(UploadRecord upload, IReadOnlyList<NamedPart> named, IReadOnlyList<PartRow> all)
    {
        var known = all.ToDictionary(static part => part.Number);
        var parts = new List<PartRow>(named.Count);
        foreach (var name in named)
        {
            if (parts.Count > 0 && name.Number <= parts[^1].Number)
            {
                throw new S3Exception(S3Errors.InvalidPartOrder) { Details = [new("UploadId", upload.UploadId)] };
            }

            name.CheckAlgorithm(upload);
            if (!known.TryGetValue(name.Number, out var part) || !name.Fits(part))
            {
                throw new S3Exception(S3Errors.InvalidPart)
                {
                    Details =
                    [
                        new("UploadId", upload.UploadId),
                        new("PartNumber", name.Number.ToString(CultureInfo.InvariantCulture)),
                        new("ETag", ETags.Bare(name.ETag).ToString()),
                    ],
                };
            }

            parts.Add(part);
        }

        foreach (var part in parts.SkipLast(1))
        {
            if (part.Info.Size < store.MinPartSize)
            {
                throw new S3Exception(S3Errors.EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size")
                {
                    Details =
                    [
                        new("ProposedSize", part.Info.Size.ToString(CultureInfo.InvariantCulture)),
                        new("MinSizeAllowed", store.MinPartSize.ToString(CultureInfo.InvariantCulture)),
                        new("PartNumber", part.Number.ToString(CultureInfo.InvariantCulture)),
                        new("ETag", ETags.Bare(part.Info.ETag).ToString()),
                    ],
                };
            }
        }

        return parts;
    }

    private static void CheckSize(S3Request request, List<PartRow> parts)
    {
        var size = parts.Sum(static part => part.Info.Size).ToString(CultureInfo.InvariantCulture);
        if (request.Header("x-amz-mp-object-size") is { } promised && promised != size)
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                $"The provided 'x-amz-mp-object-size' header value {promised} does not match what was computed: {size}");
        }
    }

    private static BodyChecksum? ChecksumOf(UploadRecord upload, List<PartRow> parts)
    {
        if (upload.Algorithm is not { } algorithm)
        {
            // Parts from before this store added checksums have none.
            var added = parts.Select(static part => (part.Find(PutOperations.DefaultChecksum)?.Value, part.Info.Size)).ToList();
            return added.All(static part => part.Value is not null) ? PartChecksums.FullObject(PutOperations.DefaultChecksum, added!)
                : null;
        }

        return upload.IsFullObject
            ? PartChecksums.FullObject(algorithm, parts.Select(static part => (part.Checksum!.Value.Value, part.Info.Size)))
            : PartChecksums.Composite(algorithm, parts.Select(static part => part.Checksum!.Value.Value));
    }

    /// <summary>The checksum type must be the one the upload was created with.</summary>
    private static void CheckType(S3Request request, UploadRecord upload)
    {
        if (request.Header("x-amz-checksum-type") is { Length: > 0 } type && type != upload.ChecksumType)
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                $"The upload was created using the {upload.ChecksumType ?? "null"} checksum mode. "
                + "The complete request must use the same checksum mode.");
        }
    }

    /// <summary>
    /// A checksum of the whole object must match the one computed; a composite one with or without its count. One of another algorithm than
    /// the upload's is refused like a wrong one: if ignored, it would seem checked. An upload without a checksum has nothing to compare
    /// with, and S3 ignores it too.
    /// </summary>
    private static void CheckPromised(S3Request request, BodyChecksum? found)
    {
        if (found is not { } checksum)
        {
            return;
        }

        foreach (var algorithm in ChecksumNames.All)
        {
            if (request.Header(ChecksumNames.Header(algorithm)) is { } promised
                && (algorithm != checksum.Algorithm
                    || (promised != checksum.Value && promised != PartChecksums.WithoutCount(checksum.Value))))
            {
                throw new S3Exception(
                    S3Errors.BadDigest,
                    $"The {ChecksumNames.Name(checksum.Algorithm).ToLowerInvariant()} you specified did not match "
                    + "the calculated checksum.");
            }
        }
    }

    /// <summary>The MD5 of the parts' MD5s, and the number of parts.</summary>
    private static string ETagOf(List<PartRow> parts)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        foreach (var part in parts)
        {
            md5.AppendData(Convert.FromHexString(ETags.Bare(part.Info.ETag)));
        }

        return PutOperations
            .Quoted(string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(md5.GetHashAndReset())}-{parts.Count}"));
    }

    private static string Fingerprint(IReadOnlyList<NamedPart> named)
    {
        var lines = named.Select(static part => string.Create(CultureInfo.InvariantCulture, $"{part.Number} {ETags.Bare(part.ETag)}\n"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }

    private static Task SendAsync(ObjectInfo info, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var xml = new S3XmlWriter().Root("CompleteMultipartUploadResult")
            .Element("Location", request.Address.ObjectUrl(request.Bucket, request.Key))
            .Element("Bucket", request.Bucket).Element("Key", request.Key).Element("ETag", info.ETag);
        return CopyOperations.WriteChecksums(xml, info).Close("CompleteMultipartUploadResult")
            .SendAsync(request, response, cancellationToken);
    }

    private readonly record struct CompletedObject(ObjectInfo Info, string? VersionId, string? Tags);
}
