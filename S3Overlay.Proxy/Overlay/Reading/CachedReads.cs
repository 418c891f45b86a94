using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads with caching on: from what is held, from fills under way, from the remote, in that order. The map is at
/// <see cref="RemoteReader"/>.
/// </summary>
internal sealed class CachedReads(Fills fills, CacheEntries copies, HitReads warm, FillReader followed, MissReads cold,
    EntryFreshness freshness, NegativeCache absent, MissingChecksums checksums)
{
    private const int MaxRestarts = 4;

    /// <summary>Answers a GET or HEAD.</summary>
    /// <exception cref="S3Exception">GatewayTimeout where the client wants nothing but what is held, and it is not.</exception>
    /// <returns>False where the key turned out to be deleted here: nothing was answered then.</returns>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    /// <exception cref="VersionChangedException">It changed after the answer had started, or faster than it could be read.</exception>
    public async Task<bool> AnswerAsync(
        S3Request request, S3Response answer, RemoteBucket remote, WrittenRead local, ReadDirectives directives, ResponseDeadline deadline)
    {
        var cancellationToken = deadline.Client;
        var onlyHeld = directives.HasFlag(ReadDirectives.OnlyHeld);
        var name = new ObjectName(request.Bucket, request.Key);
        var wish = request.IsHead ? LookupHint.Info : LookupHint.Bytes(RangeHeader.Parse(request.Header("Range")));
        ResponseSnapshot? snapshot = null;
        for (var restarts = 0; ; restarts++)
        {
            var inUse = fills.Objects.Find(name);
            var openings = fills.Objects.Completions(name);
            var finding = copies.FindAsync(name, remote, wish, cancellationToken);
            if (!IsKnownToBeThere(local.IsDeleted))
            {
                finding = finding.Preserve();
                if (await IsDeletedAsync(local.IsDeleted, finding))
                {
                    return false;
                }
            }

            ObjectInfo? newer = null;
            string? outdated = null;
            if (await finding is { } copy)
            {
                var verdict = await JudgeAsync(name, remote, copy, request, directives, deadline);
                if (verdict.Use != EntryUsability.Outdated)
                {
                    if (await warm.AnswerAsync(request, answer, name, copy, verdict, onlyHeld, cancellationToken) is not { } missing)
                    {
                        return true;
                    }

                    snapshot ??= missing.Before;
                    using var hits = ChunkHits.Of(copy, missing.Bytes);
                    using var read = fills.Telemetry.Follow();
                    try
                    {
                        var held = await fills.AttachAsync(name, remote, copy, read, deadline.Waiting);
                        await followed.AnswerAsync(held, missing.Bytes, missing.Ahead, answer, read, hits, deadline.Waiting);
                        return true;
                    }
                    catch (VersionChangedException) when (!answer.HasStarted && restarts < MaxRestarts)
                    {
                        snapshot.Value.Restore(answer);
                        continue;
                    }
                }

                (newer, outdated) = (verdict.Info, copy.Info.ETag);
                await copy.DisposeAsync();
            }
            else if (onlyHeld)
            {
                absent.ThrowIfHas(name);
                throw new S3Exception(S3Errors.GatewayTimeout);
            }
            else
            {
                // In use, and yet not held: dropped meanwhile, so whoever comes now gets what the remote has now.
                inUse?.Retire();
                if (!directives.HasFlag(ReadDirectives.Compare))
                {
                    absent.ThrowIfHas(name);
                }
            }

            snapshot ??= new ResponseSnapshot(answer);
            try
            {
                await cold.AnswerAsync(request, answer, name, remote, snapshot.Value, openings, directives, newer, outdated,
                    deadline.Waiting);
                return true;
            }
            catch (VersionChangedException) when (!answer.HasStarted && restarts < MaxRestarts)
            {
                snapshot.Value.Restore(answer);
            }
        }
    }

    private static bool IsKnownToBeThere(Task<bool> isDeleted) => isDeleted.IsCompletedSuccessfully && !isDeleted.Result;

    /// <summary>
    /// Waits for the word on the key's tombstone, which was asked for at the same time as its copy; a copy of a deleted key is left alone.
    /// </summary>
    private static async Task<bool> IsDeletedAsync(Task<bool> isDeleted, ValueTask<ICacheEntry?> finding)
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
                await LetGoAsync(finding);
            }
        }
    }

    private static async Task LetGoAsync(ValueTask<ICacheEntry?> finding)
    {
        try
        {
            if (await finding is { } unneeded)
            {
                await unneeded.DisposeAsync();
            }
        }
        catch (Exception)
        {
            // The answer is another one already; what was looked for is of no interest any more.
        }
    }

    /// <summary>Tells whether a copy may be served; lets go of it where that cannot be told.</summary>
    private async ValueTask<FreshnessVerdict> JudgeAsync(
        ObjectName name, RemoteBucket remote, ICacheEntry copy, S3Request request, ReadDirectives directives, ResponseDeadline deadline)
    {
        try
        {
            var isDoubted = directives.HasFlag(ReadDirectives.Compare);
            var patience = !isDoubted && freshness.IsFresh(copy) ? deadline.Client : deadline.Waiting;
            var verdict = !directives.HasFlag(ReadDirectives.OnlyHeld) ? await freshness
                .JudgeAsync(name, remote, copy, mayBeStale: true, isDoubted, patience)
                : !isDoubted && freshness.OfFresh(copy) is { } fresh ? fresh
                : throw new S3Exception(S3Errors.GatewayTimeout);

            // Most reads are shown none, and need not wait for anything: their deadline is not made for this.
            return verdict.Use is EntryUsability.Hit or EntryUsability.Revalidated && !directives.HasFlag(ReadDirectives.OnlyHeld)
                && ObjectResponse.LacksChecksums(request, verdict.Info)
                ? verdict with { Info = await checksums.CompleteAsync(name, remote, verdict.Info, copy.ValidatedAt, deadline.Waiting) }
                : verdict;
        }
        catch
        {
            await copy.DisposeAsync();
            throw;
        }
    }
}
