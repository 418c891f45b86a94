using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Deletes where local keeps versions: each leaves a delete marker and a tombstone that names it, and deleting that marker takes the
/// tombstone back (rules V2, V4).
/// </summary>
/// <remarks>
/// <code>
///   DELETE key             tombstone, delete marker m, tombstone anew: "m"      (ObjectDeletes makes the first two)
///     If-Match, local's    tombstone "over v", delete marker m, tombstone anew: "m"
///     If-Match, remote's   delete marker m, tombstone "m"
///   DELETE key, version m  the marker goes; the tombstone of "m" goes, or where an older marker is left names that one
///   DELETE key, version v  so it is with a tombstone "over v"
/// </code>
/// Whichever instant any of it ends at, the key is what it was, or is deleted: a tombstone that names no marker, or one that is gone, hides
/// the remote all the same. Repeating the request finishes it.
/// </remarks>
public sealed class DeleteMarkers(LocalObjects local, ILocalVersions? versions, IRemoteReader reader, OverlayLocks locks)
{
    private const string IsMarker = "x-amz-delete-marker";
    private const string VersionId = "x-amz-version-id";

    /// <summary>The delete marker that local's answer to a delete tells of, made or taken away; null for none.</summary>
    public static string? Of(S3Response answer) =>
        answer.Status < StatusCodes.Status300MultipleChoices && answer.Headers[IsMarker] == "true"
            && answer.Headers[VersionId] is [{ Length: > 0 } marker] ? marker : null;

    /// <summary>
    /// Whether deletes of keys that local lacks leave markers in a bucket: it keeps versions. One whose versions are suspended is not asked
    /// for a marker: that would take the place of what another proxy writes meanwhile.
    /// </summary>
    public async ValueTask<bool> AreLeftAsync(BucketView bucket, S3Request request, CancellationToken cancellationToken) =>
        versions is not null && await local.KeepsVersionsAsync(request, bucket.Name, cancellationToken);

    /// <summary>
    /// Takes the marker of a delete that local did not judge away again, where it hides an object: local had none when the conditions were
    /// judged, so that somebody has written it since.
    /// </summary>
    /// <returns>Whether that was so: the conditions held of something else.</returns>
    /// <exception cref="S3Exception">ServiceUnavailable: it cannot be found out, or the marker cannot be taken away.</exception>
    public async ValueTask<bool> TakeBackOverWriteAsync(KeyDelete delete, S3Response deleted)
    {
        if (versions is null || Of(deleted) is not { } marker)
        {
            return false;
        }

        // Whether or not the client still waits: what is hidden was acknowledged.
        var below = await versions.ListOfAsync(delete.Bucket.Name, delete.Key, CancellationToken.None)
            .SkipWhile(row => row.VersionId != marker).Skip(1).FirstOrDefaultAsync();
        if (below?.Object is null)
        {
            return false;
        }

        await TakeAwayAsync(delete, marker);
        return true;
    }

    private async Task TakeAwayAsync(KeyDelete delete, string marker)
    {
        try
        {
            await Compensation.RunAsync(() => DeleteMarkerAsync(delete, marker));
        }
        catch (S3Exception failure)
        {
            throw new S3Exception(
                S3Errors.ServiceUnavailable,
                $"The key was written while it was deleted, and the local store does not take the delete marker away that hides this ({failure.Error.Status}). Deleting its version {marker} shows it again.",
                failure);
        }
    }

    private async Task DeleteMarkerAsync(KeyDelete delete, string marker)
    {
        var answer = new BufferedResponse();
        try
        {
            await local.DeleteVersionAsync(delete.Request, delete.Bucket.Name, delete.Key, marker, answer, CancellationToken.None);
        }
        catch (S3Exception gone) when (gone.Error.Status == StatusCodes.Status404NotFound)
        {
            return;
        }

        if (answer.Status is not (< StatusCodes.Status300MultipleChoices or StatusCodes.Status404NotFound))
        {
            throw new S3Exception(S3Errors.ServiceUnavailable with { Status = answer.Status });
        }
    }

    /// <summary>Puts the tombstone that names the delete marker which came of the same delete.</summary>
    public ValueTask NameAsync(KeyDelete delete, string marker, CancellationToken cancellationToken) =>
        versions?.NameMarkerAsync(delete.Bucket.Name, delete.Key, marker, cancellationToken) ?? ValueTask.CompletedTask;

