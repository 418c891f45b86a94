using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reads;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Deletes where local keeps versions: each leaves a delete marker and a tombstone that names it, and deleting that marker takes the tombstone back (rules V2, V4).</summary>
/// <remarks>
/// <code>
///   DELETE key             tombstone, delete marker m, tombstone anew: "m"      (ObjectDeletes makes the first two)
///   DELETE key, version m  the marker goes; the tombstone of "m" goes, or where an older marker is left names that one
/// </code>
/// Whichever instant either ends at, the key stays deleted: a tombstone that names no marker, or one that is gone, hides the remote all the same. Repeating the request finishes it.
/// </remarks>
public sealed class DeleteMarkers(LocalObjects local, ILocalVersions? versions, IRemoteReader reader, OverlayLocks locks)
{
    private const string IsMarker = "x-amz-delete-marker";
    private const string VersionId = "x-amz-version-id";

    /// <summary>The delete marker that local's answer to a delete tells of, made or taken away; null for none.</summary>
    public static string? Of(S3Answer answer) =>
        answer.Status < StatusCodes.Status300MultipleChoices && answer.Headers[IsMarker] == "true" && answer.Headers[VersionId] is [{ Length: > 0 } marker] ? marker : null;

    /// <summary>Has a tombstone name the delete marker that local's answer to the same delete tells of, if any.</summary>
    public async ValueTask NameAsync(string bucket, string key, S3Answer answer, CancellationToken cancellationToken)
    {
        if (versions is not null && Of(answer) is { } marker)
        {
            await versions.NameMarkerAsync(bucket, key, marker, cancellationToken);
        }
    }

    /// <summary>Deletes one version of a key. One that local lacks is the remote's, and not ours to delete.</summary>
    public async Task DeleteVersionAsync(
        BucketView bucket, S3Request request, string key, string versionId, S3Answer answer, CancellationToken cancellationToken)
    {
        // The tombstone that goes may be all that hides the remote: not while somebody finds out whether the bucket is empty.
        using var shared = await locks.Buckets.ShareAsync(bucket.Name, cancellationToken);
        using var entered = await locks.Keys.TakeAsync(new ObjectName(bucket.Name, key), cancellationToken);
        var tombstone = versions is null || !bucket.IsOverlaid ? null : await versions.FindTombstoneAsync(bucket.Name, key, cancellationToken);
        var undoes = tombstone?.Marker == versionId;

        if (await HasAsync(bucket, request, key, versionId, cancellationToken))
        {
            await local.DeleteVersionAsync(request, bucket.Name, key, versionId, answer, cancellationToken);
        }
        else if (undoes)
        {
            // An earlier request came as far as taking the marker away.
            answer.Status = StatusCodes.Status204NoContent;
            answer.Headers[IsMarker] = "true";
            answer.Headers[VersionId] = versionId;
        }
        else
        {
            throw new S3Exception(S3Errors.AccessDenied, "This version is not in the local layer, and the remote is never written to.");
        }

        if (undoes && answer.Status < StatusCodes.Status300MultipleChoices)
        {
            await UndoAsync(bucket.Name, key, tombstone!, cancellationToken);
        }
    }

    /// <summary>
    /// Whether local has a version, whatever the key is now: what is deleted has versions still, and its delete marker is one of them. Some stores deny that of a marker (Ceph) but
    /// in their lists.
    /// </summary>
    private async ValueTask<bool> HasAsync(BucketView bucket, S3Request request, string key, string versionId, CancellationToken cancellationToken)
    {
        if (await local.HeadAsync(request, bucket.Name, key, cancellationToken, versionId) is { VersionId: { } found })
        {
            return found == versionId;
        }

        return versions is not null && await versions.ListOfAsync(bucket.Name, key, cancellationToken).AnyAsync(row => row.VersionId == versionId, cancellationToken);
    }

    private async ValueTask UndoAsync(string bucket, string key, Tombstone tombstone, CancellationToken cancellationToken)
    {
        if (await versions!.ListOfAsync(bucket, key, cancellationToken).FirstOrDefaultAsync(static row => row.Object is null, cancellationToken) is { VersionId: { } older })
        {
            await versions.NameMarkerAsync(bucket, key, older, cancellationToken);
            return;
        }

        try
        {
            // Before the remote shows again: what is held may be older than the delete, whose own cleaning nobody waited for.
            await reader.InvalidateAsync(bucket, key);
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "What is held of a deleted key cannot be dropped at the moment.", failure);
        }

        await versions.TakeBackAsync(bucket, tombstone, cancellationToken);
    }
}
