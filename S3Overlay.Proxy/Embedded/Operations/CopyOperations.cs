using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>CopyObject.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html</remarks>
internal sealed class CopyOperations(EmbeddedStore store)
{
    public async Task CopyAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var bucket = store.Buckets.Require(request.Bucket);
        var source = CopySource.Parse(request);
        var replacesMetadata = IsReplace(request, "x-amz-metadata-directive");
        var replacesTags = IsReplace(request, "x-amz-tagging-directive");
        RefuseCopyOntoItself(request, source, replacesMetadata);
        var conditions = PutOperations.ConditionsOf(request.Headers);
        var wanted = WantedChecksum(request);
        var locked = LockOperations.Requested(store, request);
        var encryption = WriteEncryption.Of(request, bucket, store);

        using var stored = await OpenSourceAsync(store, source, request);
        var info = stored.Row.Info;
        CheckSize(info.Size);

        conditions?.Judge((await store.Objects.FindAsync(request.Bucket, request.Key))?.Info.ETag);
        var header = new FileHeader
        {
            Bucket = request.Bucket,
            Key = request.Key,
            Tags = replacesTags ? ObjectTags.FromHeader(request) : stored.Row.Tags,
            Lock = locked,
            Acl = AccessHeaders.OfObject(store, request),
            Base = (request as OverlaidWrite)?.Base,
            Info = new ObjectInfo
            {
                Size = info.Size,
                ETag = PutOperations.EmptyETag,
                LastModified = store.Now,
                Headers =
                [
                    .. replacesMetadata ? StoredHeaders.Of(request) : StoredHeaders.OfCopy(request, info.Headers),
                    .. encryption?.Headers ?? [],
                ],
            },
        };

