using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Deletes in overlaid buckets: first the tombstone, then the local object (rule D1). The remote's object never shows, wherever this stops.
/// </summary>
/// <remarks>
/// <code>
///   1 a version by its id       is handled elsewhere                                 DeleteMarkers
///   2 abilities                 refuses conditions that cannot be judged             IsJudgedByLocalAsync
///   -- under the key's lock --
///   3 plan                      resolves the key, judges its conditions              PlanAsync, DeletePlan
///   4 tombstone                 is written                                           WriteTombstoneAsync
///   5 local                     removes its object, or leaves a marker               DeleteLocalAsync, DeleteOrRollBackAsync
///   6 tombstone                 names the marker; is removed if local refused
/// </code>
/// If the conditions were judged on an object that is not local, and the bucket is versioned, step 5 precedes 4 (LeaveMarkerAsync). No
/// local object exists that would uncover the remote's by going. A delete that stops in between has deleted nothing, instead of hiding the
/// remote under a tombstone that no marker removes.
/// </remarks>
public sealed class ObjectDeletes(
    LocalObjects local, BucketDirectory directory, ILayerState layer, ITombstones tombstones, IRemoteReader reader, OverlayLocks locks,
    ObjectWrites writes, OverlaySettings settings, ILocalConditions abilities, DeleteMarkers markers, ChangeBases bases,
    ProxyMeters? meters)
{
    /// <summary>Handles DeleteObject.</summary>
    public async Task DeleteAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var delete = new KeyDelete(bucket, request, request.Key, request.Query["versionId"], DeleteConditions.Of(request.Headers));
        await directory.EnsureAsync(bucket, cancellationToken);
        await DeleteKeyAsync(delete, response, cancellationToken);
    }

    /// <summary>Deletes one key of a bucket whose local half exists.</summary>
    public async Task DeleteKeyAsync(KeyDelete delete, S3Response response, CancellationToken cancellationToken)
    {
        if (delete.IsOfVersion)
        {
            await markers.DeleteVersionAsync(delete, response, cancellationToken);
        }
        else
        {
            await DeleteNewestAsync(delete, response, cancellationToken);
        }

        writes.Forget(delete.Bucket.Name, delete.Key, response);
    }

    private async Task DeleteNewestAsync(KeyDelete delete, S3Response response, CancellationToken cancellationToken)
    {
        var isJudgedByLocal = delete.Conditions is not null && await IsJudgedByLocalAsync(cancellationToken);
        using var entered = await locks.Keys.TakeAsync(new ObjectName(delete.Bucket.Name, delete.Key), cancellationToken);
        var plan = await PlanAsync(delete, isJudgedByLocal, cancellationToken);
        var isLocals = plan.IsLocals || (plan.LeavesMarker && await IsWrittenAsync(delete, cancellationToken));
        if (plan.LeavesMarker && !isLocals)
        {
            var result = await LeaveMarkerAsync(delete, plan);
            await result.CopyToAsync(response, cancellationToken);
            return;
        }

        if (plan.LeavesTombstone)
        {
            await WriteTombstoneAsync(delete, plan, cancellationToken);
        }

        if (delete.Request is OverlaidWrite { OnlyUnchanged: true })
        {
            // There was no local object. One that is here now was written since, and must stay.
            if (await IsWrittenAsync(delete, CancellationToken.None))
            {
                await RemoveTombstoneAsync(delete);
                throw new S3Exception(S3Errors.ConditionalRequestConflict);
            }

            response.Status = StatusCodes.Status204NoContent;
            return;
        }

        if (!isLocals && !await OrRollBackAsync(delete, plan, () => IsWrittenAsync(delete, cancellationToken)))
        {
            response.Status = StatusCodes.Status204NoContent;
        }
        else if (plan.RollsBackTombstone)
        {
            var result = await DeleteOrRollBackAsync(delete, plan);
            await result.CopyToAsync(response, cancellationToken);
        }
        else
        {
            await DeleteLocalAsync(delete, plan, true, response, cancellationToken);
            await NameMarkerAsync(delete, plan, response, cancellationToken);
        }
    }

    /// <summary>
    /// True if the local layer judges a delete's If-Match at the instant it deletes. If not, the key's lock protects the judgement.
    /// </summary>
    /// <exception cref="S3Exception">NotImplemented: other proxies delete without the lock.</exception>
    private async ValueTask<bool> IsJudgedByLocalAsync(CancellationToken cancellationToken)
    {
        var isJudged = (await abilities.GetAsync(cancellationToken)).DeletesIfMatch;
        return isJudged || abilities.IsAlone ? isJudged : throw LocalConditions.NotJudged();
    }

    /// <summary>Finds out what has to be done, and changes nothing.</summary>
    /// <exception cref="S3Exception">The conditions do not hold.</exception>
    private async ValueTask<DeletePlan> PlanAsync(KeyDelete delete, bool isJudgedByLocal, CancellationToken cancellationToken)
    {
        if (delete.Request is OverlaidWrite { OnlyUnchanged: true }
            && await layer.ResolveAsync(delete.Bucket.Name, delete.Key, cancellationToken) != KeyState.Nothing)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }

        await markers.RequireUnlockedAsync(delete);
        var leavesTombstone = delete.Bucket.IsOverlaid && settings.LeavesTombstones
            && delete.Request is { KeepsTombstone: false, OnlyNoncurrent: false };
        if (delete.Conditions is not { } conditions)
        {
            return new DeletePlan { LeavesTombstone = leavesTombstone, IsLocals = true };
        }

        var (state, judged, isOfLocal) = await JudgeAsync(delete, conditions, cancellationToken);
        var rollsBack = leavesTombstone && await HasNoTombstoneAsync(delete, state, cancellationToken);
        return new DeletePlan
        {
            LeavesTombstone = leavesTombstone,
            IsLocals = isOfLocal && state != KeyState.Written,
            LeavesMarker = state != KeyState.Written && await markers.AreLeftAsync(delete.Bucket, delete.Request, cancellationToken),
            RollsBackTombstone = rollsBack,
            Over = rollsBack && isOfLocal && delete.VersionId is null ? markers.VersionOf(judged) : null,
            ForLocal = isJudgedByLocal ? conditions : null,
            Judged = judged,
            IsOfVersion = delete.VersionId is not null,
        };
    }

    /// <summary>Throws if the conditions do not hold on what clients see.</summary>
    /// <returns>The key's state, the object they were judged on (null for none), and whether that is local. For a key that the local layer
    /// does not show it is version <c>null</c> if that is requested and exists (rule V1).</returns>
    private async Task<(KeyState State, LocalObject? Current, bool IsLocals)> JudgeAsync(
        KeyDelete delete, DeleteConditions conditions, CancellationToken cancellationToken)
    {
        var (bucket, request, key, versionId, _) = delete;
        var state = await layer.ResolveAsync(bucket.Name, key, cancellationToken);
        var own = state == KeyState.Written || versionId is not null ? await local
            .HeadAsync(request, bucket.Name, key, cancellationToken, versionId) : null;
        var current = own is null && state == KeyState.Nothing && await reader
            .HeadAsync(bucket, key, mayBeStale: false, cancellationToken) is { } info
            ? new LocalObject(info.ETag, info.LastModified) { Size = info.Size }
            : own;
        if (current is null && state == KeyState.Deleted && conditions.IfMatch is not null && versionId is null)
        {
            await markers.FinishAsync(bucket.Name, key, cancellationToken);
        }

        if (current is null && state == KeyState.Deleted && conditions.SeesMarkers && versionId is null
            && await markers.FindNewestAsync(bucket.Name, key, cancellationToken) is { } marker)
        {
            conditions.Judge(marker.ETag, marker.Size, marker.LastModified);
            return (state, null, false);
        }

        conditions.Judge(current?.ETag, current?.Size ?? 0, current?.LastModified ?? default);
        return (state, current, own is not null);
    }

    /// <summary>
    /// True if the key has no tombstone that others rely on. If other proxies delete without the lock, a tombstone written here may be
    /// theirs by the time it turns out to be unneeded.
    /// </summary>
    private async ValueTask<bool> HasNoTombstoneAsync(KeyDelete delete, KeyState state, CancellationToken cancellationToken) =>
        abilities.IsAlone && state switch
        {
            KeyState.Deleted => false,
            KeyState.Written => await tombstones.FindAsync(delete.Bucket.Name, delete.Key, cancellationToken) is null,
            _ => true,
        };

    /// <summary>
    /// Writes the tombstone. If that fails it may exist all the same, and is removed again if it belongs to this delete alone.
    /// <paramref name="marker"/> is the delete marker already left; null for none.
    /// </summary>
    private async ValueTask WriteTombstoneAsync(KeyDelete delete, DeletePlan plan, CancellationToken cancellationToken,
        string? marker = null)
    {
        locks.Deletes.Advance(delete.Bucket.Name, delete.Key);
        await OrRollBackAsync(
            delete,
            plan,
            async () =>
            {
                // Its outcome must be known before a rollback, so a disconnected client does not cancel it.
                var token = plan.RollsBackTombstone ? CancellationToken.None : cancellationToken;
                var known = await bases.FindAsync(delete, token);
                await (marker is not null ? markers.NameAsync(delete, marker, known, token)
                    : plan.Over is not null ? markers.MarkOverAsync(delete, plan.Over, known, token)
                    : layer.MarkDeletedAsync(delete.Bucket.Name, delete.Key, known, token));
                return true;
            });
        meters?.TombstoneWritten();
    }

    /// <summary>True if the key has been written by now.</summary>
    private async Task<bool> IsWrittenAsync(KeyDelete delete, CancellationToken cancellationToken) =>
        await layer.ResolveAsync(delete.Bucket.Name, delete.Key, cancellationToken) == KeyState.Written;

    private async Task<bool> OrRollBackAsync(KeyDelete delete, DeletePlan plan, Func<Task<bool>> step)
    {
        try
        {
            return await step();
        }
        catch
        {
            // No retries: the store is failing already.
            await (plan.RollsBackTombstone ? RemoveTombstoneAsync(delete) : Task.CompletedTask);
            throw;
        }
    }

    /// <summary>
    /// Deletes the local object. For a key that the local layer lacks the conditions were judged on the remote's object, so it gets none
    /// and only leaves its marker.
    /// </summary>
    private Task DeleteLocalAsync(KeyDelete delete, DeletePlan plan, bool isLocals, S3Response response,
        CancellationToken cancellationToken) => local.DeleteAsync(
        delete.Request, delete.Bucket.Name, delete.Key, delete.VersionId == "null", isLocals ? plan.IfMatch()
            : null, response, cancellationToken);

    /// <summary>
    /// Leaves the delete marker of a key that the local layer lacks, then the tombstone that names it. Until the tombstone is there,
    /// clients see no change. Not cancelled with the client: the marker may hide a write since the conditions were judged, and only this
    /// request can find out.
    /// </summary>
    private async Task<BufferedResponse> LeaveMarkerAsync(KeyDelete delete, DeletePlan plan)
    {
        var result = new BufferedResponse();
        await DeleteLocalAsync(delete, plan, false, result, CancellationToken.None);
        var marker = DeleteMarkers.Of(result);
        bool hidesWrite;
        try
        {
            hidesWrite = await markers.UndoOverWriteAsync(delete, result);
        }
        catch (Exception failure) when (failure is S3Exception or IOException && plan.LeavesTombstone)
        {
            // The marker stays and may hide a write. Deleting it removes the tombstone too.
            await WriteTombstoneAsync(delete, plan, CancellationToken.None, marker);
            throw;
        }

        if (hidesWrite)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }

        if (plan.LeavesTombstone && result.Status is < StatusCodes.Status300MultipleChoices or StatusCodes.Status404NotFound)
        {
            // Some stores leave no marker if there is nothing to hide.
            await WriteTombstoneAsync(delete, plan, CancellationToken.None, marker);
        }

        return result;
    }

    /// <summary>
    /// Deletes the local object if the local layer may refuse. A refusal is rolled back before the client gets its response, even if the
    /// client disconnects: nothing else would do it.
    /// </summary>
    private async Task<BufferedResponse> DeleteOrRollBackAsync(KeyDelete delete, DeletePlan plan)
    {
        var result = new BufferedResponse();
        try
        {
            await DeleteLocalAsync(delete, plan, true, result, CancellationToken.None);
        }
        catch (S3Exception refused) when (IsRefusal(refused.Error.Status))
        {
            await RollBackTombstoneAsync(delete, plan);
            throw;
        }

        if (IsRefusal(result.Status))
        {
            await RollBackTombstoneAsync(delete, plan);
        }
        else
        {
            await NameMarkerAsync(delete, plan, result, CancellationToken.None);
        }

        return result;
    }

    /// <summary>True if the object is still there and stays. A 404 means another delete was first.</summary>
    private static bool IsRefusal(int status) => status is >= 400 and < 500 and not StatusCodes.Status404NotFound;

    private async ValueTask NameMarkerAsync(KeyDelete delete, DeletePlan plan, S3Response response, CancellationToken cancellationToken)
    {
        if (plan.LeavesTombstone && DeleteMarkers.Of(response) is { } marker)
        {
            await markers.NameAsync(delete, marker, await bases.FindAsync(delete, cancellationToken), cancellationToken);
        }
    }

    /// <summary>
    /// Removes the tombstone of a refused delete: it would hide the remote's object once the local one goes by other means than a delete of
    /// the key (rules D4, V2).
    /// </summary>
    private async ValueTask RollBackTombstoneAsync(KeyDelete delete, DeletePlan plan)
    {
        if (plan.RollsBackTombstone)
        {
            await Compensation.RunAsync(() => RemoveTombstoneAsync(delete));
        }
    }

    private async Task RemoveTombstoneAsync(KeyDelete delete)
    {
        if (await tombstones.FindAsync(delete.Bucket.Name, delete.Key, CancellationToken.None) is { } tombstone)
        {
            await tombstones.UndeleteAsync(delete.Bucket.Name, tombstone, CancellationToken.None);
        }
    }
}

