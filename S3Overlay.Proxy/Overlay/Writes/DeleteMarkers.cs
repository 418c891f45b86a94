using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Deletes in versioned buckets: each leaves a delete marker and a tombstone that names it. Deleting the marker removes the tombstone
/// (rules V2, V4).
/// </summary>
/// <remarks>
/// <code>
///   DELETE key             tombstone, delete marker m, tombstone rewritten: "m"      (ObjectDeletes does the first two)
///     If-Match, local's    tombstone "over v", delete marker m, tombstone rewritten: "m"
///     If-Match, remote's   delete marker m, tombstone "m"
///   DELETE key, version m  removes the marker and the tombstone of "m"; if an older marker is left, the tombstone names that one
///   DELETE key, version v  the same for a tombstone "over v"
/// </code>
/// Wherever this stops, the key is unchanged or deleted: a tombstone hides the remote even if it names no marker, or one that is gone.
/// Repeating the request finishes it.
/// </remarks>
public sealed class DeleteMarkers(LocalObjects local, ILocalVersions? versions, IRemoteReader reader, OverlayLocks locks)
{
    private const string IsMarker = "x-amz-delete-marker";
    private const string VersionId = "x-amz-version-id";

    /// <summary>The delete marker that a delete created or removed, from the local layer's response; null for none.</summary>
    public static string? Of(S3Response response) =>
        response.Status < StatusCodes.Status300MultipleChoices && response.Headers[IsMarker] == "true"
            && response.Headers[VersionId] is [{ Length: > 0 } marker] ? marker : null;

    /// <summary>
    /// True if deletes of keys that the local layer lacks leave delete markers: the bucket is versioned. With suspended versioning a marker
    /// would replace what another proxy writes in between, so none is requested.
    /// </summary>
    public async ValueTask<bool> AreLeftAsync(BucketView bucket, S3Request request, CancellationToken cancellationToken) =>
        versions is not null && await local.KeepsVersionsAsync(request, bucket.Name, cancellationToken);

    /// <summary>
    /// Removes the marker of a delete that the local layer did not judge, if the marker hides an object. There was none when the conditions
    /// were judged, so another client has written it since.
    /// </summary>
    /// <returns>True if so: the conditions were judged on something else.</returns>
    /// <exception cref="S3Exception">ServiceUnavailable: it cannot be found out, or the marker cannot be removed.</exception>
    public async ValueTask<bool> UndoOverWriteAsync(KeyDelete delete, S3Response deleted)
    {
        if (versions is null || Of(deleted) is not { } marker)
        {
            return false;
        }

        // Not cancelled with the client: the marker hides an acknowledged write.
        var below = await versions.ListOfAsync(delete.Bucket.Name, delete.Key, CancellationToken.None)
            .SkipWhile(row => row.VersionId != marker).Skip(1).FirstOrDefaultAsync();
        if (below?.Object is null)
        {
            return false;
        }

        await RemoveMarkerAsync(delete, marker);
        return true;
    }

    private async Task RemoveMarkerAsync(KeyDelete delete, string marker)
    {
        try
        {
            await Compensation.RunAsync(() => DeleteMarkerAsync(delete, marker));
        }
        catch (S3Exception failure)
        {
            throw new S3Exception(
                S3Errors.ServiceUnavailable,
                "The key was written during the delete, and the local store does not remove "
                + $"the delete marker that hides it ({failure.Error.Status}). Delete version {marker} to show it again.",
                failure);
        }
    }

    private async Task DeleteMarkerAsync(KeyDelete delete, string marker)
    {
        var response = new BufferedResponse();
        try
        {
            await local.DeleteVersionAsync(delete.Request, delete.Bucket.Name, delete.Key, marker, response, CancellationToken.None);
        }
        catch (S3Exception gone) when (gone.Error.Status == StatusCodes.Status404NotFound)
        {
            return;
        }

        if (response.Status is not (< StatusCodes.Status300MultipleChoices or StatusCodes.Status404NotFound))
        {
            throw new S3Exception(S3Errors.ServiceUnavailable with { Status = response.Status });
        }
    }

    /// <summary>The delete marker that is a key's newest version; null if it is none.</summary>
    public async ValueTask<LocalObject?> FindNewestAsync(string bucket, string key, CancellationToken cancellationToken) =>
        versions is not null && await versions.ListOfAsync(bucket, key, cancellationToken)
            .FirstOrDefaultAsync(cancellationToken) is { Object: null } row
            ? new LocalObject("", row.MarkedAt) { VersionId = row.VersionId, IsDeleteMarker = true } : null;

    /// <summary>Throws if the local layer is known to keep the version that a delete names.</summary>
    /// <exception cref="S3Exception">AccessDenied.</exception>
    public ValueTask RequireUnlockedAsync(KeyDelete delete) => versions is null || delete.VersionId is not { Length: > 0 } version ? default
        : versions.RequireUnlockedAsync(delete.Bucket.Name, delete.Key, version, delete.Request.BypassesGovernance);

    /// <summary>Writes the tombstone that names the delete marker of the same delete.</summary>
    public ValueTask NameAsync(KeyDelete delete, string marker, RemoteBase? known, CancellationToken cancellationToken) =>
        versions?.NameMarkerAsync(delete.Bucket.Name, delete.Key, marker, known, cancellationToken) ?? ValueTask.CompletedTask;

