using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Deletes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Deletes in overlaid buckets: the tombstone first, then the local object (rule D1). Whichever instant it ends at, the remote's never
/// shows.
/// </summary>
/// <remarks>
/// <code>
///   1 a version by its id       is another matter                                    DeleteMarkers
///   2 abilities                 conditions that nobody could hold are refused        IsJudgedByLocalAsync
///   -- under the key's lock --
///   3 plan                      the key is looked at, its conditions are judged      PlanAsync, DeletePlan
///   4 mark                      the tombstone                                        MarkAsync
///   5 local                     its object goes, or it leaves a marker               DeleteLocalAsync, DeleteOrTakeBackAsync
///   6 the tombstone at last     names the marker; where local refused it goes again
/// </code>
/// Where conditions held of what is not local's, and local keeps versions, 5 comes before 4 (LeaveMarkerAsync): there is no object that
/// would uncover the remote's by going, and a delete that ends in between has deleted nothing yet, rather than hide the remote's under a
/// tombstone that no marker takes back.
/// </remarks>
public sealed class ObjectDeletes(
    LocalObjects local, BucketDirectory directory, ILayerState layer, IDeleteMarks marks, IRemoteReader reader, OverlayLocks locks,
    ObjectWrites writes,
    OverlaySettings settings, ILocalConditions abilities, DeleteMarkers markers, OverlayMeters? meters)
{
    /// <summary>DeleteObject.</summary>
    public async Task DeleteAsync(BucketView bucket, S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        var delete = new KeyDelete(bucket, request, request.Key, request.Query["versionId"], DeleteConditions.Of(request.Headers));
        await directory.EnsureAsync(bucket, cancellationToken);
        await DeleteKeyAsync(delete, answer, cancellationToken);
    }

    /// <summary>Deletes one key of a bucket whose local half is there.</summary>
    public async Task DeleteKeyAsync(KeyDelete delete, S3Response answer, CancellationToken cancellationToken)
    {
        if (delete.IsOfVersion)
        {
            await markers.DeleteVersionAsync(delete, answer, cancellationToken);
        }
        else
        {
            await DeleteNewestAsync(delete, answer, cancellationToken);
        }

        writes.Forget(delete.Bucket.Name, delete.Key, answer);
    }

    private async Task DeleteNewestAsync(KeyDelete delete, S3Response answer, CancellationToken cancellationToken)
    {
        var isJudgedByLocal = delete.Conditions is not null && await IsJudgedByLocalAsync(cancellationToken);
        using var entered = await locks.Keys.TakeAsync(new ObjectName(delete.Bucket.Name, delete.Key), cancellationToken);
        var plan = await PlanAsync(delete, isJudgedByLocal, cancellationToken);
        var isLocals = plan.IsLocals || (plan.LeavesMarker && await IsWrittenAsync(delete, cancellationToken));
        if (plan.LeavesMarker && !isLocals)
        {
            var result = await LeaveMarkerAsync(delete, plan);
            await result.CopyToAsync(answer, cancellationToken);
            return;
        }

        if (plan.LeavesTombstone)
        {
            await MarkAsync(delete, plan, cancellationToken);
        }

        if (!isLocals && !await OrDiscardAsync(delete, plan, () => IsWrittenAsync(delete, cancellationToken)))
        {
            answer.Status = StatusCodes.Status204NoContent;
        }
        else if (plan.TakesTombstoneBack)
        {
            var result = await DeleteOrTakeBackAsync(delete, plan);
            await result.CopyToAsync(answer, cancellationToken);
        }
        else
        {
            await DeleteLocalAsync(delete, plan, true, answer, cancellationToken);
            await NameMarkerAsync(delete, plan, answer, cancellationToken);
        }
    }

    /// <summary>
    /// Whether local judges If-Match of a delete, in the instant in which it deletes. Where it does not, the key's lock has to do.
    /// </summary>
    /// <exception cref="S3Exception">NotImplemented: the lock does not do where others delete past it.</exception>
    private async ValueTask<bool> IsJudgedByLocalAsync(CancellationToken cancellationToken)
    {
        var isJudged = (await abilities.GetAsync(cancellationToken)).DeletesIfMatch;
        return isJudged || abilities.IsAlone ? isJudged : throw LocalConditions.NotJudged();
    }

    /// <summary>Finds out what is to be done; nothing is, until it is known.</summary>
    /// <exception cref="S3Exception">The conditions do not hold.</exception>
    private async ValueTask<DeletePlan> PlanAsync(KeyDelete delete, bool isJudgedByLocal, CancellationToken cancellationToken)
    {
        var leavesTombstone = delete.Bucket.IsOverlaid && settings.LeavesTombstones;
        if (delete.Conditions is not { } conditions)
        {
            return new DeletePlan { LeavesTombstone = leavesTombstone, IsLocals = true };
        }

        var (state, judged, isOfLocal) = await JudgeAsync(delete, conditions, cancellationToken);
        var takesBack = leavesTombstone && await IsUnmarkedAsync(delete, state, cancellationToken);
        return new DeletePlan
        {
            LeavesTombstone = leavesTombstone,
            IsLocals = isOfLocal && state != KeyState.Written,
            LeavesMarker = state != KeyState.Written && await markers.AreLeftAsync(delete.Bucket, delete.Request, cancellationToken),
            TakesTombstoneBack = takesBack,
            Over = takesBack && isOfLocal && delete.VersionId is null ? markers.VersionOf(judged) : null,
            ForLocal = isJudgedByLocal ? conditions : null,
            Judged = judged,
            IsOfVersion = delete.VersionId is not null,
        };
    }

    /// <summary>Refuses a delete whose conditions do not hold on what clients see.</summary>
    /// <returns>
    /// What the key is, what they were judged on (null for nothing), and whether that is local's. Of a key that local does not show it is
    /// the version <c>null</c> where that is asked for and local has one (rule V1).
    /// </returns>
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

        conditions.Judge(current?.ETag, current?.Size ?? 0, current?.LastModified ?? default);
        return (state, current, own is not null);
    }

    /// <summary>
    /// Whether the key has no tombstone that anybody could rely on. Where others delete past the lock, one that is put here may be theirs
    /// by the time it turns out to be one too many.
    /// </summary>
    private async ValueTask<bool> IsUnmarkedAsync(KeyDelete delete, KeyState state, CancellationToken cancellationToken) =>
        abilities.IsAlone && state switch
        {
            KeyState.Deleted => false,
            KeyState.Written => await marks.FindAsync(delete.Bucket.Name, delete.Key, cancellationToken) is null,
            _ => true,
        };

    /// <summary>Puts the tombstone. Where that fails it may be there all the same, and goes again if it is this delete's own.</summary>
    /// <param name="delete">The delete.</param>
    /// <param name="plan">What it comes to.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <param name="marker">The delete marker that came of it already; null for none, or none yet.</param>
    private async ValueTask MarkAsync(KeyDelete delete, DeletePlan plan, CancellationToken cancellationToken, string? marker = null)
    {
        locks.Deletes.Advance(delete.Bucket.Name, delete.Key);
        await OrDiscardAsync(
            delete,
            plan,
            async () =>
            {
                // Whether it is there must be known before it is taken back: a client that leaves does not end it.
                var patience = plan.TakesTombstoneBack ? CancellationToken.None : cancellationToken;
                await (marker is not null ? markers.NameAsync(delete, marker, patience)
                    : plan.Over is not null ? markers.MarkOverAsync(delete, plan.Over, patience)
                    : layer.MarkDeletedAsync(delete.Bucket.Name, delete.Key, patience));
                return true;
            });
        meters?.TombstoneWritten();
    }

    /// <summary>Whether somebody has written the key by now.</summary>
    private async Task<bool> IsWrittenAsync(KeyDelete delete, CancellationToken cancellationToken) =>
        await layer.ResolveAsync(delete.Bucket.Name, delete.Key, cancellationToken) == KeyState.Written;

    private async Task<bool> OrDiscardAsync(KeyDelete delete, DeletePlan plan, Func<Task<bool>> step)
    {
        try
        {
            return await step();
        }
        catch
        {
            // Once: of a store that fails already nobody waits for more.
            await (plan.TakesTombstoneBack ? DiscardAsync(delete) : Task.CompletedTask);
            throw;
        }
    }

    /// <summary>
    /// Asks local to delete what it has. Of a key that it lacks the conditions held on the remote's object: it has none to judge them by,
    /// and is asked for its marker alone.
    /// </summary>
    private Task DeleteLocalAsync(KeyDelete delete, DeletePlan plan, bool isLocals, S3Response answer,
        CancellationToken cancellationToken) => local.DeleteAsync(
        delete.Request, delete.Bucket.Name, delete.Key, delete.VersionId == "null", isLocals ? plan.IfMatch()
            : null, answer, cancellationToken);

    /// <summary>
    /// Leaves the delete marker of a key that local lacks, and then the tombstone that names it: until that is there nobody sees any of it.
    /// What is begun is ended whether or not the client still waits: the marker may hide what was written since the conditions were judged,
    /// and nobody else would find out.
    /// </summary>
    private async Task<BufferedResponse> LeaveMarkerAsync(KeyDelete delete, DeletePlan plan)
    {
        var result = new BufferedResponse();
        await DeleteLocalAsync(delete, plan, false, result, CancellationToken.None);
        var marker = DeleteMarkers.Of(result);
        bool hidesWrite;
        try
        {
            hidesWrite = await markers.TakeBackOverWriteAsync(delete, result);
        }
        catch (Exception failure) when (failure is S3Exception or IOException && plan.LeavesTombstone)
        {
            // The marker stays, and may hide what was written. Whoever deletes it takes the tombstone along.
            await MarkAsync(delete, plan, CancellationToken.None, marker);
            throw;
        }

        if (hidesWrite)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }

        if (plan.LeavesTombstone && result.Status is < StatusCodes.Status300MultipleChoices or StatusCodes.Status404NotFound)
        {
            // Some stores leave no marker where there is nothing that it would hide.
            await MarkAsync(delete, plan, CancellationToken.None, marker);
        }

        return result;
    }

    /// <summary>
    /// Asks local to delete what it has where it may refuse. The client is told only once what was done of it has been taken back, and that
    /// is done whether or not he still waits: nobody else would find it.
    /// </summary>
    private async Task<BufferedResponse> DeleteOrTakeBackAsync(KeyDelete delete, DeletePlan plan)
    {
        var result = new BufferedResponse();
        try
        {
            await DeleteLocalAsync(delete, plan, true, result, CancellationToken.None);
        }
        catch (S3Exception refused) when (IsRefusal(refused.Error.Status))
        {
            await UnmarkAsync(delete, plan);
            throw;
        }

        if (IsRefusal(result.Status))
        {
            await UnmarkAsync(delete, plan);
        }
        else
        {
            await NameMarkerAsync(delete, plan, result, CancellationToken.None);
        }

        return result;
    }

    /// <summary>
    /// Whether local's answer to a delete says that the object is there still, and stays. What answers 404 is another's delete.
    /// </summary>
    private static bool IsRefusal(int status) => status is >= 400 and < 500 and not StatusCodes.Status404NotFound;

    private ValueTask NameMarkerAsync(KeyDelete delete, DeletePlan plan, S3Response answer, CancellationToken cancellationToken) =>
        plan.LeavesTombstone && DeleteMarkers.Of(answer) is { } marker ? markers.NameAsync(delete, marker, cancellationToken)
            : ValueTask.CompletedTask;

    /// <summary>
    /// Takes the tombstone of a delete that was refused back: it would hide the remote's object once the one that is there goes in another
    /// way than by a delete of the key (rules D4, V2).
    /// </summary>
    private async ValueTask UnmarkAsync(KeyDelete delete, DeletePlan plan)
    {
        if (plan.TakesTombstoneBack)
        {
            await Compensation.RunAsync(() => DiscardAsync(delete));
        }
    }

    private async Task DiscardAsync(KeyDelete delete)
    {
        if (await marks.FindAsync(delete.Bucket.Name, delete.Key, CancellationToken.None) is { } tombstone)
        {
            await marks.DiscardAsync(delete.Bucket.Name, tombstone, CancellationToken.None);
        }
    }
}