/// <summary>
/// What the delete of a key will do. Everything is found out before anything is done, so a delete that fails here has changed nothing.
/// </summary>
/// <remarks>
/// <code>
///   the key is            conditions are judged on   removed from the local layer                rollback of a new tombstone
///   anything              (no conditions)            its object; else its marker, if any         never
///   written               local's object             the object, if the conditions still hold    if local refuses
///   deleted               nothing                    a marker, if local leaves one               (existed before)
///     version null asked  that version, if any       it, if the conditions still hold            (existed before)
///   remote-owned, absent  the remote's, nothing      a marker, if local leaves one               if local refuses, or a write was hidden
///     written since       the same                   what was written, if they hold of it too    if local refuses
///     version null asked  that version, if any       it, if the conditions still hold            if local refuses
/// </code>
/// </remarks>
internal sealed record DeletePlan
{
    /// <summary>True if the key gets a tombstone.</summary>
    public required bool LeavesTombstone { get; init; }

    /// <summary>
    /// True if the local layer is asked to delete whatever it has. If false, that depends on the key's state after the tombstone was
    /// written: another proxy may have written the key.
    /// </summary>
    public required bool IsLocals { get; init; }

    /// <summary>True if the local layer leaves a delete marker for a key that it lacks.</summary>
    public bool LeavesMarker { get; init; }