    /// <summary>The version that a delete is about to hide; null if the local layer keeps none.</summary>
    public string? VersionOf(LocalObject? current) => versions is not null && current?.VersionId is { Length: > 0 } and not "null"
        ? current.VersionId : null;

    /// <summary>Writes a tombstone for a key that had none, before the object's newest version is hidden.</summary>
    public ValueTask MarkOverAsync(KeyDelete delete, string version, RemoteBase? known, CancellationToken cancellationToken) =>
        versions!.MarkOverAsync(delete.Bucket.Name, delete.Key, version, known, cancellationToken);

    /// <summary>
    /// Completes a tombstone that names no marker with the newest marker. An earlier delete stopped before that step, or its client got no
    /// response and now repeats the request with an ETag whose object is gone. No response depends on it.
    /// </summary>
    /// <remarks>
    /// A marker older than the tombstone belongs to an earlier delete that was undeleted. This delete left no marker, as with suspended
    /// versioning.
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
                await versions.NameMarkerAsync(bucket, key, marker, tombstone.Base, cancellationToken);
            }
        }
        catch (S3Exception)
        {
            // Stays hidden until an administrator undeletes it.
        }
    }

    /// <summary>Whether the remote may have a version. Only its own word that there is none counts.</summary>
    /// <exception cref="RemoteException">It cannot be asked.</exception>
    private static async Task<bool> MayHaveAsync(RemoteBucket remote, string key, string versionId, CancellationToken cancellationToken)
    {
        // A HEAD would not say why it is refused: an object encrypted with a client's key, or no version id.
        var read = remote.Read(key) with { Query = "versionId=" + UriEncoding.EncodeComponent(versionId), Range = "bytes=0-0" };
        var got = await remote.Remote.TryGetAsync(read, cancellationToken);
        await using var found = got.Found;
        return got.Failure switch
        {
            null => true,
            { Failure: RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket } or { Status: StatusCodes.Status404NotFound }
                or { Status: StatusCodes.Status400BadRequest, Code: "InvalidArgument" } => false,
            { Status: >= 400 and < 500, Failure: not (RemoteFailure.Throttled or RemoteFailure.BadCredentials) } => true,
            var failure => throw failure,
        };
    }

    /// <summary>
    /// Deletes one version of a key. One that the local layer lacks is the remote's and cannot be deleted, unless the remote lacks it too.
    /// </summary>
    /// <remarks>Conditions are judged here: a version does not change between check and delete.</remarks>
    public async Task DeleteVersionAsync(KeyDelete delete, S3Response response, CancellationToken cancellationToken)
    {
        var (bucket, request, key, _, conditions) = delete;
        var versionId = delete.VersionId!;

        // The tombstone that goes may be all that hides the remote: not while a bucket delete checks for emptiness.
        using var shared = await locks.Buckets.ShareAsync(bucket.Name, cancellationToken);
        using var entered = await locks.Keys.TakeAsync(new ObjectName(bucket.Name, key), cancellationToken);
        var tombstone = versions is null || !bucket.IsOverlaid ? null : await versions
            .FindTombstoneAsync(bucket.Name, key, cancellationToken);
        var undoes = !request.KeepsTombstone && (tombstone?.Marker ?? tombstone?.Over) == versionId;

        if (await FindAsync(bucket, request, key, versionId, cancellationToken) is { } version)
        {
            conditions?.Judge(version.ETag, version.Size, version.LastModified);
            await local.DeleteVersionAsync(request, bucket.Name, key, versionId, response, cancellationToken);
        }
        else if (tombstone?.Marker == versionId)
        {
            // An earlier request already removed the marker.
            response.Status = StatusCodes.Status204NoContent;
            response.Headers[IsMarker] = "true";
            response.Headers[VersionId] = versionId;
        }
        else if (bucket.AskedRoutes?.Of(key) is { } remote && await MayHaveAsync(remote, key, versionId, cancellationToken))
        {
            throw new S3Exception(S3Errors.AccessDenied, "This version is not in the local layer, and the remote is never written to.");
        }
        else
        {
            await local.DeleteVersionAsync(request, bucket.Name, key, versionId, response, cancellationToken);
        }

        if (undoes && response.Status < StatusCodes.Status300MultipleChoices)
        {
            await UndoAsync(bucket.Name, key, tombstone!, cancellationToken);
        }
    }

    /// <summary>
    /// A version in the local layer, whatever the key's state: a deleted key still has versions, among them its delete marker. Ceph shows
    /// markers only in its listings. Null if there is no such version.
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
            await versions.NameMarkerAsync(bucket, key, older, tombstone.Base, cancellationToken);
            return;
        }

        await reader.InvalidateDeletedAsync(bucket, key);
        await versions.TakeBackAsync(bucket, tombstone, cancellationToken);
    }
}

/// <summary>
/// Undoes what a failed request left in the store. Only that request knows about it, so the undo is retried when a store fails for a
/// moment.
/// </summary>
internal static class Compensation
{
    private const int Attempts = 3;

    /// <summary>Runs the undo, with retries. Throws the last failure.</summary>
    /// <param name="undo">Undoes everything from the start: a failed attempt may have taken effect.</param>
    public static async Task RunAsync(Func<Task> undo)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await undo();
                return;
            }
            catch (Exception failure) when (attempt < Attempts && MayPass(failure))
            {
                // Retry.
            }
        }
    }

    private static bool MayPass(Exception failure) => failure is IOException or S3Exception { Error.Status: >= 500 };
}