        // A source in one piece: its ETag is its MD5 and also holds for the copy, unless it was copied up from a multipart object of the
        // remote. A copy of a multipart source is one piece with a new MD5.
        var isOnePiece = stored.Row.PartCount == 0 && info.ETag.Length == PutOperations.EmptyETag.Length
            && stored.Row.Envelope is null or { Kind: KeyKind.Master };
        var hidesMd5 = encryption is { HidesMd5: true };
        var kept = KeptChecksum(info, wanted);
        using var key = encryption is null ? null : DataKey.New();
        await using var file = await store.Objects.NewFileAsync(FileKind.Object, info.Size, header, wantsMd5: !isOnePiece && !hidesMd5,
            kept is null ? wanted ?? AlgorithmOf(info) : null, key);
        var body = new StoredBody(store, stored, info.Size == 0 ? null : new ByteRange(0, info.Size - 1));
        await file.FillAsync(body, cancellationToken);
        var checksum = kept ?? file.Checksum;
        var copied = header.Info with
        {
            ETag = hidesMd5 ? WriteEncryption.OpaqueETag() : isOnePiece ? info.ETag : PutOperations.Quoted(file.Md5),
            Checksums = checksum is { } value ? [value] : [],
            ChecksumType = checksum is null ? null : PartChecksums.FullObjectType,
        };
        header = header with { Info = copied, Envelope = encryption?.Wrap(key!, header, file) };
        var row = await store.Objects.CommitAsync(file, header, conditions, null, cancellationToken);
        EmbeddedStore.ShowWritten(row.VersionId, response);
        store.ShowExpiry(request.Bucket, request.Key, row.Info, row.Tags, response);
        encryption?.Show(response);
        ShowSource(store, source, stored, response);
        await Result("CopyObjectResult", row.Info).SendAsync(request, response, cancellationToken);
    }

    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public static void CheckSize(long size)
    {
        if (size > PutOperations.MaxSize)
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                $"The specified copy source is larger than the maximum allowable size for a copy source: {PutOperations.MaxSize}");
        }
    }

    /// <summary>Opens a copy's source with the key that the request brings for it, and judges the conditions on it.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey, NoSuchVersion, PreconditionFailed; as <see cref="ReadEncryption.Unlock"/>.
    /// </exception>
    public static async ValueTask<StoredObject> OpenSourceAsync(EmbeddedStore store, CopySource source, S3Request request)
    {
        var customer = CustomerKey.OfSource(request, store.MayTakePlainKeys);
        var stored = await OpenSourceAsync(store, source);
        try
        {
            ReadEncryption.Unlock(stored, new ObjectName(source.Bucket, source.Key), customer, store);
            return ReadConditions.CopySourceFailure(request, stored.Row.Info.ETag, stored.Row.Info.LastModified) is { } failed
                ? throw failed : stored;
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    /// <summary>A delete marker cannot be copied.</summary>
    private static async ValueTask<StoredObject> OpenSourceAsync(EmbeddedStore store, CopySource source)
    {
        try
        {
            return await store.Objects.OpenAsync(source.Bucket, source.Key, source.VersionId);
        }
        catch (S3Exception marker) when (marker.Error == S3Errors.MethodNotAllowed)
        {
            throw new S3Exception(S3Errors.InvalidRequest,
                "The source of a copy request may not specifically refer to a delete marker by version id.", marker);
        }
    }

    /// <summary>Shows which version was copied.</summary>
    public static void ShowSource(EmbeddedStore store, CopySource source, StoredObject stored, S3Response response)
    {
        if (source.VersionId is null)
        {
            store.ShowVersion(source.Bucket, stored.Row, response, "x-amz-copy-source-version-id");
        }
        else
        {
            response.Headers["x-amz-copy-source-version-id"] = source.VersionId;
        }
    }

    /// <summary>The result document of CopyObject or UploadPartCopy.</summary>
    public static S3XmlWriter Result(string root, ObjectInfo info)
    {
        var xml = new S3XmlWriter().Root(root).Element("LastModified", info.LastModified).Element("ETag", info.ETag);
        return WriteChecksums(xml, info).Close(root);
    }

    public static S3XmlWriter WriteChecksums(S3XmlWriter xml, ObjectInfo info)
    {
        foreach (var checksum in info.Checksums)
        {
            xml.Element(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
        }

        return info.ChecksumType is { } type ? xml.Element("ChecksumType", type) : xml;
    }

    /// <summary>The source's checksum if it also holds for the copy: over all bytes, and of the requested algorithm, if any.</summary>
    private static BodyChecksum? KeptChecksum(ObjectInfo source, ChecksumAlgorithm? wanted) =>
        source.Checksums.Count > 0
            && source.ChecksumType == PartChecksums.FullObjectType
            && (wanted is null || source.Checksums[0].Algorithm == wanted)
            ? source.Checksums[0]
            : null;

    /// <summary>A copy has one piece, and so a checksum over all bytes, of the source's algorithm unless another was requested.</summary>
    private static ChecksumAlgorithm AlgorithmOf(ObjectInfo source) => source.Checksums.Count > 0 ? source.Checksums[0].Algorithm
        : PutOperations.DefaultChecksum;

    private static ChecksumAlgorithm? WantedChecksum(S3Request request) =>
        request.Header("x-amz-checksum-algorithm") is { Length: > 0 } name ? ChecksumNames.Parse(name) : null;

    private static bool IsReplace(S3Request request, string header) => request.Header(header) switch
    {
        null or "" or "COPY" => false,
        "REPLACE" => true,
        var other => throw new S3Exception(S3Errors.InvalidArgument,
            $"Unknown {(header.Contains("metadata", StringComparison.Ordinal) ? "metadata" : "tagging")} directive.")
        {
            Details = [new("ArgumentName", header), new("ArgumentValue", other)],
        },
    };

    private static void RefuseCopyOntoItself(S3Request request, CopySource source, bool replacesMetadata)
    {
        if (source.Bucket == request.Bucket
            && source.Key == request.Key
            && source.VersionId is null
            && !replacesMetadata
            && request.Header("x-amz-storage-class") is null
            && request.Header("x-amz-website-redirect-location") is null
            && !request.Headers.Any(static header => WriteEncryption.Is(header.Key)))
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the "
                + "object's metadata, storage class, website redirect location or encryption attributes.");
        }
    }
}

/// <summary>Bytes of a stored object as the body of a copy. Every block is checked.</summary>
internal sealed class StoredBody(EmbeddedStore store, StoredObject source, ByteRange? range) : S3Body
{
    private long _position = range?.First ?? 0;

    /// <inheritdoc/>
    public override long? Length => range?.Length ?? 0;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (range is not { } wanted || _position > wanted.Last)
        {
            return 0;
        }

        try
        {
            var most = (int)Math.Min(buffer.Length, wanted.Last - _position + 1);
            var read = await source.ReadAsync(_position, buffer[..most], cancellationToken);
            _position += read;
            return read;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw store.Objects.Damaged(failure);
        }
    }
}
