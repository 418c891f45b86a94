using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class UploadOperations(EmbeddedStore store)
{
    public async Task CreateAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var bucket = store.Buckets.Require(request.Bucket);
        var encryption = WriteEncryption.Of(request, bucket, store);
        using var key = encryption is null ? null : DataKey.New();
        var (algorithm, isFullObject) = ReadChecksum(request);
        var upload = new UploadRecord
        {
            UploadId = store.Uploads.NewId(),
            Bucket = request.Bucket,
            Key = request.Key,
            Initiated = store.Now,
            Headers = [.. StoredHeaders.Of(request), .. encryption?.Headers ?? []],
            Tags = ObjectTags.FromHeader(request),
            Lock = LockOperations.Requested(store, request),
            Acl = AccessHeaders.OfObject(store, request),
            Base = (request as OverlaidWrite)?.Base,
            Algorithm = algorithm,
            IsFullObject = isFullObject,
            Envelope = key?.WrapWith(encryption!.Key, KeyPlace.OfUpload(request.Bucket, request.Key)),
            SealKey = encryption?.Key.Kind == KeyKind.Customer ? key!.ToArray() : null,
        };
        await store.Uploads.CreateAsync(upload, cancellationToken);
        encryption?.Show(response);

        if (algorithm is { } chosen)
        {
            response.Headers["x-amz-checksum-algorithm"] = ChecksumNames.Name(chosen);
            response.Headers["x-amz-checksum-type"] = upload.ChecksumType;
        }

        await new S3XmlWriter().Root("InitiateMultipartUploadResult")
            .Element("Bucket", request.Bucket).Element("Key", request.Key).Element("UploadId", upload.UploadId)
            .Close("InitiateMultipartUploadResult").SendAsync(request, response, cancellationToken);
    }

    /// <summary>The object before the upload stays (rule W6).</summary>
    public async Task AbortAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        await store.Uploads.AbortAsync(request.Bucket, request.Key, request.Query["uploadId"] ?? "", cancellationToken);
        response.Status = StatusCodes.Status204NoContent;
    }

    public async Task ListPartsAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var upload = await store.Uploads.RequireAsync(request.Bucket, request.Key, request.Query["uploadId"] ?? "");
        var after = MarkerPage.Number(request.Query, "part-number-marker", int.MaxValue);
        after = after == int.MaxValue && string.IsNullOrEmpty(request.Query["part-number-marker"]) ? 0 : Math.Min(after, PartNumbers.Max);
        var limit = MarkerPage.Number(request.Query, "max-parts", 1000);
        var parts = await store.Uploads.PartsAsync(upload.UploadId, after, limit + 1);
        var isTruncated = limit > 0 && parts.Count > limit;

        var xml = new S3XmlWriter().Root("ListPartsResult")
            .Element("Bucket", request.Bucket).Element("Key", request.Key).Element("UploadId", upload.UploadId);
        WriteOwners(xml, request, upload).Element("StorageClass", upload.StorageClass).Element("PartNumberMarker", after);
        xml.Element("NextPartNumberMarker", parts.Take(limit).LastOrDefault()?.Number ?? 0);
        xml.Element("MaxParts", limit).Element("IsTruncated", isTruncated);
        WriteChecksum(xml, upload);
        foreach (var part in parts.Take(limit))
        {
            xml.Open("Part").Element("PartNumber", part.Number).Element("LastModified", part.Info.LastModified)
                .Element("ETag", part.Info.ETag).Element("Size", part.Info.Size);
            if (part.Checksum is { } checksum)
            {
                xml.Element(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
            }

            xml.Close("Part");
        }

        await xml.Close("ListPartsResult").SendAsync(request, response, cancellationToken);
    }

    public async Task ListAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var page = MarkerPage.Parse(request, "max-uploads");
        var idMarker = page.UploadIdMarker(request);
        if (idMarker.Length > 0 && !await store.Uploads.MayBeOfAsync(request.Bucket, page.KeyMarker, idMarker))
        {
            throw MarkerPage.NoUpload(idMarker);
        }

        var rows = await store.Uploads.ListAsync(request.Bucket, page.Prefix, page.Delimiter, page.After, idMarker, page.Limit + 1);
        var isTruncated = page.Limit > 0 && rows.Count > page.Limit;

        var xml = new S3XmlWriter().Root("ListMultipartUploadsResult")
            .Element("Bucket", request.Bucket).Element("KeyMarker", page.Name(page.KeyMarker)).Element("UploadIdMarker", idMarker);

        // S3 names the page's last upload, on the last page too. If a page ends with a common prefix and another follows, S3 names none, so
        // clients cannot continue; here it is the prefix.
        var last = rows.Take(page.Limit).LastOrDefault(row => isTruncated || row.Upload is not null);
        xml.Element("NextKeyMarker", page.Name(last.Name ?? "")).Element("NextUploadIdMarker", last.Upload?.UploadId ?? "");
        xml.Element("Prefix", page.Name(page.Prefix));
        page.WriteDelimiter(xml);
        xml.Element("MaxUploads", page.Limit).Element("IsTruncated", isTruncated);
        foreach (var (name, upload) in rows.Take(page.Limit))
        {
            if (upload is not null)
            {
                xml.Open("Upload").Element("Key", page.Name(name)).Element("UploadId", upload.UploadId);
                WriteOwners(xml, request, upload).Element("StorageClass", upload.StorageClass).Element("Initiated", upload.Initiated);
                WriteChecksum(xml, upload);
                xml.Close("Upload");
            }
        }

        foreach (var (name, _) in rows.Take(page.Limit).Where(static row => row.Upload is null))
        {
            xml.Open("CommonPrefixes").Element("Prefix", page.Name(name)).Close("CommonPrefixes");
        }

        await xml.Close("ListMultipartUploadsResult").SendAsync(request, response, cancellationToken);
    }

    private static S3XmlWriter WriteOwners(S3XmlWriter xml, S3Request request, UploadRecord upload)
    {
        foreach (var role in (ReadOnlySpan<string>)["Initiator", "Owner"])
        {
            xml.Open(role).Account(request.Owners(ObjectAccess.FromText(upload.Acl).OwnerId)).Close(role);
        }

        return xml;
    }

    private static void WriteChecksum(S3XmlWriter xml, UploadRecord upload)
    {
        if (upload.Algorithm is { } algorithm)
        {
            xml.Element("ChecksumAlgorithm", ChecksumNames.Name(algorithm)).Element("ChecksumType", upload.ChecksumType!);
        }
    }

    private static (ChecksumAlgorithm? Algorithm, bool IsFullObject) ReadChecksum(S3Request request)
    {
        var type = request.Header("x-amz-checksum-type");
        if (request.Header("x-amz-checksum-algorithm") is not { Length: > 0 } name)
        {
            return type is null
                ? (null, false)
                : throw new S3Exception(
                    S3Errors.InvalidRequest, "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
        }

        var algorithm = ChecksumNames.Parse(name);
        type ??= PartChecksums.DefaultType(algorithm);
        var isPossible = type switch
        {
            PartChecksums.FullObjectType => PartChecksums.CanBeFullObject(algorithm),
            PartChecksums.CompositeType => PartChecksums.CanBeComposite(algorithm),
            _ => throw new S3Exception(S3Errors.InvalidRequest, "Value for x-amz-checksum-type header is invalid."),
        };
        return isPossible
            ? (algorithm, type == PartChecksums.FullObjectType)
            : throw new S3Exception(
                S3Errors.InvalidRequest, $"The {type} checksum type cannot be used with the {name.ToLowerInvariant()} checksum algorithm.");
    }
}
