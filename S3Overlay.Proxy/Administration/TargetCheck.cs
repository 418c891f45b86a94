using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// Separates targets that no layer has from those with nothing to show. Methods ask after they found nothing, so what is there costs no
/// look. A remote that cannot be asked is no proof that something is missing.
/// </summary>
internal sealed class TargetCheck(LocalLayer local, BucketDirectory directory)
{
    /// <summary>True for a bucket of the overlay's own, which has nothing for administrators (rule T5).</summary>
    public bool IsInternal(string bucket) => directory.IsInternal(bucket);

    /// <summary>Refuses a bucket or key that no layer has. A prefix may be empty.</summary>
    /// <exception cref="S3Exception">NoSuchBucket, NoSuchKey.</exception>
    public async ValueTask RequireAsync(AdministrationScope scope, CancellationToken cancellationToken)
    {
        if (scope.Bucket is not { } bucket)
        {
            return;
        }

        await RequireBucketAsync(bucket, cancellationToken);
        if (scope.Key is { } key && !await HasAsync(bucket, key, cancellationToken))
        {
            throw NoKey(bucket, key);
        }
    }

    /// <summary>Refuses a bucket that no layer has.</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public async ValueTask RequireBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        if (!await HasAsync(bucket, cancellationToken))
        {
            throw NoBucket(bucket);
        }
    }

    /// <summary>The same error with the names of the call in its message, if it has none.</summary>
    public static S3Exception Named(S3Exception error, AdministrationScope scope) => scope switch
    {
        { Bucket: { } bucket } when error.Error == S3Errors.NoSuchBucket && error.Message == error.Error.Message => NoBucket(bucket),
        { Bucket: { } bucket, Key: { } key } when error.Error == S3Errors.NoSuchKey && error.Message == error.Error.Message =>
            NoKey(bucket, key),
        _ => error,
    };

    private async ValueTask<bool> HasAsync(string bucket, CancellationToken cancellationToken)
    {
        if (await local.State.ConfirmBucketAsync(bucket, cancellationToken) is { Exists: true } or { IsOpaque: true }
            || await local.Marks.ListAsync(bucket, "", "", cancellationToken).AnyAsync(cancellationToken))
        {
            return true;
        }

        try
        {
            return await directory.ExistsAsync(await directory.LookAsync(bucket, cancellationToken), cancellationToken);
        }
        catch (RemoteException)
        {
            return true;
        }
    }

    private async ValueTask<bool> HasAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        if (await local.State.ResolveAsync(bucket, key, cancellationToken) != KeyState.Nothing || await IsCachedAsync())
        {
            return true;
        }

        if (directory.Below(bucket)?.Of(key) is not { } place)
        {
            return false;
        }

        var head = await place.Remote.TryHeadAsync(place.Read(key), cancellationToken);
        await using var found = head.Found;
        return head.Failure is not { Failure: RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket };

        async ValueTask<bool> IsCachedAsync()
        {
            try
            {
                return local.Cache is { } cache && await cache.DescribeAsync(bucket, key, cancellationToken) is not null;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    private static S3Exception NoBucket(string bucket) => new(S3Errors.NoSuchBucket, $"No layer has a bucket {bucket}.");

    private static S3Exception NoKey(string bucket, string key) => new(S3Errors.NoSuchKey, $"No layer has a key {bucket}/{key}.");
}
