using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>What does not exist for clients (rule A8). Listings leave it out: <see cref="VisibleListings"/>.</summary>
public sealed partial class S3FrontDoor
{
    /// <summary>
    /// Refuses a request of somebody who may make it, but is about a hidden name: as if there were nothing to read, and no right to write.
    /// Who may not make it has been refused before, whether the name is hidden or not.
    /// </summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey, NoSuchVersion, NoSuchUpload; AccessDenied for a write.</exception>
    private void RefuseHidden(S3Operation operation, string bucket, string key, string? versionId)
    {
        var hidden = settings.Hidden;
        if (hidden.IsEmpty || bucket.Length == 0)
        {
            return;
        }

        var isRead = AccessRights.IsRead(operation);
        if (hidden.Hides(bucket))
        {
            throw !isRead ? new S3Exception(S3Errors.AccessDenied)
                : new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", bucket)] };
        }

        if (key.Length > 0 && hidden.Covers(bucket, key))
        {
            throw new S3Exception(!isRead ? S3Errors.AccessDenied
                : operation == S3Operation.ListParts ? S3Errors.NoSuchUpload
                : versionId is { Length: > 0 } ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey);
        }

        if (key.Length == 0 && operation is S3Operation.StoreRead or S3Operation.StoreWrite && hidden.PrefixesIn(bucket).Count > 0)
        {
            // A store's own operation on all keys, such as a stream of events.
            throw new S3Exception(S3Errors.AccessDenied);
        }
    }

    /// <summary>The same request, if its body or an archive may name hidden keys.</summary>
    /// <exception cref="S3Exception">AccessDenied for an archive: nothing checks the keys in it.</exception>
    private S3Request WithoutHidden(S3Request request, bool isForwarded)
    {
        var (hidden, bucket) = (settings.Hidden, request.Bucket);
        if (hidden.IsEmpty)
        {
            return request;
        }

        if (request.Operation == S3Operation.ListBuckets)
        {
            var maySee = request.MaySee;
            return request with { MaySee = name => !hidden.Hides(name) && (maySee is null || maySee(name)) };
        }

        if (hidden.PrefixesIn(bucket).Count == 0)
        {
            return request;
        }

        if (isForwarded && request.IsArchiveUpload)
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }

        if (request.Operation != S3Operation.DeleteObjects)
        {
            return request;
        }

        var (mayWrite, mayDelete) = (request.MayWrite, request.MayDelete);
        return request with
        {
            MayWriteAll = false,
            MayWrite = key => !hidden.Covers(bucket, key) && mayWrite(key),
            MayDelete = (key, version) => !hidden.Covers(bucket, key) && mayDelete(key, version),
        };
    }
}