    /// <summary>True if the tombstone belongs to this delete alone, so it is removed when the local layer refuses.</summary>
    public bool RollsBackTombstone { get; init; }

    /// <summary>
    /// The version named by a tombstone that may be rolled back. Deleting that version by its id then also removes the tombstone of a
    /// delete that stopped halfway. Null if the local layer keeps no versions.
    /// </summary>
    public string? Over { get; init; }

    /// <summary>Conditions that the local layer judges again when it deletes; null if there are none, or it cannot.</summary>
    public DeleteConditions? ForLocal { get; init; }

    /// <summary>The object on which the conditions were judged; null for none.</summary>
    public LocalObject? Judged { get; init; }

    /// <summary>True if a version was named. Only the newest version can be written, so a missing one stays missing.</summary>
    public bool IsOfVersion { get; init; }

    /// <summary>
    /// The If-Match of the local delete; null for none. The local layer may support no other condition, so it is tied to the object on
    /// which the conditions were judged.
    /// </summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict: there was no object, and now there is one.</exception>
    public string? IfMatch() =>
        ForLocal is not { HasOthers: true } ? ForLocal?.IfMatch
            : Judged is null && IsOfVersion ? null
            : Judged?.ETag ?? throw new S3Exception(S3Errors.ConditionalRequestConflict);
}

/// <summary>A client's delete of one key.</summary>
/// <param name="Bucket">The bucket, whose local half exists.</param>
/// <param name="Request">The client's request, for this key alone or for many.</param>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version to delete; null for the key itself.</param>
/// <param name="Conditions">The conditions; null for none.</param>
public sealed record KeyDelete(BucketView Bucket, S3Request Request, string Key, string? VersionId, DeleteConditions? Conditions)
{
    /// <summary>True if one version is named. In a bucket without versions, <c>null</c> names the key itself.</summary>
    public bool IsOfVersion => VersionId is { Length: > 0 } and not "null";
}
