using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads with caching on: looks up an entry, decides whether it may be used, and sends a hit. Concurrent misses share one request to the
/// remote. The map is at <see cref="RemoteReader"/>.
/// </summary>
internal sealed class CachedReads(
    Fills fills, CacheEntries entries, FillReader follower, EntryFreshness freshness, NegativeCache absent, MissingChecksums checksums)
{
    private const int MaxRestarts = 4;

    /// <summary>Answers a GET or HEAD.</summary>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public async Task<ReadResult> ReadAsync(ReadResponder responder, RemoteBucket remote, WrittenRead local, ReadDirectives directives)
    {
        var request = responder.Request;
        var onlyCached = directives.HasFlag(ReadDirectives.OnlyCached);
        var name = new ObjectName(request.Bucket, request.Key);
        var hint = request.IsHead ? LookupHint.Info : LookupHint.Bytes(responder.Range);
        for (var restarts = 0; ; restarts++)
        {
            responder.From(null);
            var inUse = fills.Objects.Find(name);
            var completions = fills.Objects.Completions(name);
            var lookup = entries.FindAsync(name, remote, hint, responder.Client);
            if (!IsKnownToExist(local.IsDeleted))
            {
                lookup = lookup.Preserve();
                if (await IsDeletedAsync(local.IsDeleted, lookup))
                {
                    return new(ReadOutcome.Deleted);
                }
            }

            ReadResult result;
            if (await lookup is { } entry)
            {
                if (await JudgeAsync(name, remote, entry, responder, directives) is not { } verdict)
                {
                    return new(ReadOutcome.NotCached);
                }

                if (verdict.Failure is { } failure)
                {
                    await entry.DisposeAsync();
                    return new(ReadOutcome.Failed, failure);
                }

                if (verdict.Use != EntryUsability.Outdated)
                {
                    result = await HitAsync(responder, name, remote, entry, verdict, onlyCached, restarts < MaxRestarts);
                }
                else
                {
                    var outdated = entry.Info.ETag;
                    await entry.DisposeAsync();
                    result = await MissAsync(responder, name, remote, completions, directives, verdict.Info, outdated);
                }
            }
            else if (onlyCached)
            {
                return new(absent.Has(name) ? ReadOutcome.NotFound : ReadOutcome.NotCached);
            }
            else
            {
                // In use but not found: it was evicted, so this read gets what the remote has now.
                inUse?.Retire();
                if (!directives.HasFlag(ReadDirectives.Compare) && absent.Has(name))
                {
                    return new(ReadOutcome.NotFound);
                }

                result = await MissAsync(responder, name, remote, completions, directives, null, null);
            }

            if (result.Outcome != ReadOutcome.VersionChanged || responder.HasStarted || restarts == MaxRestarts)
            {
                return result;
            }
        }
    }

    /// <summary>Sends cached bytes as far as they go, and the rest from a fill. Takes over the entry.</summary>
    private async ValueTask<ReadResult> HitAsync(ReadResponder responder, ObjectName name, RemoteBucket remote, ICacheEntry entry,
        FreshnessVerdict verdict, bool onlyCached, bool mayRestart)
    {
        var missing = default(ByteRange);
        var ahead = default(ReadAhead);
        var (isDone, isCovered) = (true, false);
        try
        {
            // A sequential reader goes to the fills even if all it wants is cached: what comes after it may not be.
            var likely = WantedOf(responder, verdict.Info);
            isCovered = likely is not { } range || CacheEntries.Covers(entry, range);
            ahead = likely is { } next && !onlyCached ? follower.Note(name, entry, next, isCovered) : default;
            var isWhole = isCovered && ahead.IsNone;
            using var hit = isWhole ? Tracing.Start(SpanNames.CacheHit) : null;
            responder.From(
                verdict.Use switch
                {
                    EntryUsability.Revalidated => ReadSource.Revalidated,
                    EntryUsability.Stale => ReadSource.Stale,
                    _ => ReadSource.Hit,
                },
                verdict.Age);
            if (responder.BodyOf(responder.Plan(verdict.Info)) is not { } wanted)
            {
                responder.WriteHead();
                return ReadResult.Sent;
            }

            missing = wanted;
            if (isWhole)
            {
                using var hits = ChunkHits.Of(entry, wanted);
                var reached = await responder.SendCachedAsync(entry, wanted, hits, responder.Client);
                hit?.SetTag(SpanAttributes.Bytes, reached - wanted.First);
                if (reached > wanted.Last)
                {
                    return ReadResult.Sent;
                }

                // A block was damaged.
                hit.Fail("damaged");
                missing = wanted with { First = reached };
                isCovered = false;
            }

            if (!isCovered && !responder.HasStarted)
            {
                if (onlyCached)
                {
                    responder.From(null);
                    return new(ReadOutcome.NotCached);
                }

                responder.From(ReadSource.Miss);
            }

            isDone = false;
        }
        finally
        {
            if (isDone)
            {
                await entry.DisposeAsync();
            }
        }

        using var chunks = ChunkHits.Of(entry, missing);
        using var read = fills.Follow();
        var mayLookAgain = mayRestart && !isCovered && !responder.HasStarted;
        return await fills.AttachAsync(name, remote, entry, read, mayLookAgain, responder.Waiting) is { } active
            ? await follower.SendAsync(active, missing, ahead, responder, read, chunks)
            : ReadResult.VersionChanged;
    }

    /// <summary>Answers a miss.</summary>
    /// <param name="responder">Writes the response.</param>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="completions"><see cref="InFlightTable.Completions"/> before the lookup.</param>
    /// <param name="directives">The client's cache directives.</param>
    /// <param name="known">What the remote just said about the object; null if it was not asked.</param>
    /// <param name="outdated">The ETag of a version that the remote just replaced; null for none.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    private async Task<ReadResult> MissAsync(ReadResponder responder, ObjectName name, RemoteBucket remote, long completions,
        ReadDirectives directives, ObjectInfo? known, string? outdated)
    {
        responder.From(ReadSource.Miss);
        var range = responder.Range;
        if (responder.NeedsInfoFirst)
        {
            var head = known is null ? await HeadAsync(name, remote, responder.Waiting) : default;
            if (head.Failure is { } missing)
            {
                return new(ReadOutcome.Failed, missing);
            }

            var info = known ?? head.Found!.Info;
            var plan = responder.Plan(info);
            if (responder.Request.IsHead || plan.Reply.Status == StatusCodes.Status304NotModified)
            {
                responder.WriteHead();
                return ReadResult.Sent;
            }

            range = ObjectResponse.EffectiveRange(responder.Request, info, range);
        }

        if (!fills.Admits(name))
        {
            return await absent.AskAsync(name, (responder, remote), static about =>
                PassThroughReads.ReadAsync(about.responder, about.remote, about.remote.Read(about.responder.Request.Key)));
        }

        using var read = fills.Follow();
        var start = await fills.OpenAsync(name, remote, range, completions, outdated, MustBeFromNow(directives), read, responder.Waiting);
        if (start.Failure is { } failure)
        {
            if (failure is not { Failure: RemoteFailure.InvalidRange, ActualSize: null })
            {
                return new(ReadOutcome.Failed, failure);
            }

            // The client needs the size, which this remote did not send with its 416: planning throws one that has it.
            // If it does not, the object has changed.
            var head = await HeadAsync(name, remote, responder.Waiting);
            if (head.Found is not { } current)
            {
                return new(ReadOutcome.Failed, head.Failure);
            }

            responder.Plan(current.Info);
            return ReadResult.VersionChanged;
        }

        if (start.Uncached is { } uncached)
        {
            await using (uncached)
            {
                await PassThroughReads.SendOpenedAsync(responder, uncached);
                return ReadResult.Sent;
            }
        }

        return start.Active is { } active
            ? await FollowAsync(responder, name, remote, active, start.IsOfAnother, directives, read)
            : await PassThroughReads.ReadAsync(responder, remote, remote.Read(name.Key));
    }

    private async Task<ReadResult> FollowAsync(ReadResponder responder, ObjectName name, RemoteBucket remote, ActiveEntry active,
        bool isOfAnother, ReadDirectives directives, FillSubscription read)
    {
        var mustLeave = true;
        try
        {
            var info = active.Entry.Info;
            if (isOfAnother && MustBeFromNow(directives))
            {
                // Another read's request may be older than this read: judge its entry like any other.
                var verdict = await freshness.JudgeAsync(name, remote, active.Entry, mayBeStale: false, isDoubted: true, responder.Waiting);
                if (verdict.Failure is { } failure)
                {
                    return new(ReadOutcome.Failed, failure);
                }

                if (verdict.Use == EntryUsability.Outdated)
                {
                    return ReadResult.VersionChanged;
                }

                info = verdict.Info;
            }

            if (ObjectResponse.LacksChecksums(responder.Request, info, responder.Range))
            {
                info = await checksums.CompleteAsync(name, remote, info, active.Entry.ValidatedAt, responder.Waiting);
            }

            if (responder.BodyOf(responder.Plan(info)) is not { } wanted)
            {
                responder.WriteHead();
                return ReadResult.Sent;
            }

            mustLeave = false;
            var ahead = follower.Note(name, active.Entry, wanted, isCovered: false);
            return await follower.SendAsync(active, wanted, ahead, responder, read, null);
        }
        finally
        {
            if (mustLeave)
            {
                await active.LeaveAsync();
            }
        }
    }

    /// <summary>True if the remote must be asked after the read began.</summary>
    private bool MustBeFromNow(ReadDirectives directives) => freshness.AlwaysAsks || directives.HasFlag(ReadDirectives.Compare);

    private Task<RemoteResult> HeadAsync(ObjectName name, RemoteBucket remote, CancellationToken cancellationToken) =>
        absent.AskAsync(name, (remote, name.Key, cancellationToken),
            static about => about.remote.Remote.TryHeadAsync(about.remote.Read(about.Key), about.cancellationToken));

    /// <summary>The bytes a GET wants, conditions aside; null for none.</summary>
    private static ByteRange? WantedOf(ReadResponder responder, ObjectInfo info) =>
        responder.Request.IsHead || info.Size == 0 ? null
        : ObjectResponse.EffectiveRange(responder.Request, info, responder.Range) is { } range ? range.Resolve(info.Size)
        : new ByteRange(0, info.Size - 1);

    private static bool IsKnownToExist(Task<bool> isDeleted) => isDeleted.IsCompletedSuccessfully && !isDeleted.Result;

    /// <summary>Waits for the tombstone check, which runs alongside the lookup. Releases the entry of a deleted key.</summary>
    private static async Task<bool> IsDeletedAsync(Task<bool> isDeleted, ValueTask<ICacheEntry?> lookup)
    {
        var wasDeleted = true;
        try
        {
            return wasDeleted = await isDeleted;
        }
        finally
        {
            if (wasDeleted)
            {
                await ReleaseAsync(lookup);
            }
        }
    }

    private static async Task ReleaseAsync(ValueTask<ICacheEntry?> lookup)
    {
        try
        {
            if (await lookup is { } unneeded)
            {
                await unneeded.DisposeAsync();
            }
        }
        catch (Exception)
        {
            // The response is decided; the lookup no longer matters.
        }
    }

    /// <summary>
    /// Decides how an entry may be used. Null if the client accepts only cached objects and the remote would have to be asked. Disposes an
    /// entry that is not used.
    /// </summary>
    private async ValueTask<FreshnessVerdict?> JudgeAsync(ObjectName name, RemoteBucket remote, ICacheEntry entry, ReadResponder responder,
        ReadDirectives directives)
    {
        try
        {
            var isDoubted = directives.HasFlag(ReadDirectives.Compare);
            if (directives.HasFlag(ReadDirectives.OnlyCached))
            {
                if (!isDoubted && freshness.OfFresh(entry) is { } fresh)
                {
                    return fresh;
                }

                await entry.DisposeAsync();
                return null;
            }

            // The deadline is created on first use; most hits need none.
            var wait = !isDoubted && freshness.IsFresh(entry) ? responder.Client : responder.Waiting;
            var verdict = await freshness.JudgeAsync(name, remote, entry, mayBeStale: true, isDoubted, wait);
            return verdict.Use is EntryUsability.Hit or EntryUsability.Revalidated
                && ObjectResponse.LacksChecksums(responder.Request, verdict.Info, responder.Range)
                ? verdict with { Info = await checksums.CompleteAsync(name, remote, verdict.Info, entry.ValidatedAt, responder.Waiting) }
                : verdict;
        }
        catch
        {
            await entry.DisposeAsync();
            throw;
        }
    }
}
