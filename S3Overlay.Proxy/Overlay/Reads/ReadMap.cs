using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>Finds the layer that answers a read of a key (rules R1 to R3, R8, V1).</summary>
/// <remarks>
/// <code>
///   GET, HEAD, ?acl, ?tagging ... of a key
///     written          local answers; the remote is not contacted
///     tombstone        404 NoSuchKey; the remote is not contacted
///     neither
///       bucket opaque  local answers (404): the bucket was deleted here, and the remote is hidden
///       else           the remote's reader: what is held, a fill under way, or the remote
/// </code>
/// </remarks>
public sealed class ReadMap(IS3Service local, LocalObjects objects, BucketDirectory directory, ILayerState layer, IRemoteReader reader)
{
    /// <summary>The header that names the layer an answer comes from (rule T4).</summary>
    public const string LayerHeader = "x-s3overlay-layer";

    /// <summary>Answers a read in a bucket with a remote.</summary>
    public async Task AnswerAsync(S3Request request, S3Answer answer, CancellationToken cancellationToken)
    {
        var version = request.Query["versionId"];
        var namesVersion = version is { Length: > 0 } and not "null";
        switch (await layer.ResolveAsync(request.Bucket, request.Key, cancellationToken))
        {
            case KeyState.Written when !namesVersion || await IsLocalsAsync(request, version!, cancellationToken):
                answer.Headers[LayerHeader] = "local";
                await local.HandleAsync(request, answer, cancellationToken);
                return;
            case KeyState.Deleted:
                answer.Headers[LayerHeader] = "local";
                throw new S3Exception(namesVersion ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey);
        }

        var bucket = await directory.LookAsync(request.Bucket, cancellationToken);
        if (bucket.Remote is not { } remote)
        {
            await local.HandleAsync(request, answer, cancellationToken);
            return;
        }

        try
        {
            await reader.AnswerAsync(request, answer, remote, cancellationToken);
        }
        catch (S3Exception missing) when (!answer.HasStarted && !request.IsHead && (missing.Error == S3Errors.NoSuchKey || missing.Error == S3Errors.NoSuchBucket))
        {
            throw await ExplainAsync(bucket, missing, cancellationToken);
        }
    }

    private async ValueTask<bool> IsLocalsAsync(S3Request request, string version, CancellationToken cancellationToken) =>
        await objects.HeadAsync(request, request.Bucket, request.Key, cancellationToken, version) is { } found && found.VersionId == version;

    /// <summary>A miss is NoSuchKey where the bucket is there, whatever the remote's own bucket is; and NoSuchBucket where it is not.</summary>
    private async Task<S3Exception> ExplainAsync(BucketView bucket, S3Exception missing, CancellationToken cancellationToken)
    {
        try
        {
            var exists = await directory.ExistsAsync(bucket, cancellationToken);
            return exists == (missing.Error == S3Errors.NoSuchKey) ? missing
                : new S3Exception(exists ? S3Errors.NoSuchKey : S3Errors.NoSuchBucket, cause: missing);
        }
        catch (RemoteException)
        {
            return missing;
        }
    }
}