    /// <summary>The version that a delete is about to hide; null where local keeps none.</summary>
    public string? VersionOf(LocalObject? current) => versions is not null && current?.VersionId is { Length: > 0 } and not "null"
        ? current.VersionId : null;

    /// <summary>Puts the tombstone of a key that has had none, before the object's newest version is hidden.</summary>
    public ValueTask MarkOverAsync(KeyDelete delete, string version, CancellationToken cancellationToken) =>
        versions!.MarkOverAsync(delete.Bucket.Name, delete.Key, version, cancellationToken);

    /// <summary>
    /// Has a tombstone that names no marker name the newest one: a delete came no further, or its client was not told how far it came. For
    /// when that client asks once more and names an ETag, of which there is no object any more. Nobody's answer depends on it.
    /// </summary>
    /// <remarks>
    /// A marker that is older than the tombstone is an earlier delete's, which somebody has discarded: this one was made without, as where
    /// versions are suspended.
    /// </remarks>
    public async ValueTask FinishAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        try
        {
            if (versions is not null
                && await versions.FindTombstoneAsync(bucket, key, cancellationToken) is { Marker: null } tombstone
                && await versions.ListOfAsync(bucket, key, cancellationToken)
                    .FirstOrDefaultAsync(cancellationToken) is { Object: null, VersionId: { } marker } newest
                && !(tombstone.Made > newest.MarkedAt))
            {
                await versions.NameMarkerAsync(bucket, key, marker, cancellationToken);
            }
        }
        catch (S3Exception)
        {
            // As it was left: hidden until an administrator discards it.
        }
    }

    /// <summary>Deletes one version of a key. One that local lacks is the remote's, and not ours to delete.</summary>
    /// <remarks>Conditions are judged here: what a version is does not change between the look and the delete.</remarks>
    public async Task DeleteVersionAsync(KeyDelete delete, S3Response answer, CancellationToken cancellationToken)
    {
        var (bucket, request, key, _, conditions) = delete;
        var versionId = delete.VersionId!;

        // The tombstone that goes may be all that hides the remote: not while somebody finds out whether the bucket is empty.
        using var shared = await locks.Buckets.ShareAsync(bucket.Name, cancellationToken);
        using var entered = await locks.Keys.TakeAsync(new ObjectName(bucket.Name, key), cancellationToken);
        var tombstone = versions is null || !bucket.IsOverlaid ? null : await versions
            .FindTombstoneAsync(bucket.Name, key, cancellationToken);
        var undoes = (tombstone?.Marker ?? tombstone?.Over) == versionId;

        if (await FindAsync(bucket, request, key, versionId, cancellationToken) is { } version)
        {
            conditions?.Judge(version.ETag, version.Size, version.LastModified);
            await local.DeleteVersionAsync(request, bucket.Name, key, versionId, answer, cancellationToken);
        }
        else if (tombstone?.Marker == versionId)
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
    /// A version that local has, whatever the key is now: what is deleted has versions still, and its delete marker is one of them. Some
    /// stores deny that of a marker (Ceph) but in their lists. Null where local has none of that id.
    /// </summary>
    private async ValueTask<LocalObject?> FindAsync(BucketView bucket, S3Request request, string key, string versionId,
        CancellationToken cancellationToken)
    {
        if (await local.HeadAsync(request, bucket.Name, key, cancellationToken, versionId) is { VersionId: { } id } found)
        {
            return id == versionId ? found : null;
        }

        var row = versions is null ? null : await versions.ListOfAsync(bucket.Name, key, cancellationToken)
            .FirstOrDefaultAsync(row => row.VersionId == versionId, cancellationToken);
        return row is null ? null : new LocalObject(row.Object?.ETag ?? "", row.Object?.LastModified ?? row.MarkedAt)
        {
            Size = row.Object?.Size ?? 0, VersionId = versionId, IsDeleteMarker = row.Object is null,
        };
    }

    private async ValueTask UndoAsync(string bucket, string key, Tombstone tombstone, CancellationToken cancellationToken)
    {
        if (await versions!.ListOfAsync(bucket, key, cancellationToken)
            .FirstOrDefaultAsync(static row => row.Object is null, cancellationToken) is { VersionId: { } older })
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
