using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>What does not exist for clients (rule A8). Listings leave it out: <see cref="VisibleListings"/>.</summary>
public sealed partial class S3FrontDoor
{
    /// <summary>
    /// Refuses a request about a hidden name by a caller who has the right to make it: a read as if the name had been deleted here, a
    /// write as without a right. Callers without the right were refused before, whether the name is hidden or not.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="response">Gets the headers of the error; null for none.</param>
    /// <exception cref="S3Exception">
    /// NoSuchBucket, NoSuchKey, NoSuchVersion, NoSuchUpload, or a parameter of the read is invalid; AccessDenied for a write.
    /// </exception>
    private void RefuseHidden(S3Request request, S3Response? response)
    {
        var (hidden, bucket, key) = (settings.Hidden, request.Bucket, request.Key);
        if (hidden.IsEmpty || !IsHidden(request))
        {
            return;
        }

        if (!AccessRights.IsRead(request.Operation) || (key.Length == 0 && !hidden.Hides(bucket)))
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }

        var isOfObject = key.Length > 0 && request.Operation != S3Operation.ListParts;
        if (isOfObject && response is not null && settings.IsOverlaid(bucket)
            && (!hidden.Hides(bucket) || request.Operation is S3Operation.GetObject or S3Operation.HeadObject))
        {
            response.Headers[OriginHeaders.Layer] = "local";
        }

        if (isOfObject)
        {
            // No layer is asked, so the parameters are checked here.
            ReadParameters.Check(request);
        }

        throw hidden.Hides(bucket) ? new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", bucket)] }
            : isOfObject ? Absent(request.Query["versionId"]) : new S3Exception(S3Errors.NoSuchUpload);
    }

    /// <summary>Refuses a hidden source of a copy.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey, NoSuchVersion.</exception>
    private void RefuseHidden(CopySource? source)
    {
        if (source is not null && settings.Hidden.Covers(source.Bucket, source.Key))
        {
            throw settings.Hidden.Hides(source.Bucket)
                ? new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", source.Bucket)] } : Absent(source.VersionId);
        }
    }

    private static S3Exception Absent(string? versionId) =>
        new(versionId is { Length: > 0 } and not "null" ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey);

    private bool IsHidden(S3Request request) => request.Key.Length > 0 ? settings.Hidden.Covers(request.Bucket, request.Key)
        : settings.Hidden.Hides(request.Bucket) || (IsOfManyKeys(request) && settings.Hidden.HasSome(request.Bucket));

    /// <summary>
    /// Whether a request is about keys that it does not name, in a way that only a store knows: its events, its usage, an archive that it
    /// unpacks.
    /// </summary>
    private static bool IsOfManyKeys(S3Request request) =>
        request.Operation is S3Operation.StoreRead or S3Operation.StoreWrite || request.Query.Has("read-stats");

    /// <summary>The same request, if it or its body may be about hidden names besides the one in its address.</summary>
    /// <exception cref="S3Exception">AccessDenied, or as if a bucket did not exist.</exception>
    private async ValueTask<S3Request> WithoutHiddenAsync(S3Request request, bool isForwarded, CancellationToken cancellationToken)
    {
        var (hidden, bucket) = (settings.Hidden, request.Bucket);
        if (hidden.IsEmpty)
        {
            return request;
        }

        switch (request.Operation)
        {
            case S3Operation.ListBuckets:
                var maySee = request.MaySee;
                return request with { MaySee = name => !hidden.Hides(name) && (maySee is null || maySee(name)) };

            case S3Operation.PutBucketConfiguration when HiddenReach.Is(request.Query):
                var read = await ReadBody.ReadAsync(request.Body, cancellationToken);
                if (await S3XmlReader.ReadAsync(read, cancellationToken) is { } root)
                {
                    HiddenReach.Refuse(request.Query, bucket, root, hidden);
                }

                return request with { Body = read.Again() };

            // Nothing checks the keys in an archive that a store unpacks.
            case S3Operation.PutObject when isForwarded && request.IsArchiveUpload && hidden.HasSome(bucket):
                throw new S3Exception(S3Errors.AccessDenied);

            case S3Operation.DeleteObjects when hidden.HasSome(bucket):
                var (mayWrite, mayDelete) = (request.MayWrite, request.MayDelete);
                return request with
                {
                    MayWriteAll = false,
                    MayWrite = key => !hidden.Covers(bucket, key) && mayWrite(key),
                    MayDelete = (key, version) => !hidden.Covers(bucket, key) && mayDelete(key, version),
                };

            default:
                return request;
        }
    }
}
