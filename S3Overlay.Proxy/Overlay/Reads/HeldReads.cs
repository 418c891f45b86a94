using S3Overlay.Proxy.Overlay.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>Reads with caching on: from what is held, from fills under way, from the remote, in that order. The map is at <see cref="RemoteReader"/>.</summary>
internal sealed class HeldReads(Fills fills, StreamedReads streamed, ReadAhead readAhead, CopyFreshness freshness, AbsentKeys absent)
{
    private const int MaxRestarts = 4;

    /// <summary>Answers a GET or HEAD.</summary>
    /// <exception cref="S3Exception">GatewayTimeout where the client wants nothing but what is held, and it is not.</exception>
    /// <returns>False where the key turned out to be deleted here: nothing was answered then.</returns>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    /// <exception cref="VersionChangedException">It changed after the answer had started, or faster than it could be read.</exception>
    public async Task<bool> AnswerAsync(
        S3Request request, S3Answer answer, RemoteBucket remote, WrittenRead local, ReadDirectives directives, CancellationToken cancellationToken)
    {
        var onlyHeld = directives.HasFlag(ReadDirectives.OnlyHeld);
        var name = new ObjectName(request.Bucket, request.Key);
        var wish = request.IsHead ? HeldWish.Info : HeldWish.Bytes(RangeHeader.Parse(request.Header("Range")));
        AnswerSnapshot? snapshot = null;
        for (var restarts = 0; ; restarts++)
        {
            var inUse = fills.Find(name);
            var openings = fills.Openings(name);
            var finding = restarts > 0 ? fills.FindAsync(name, remote, wish, cancellationToken)
                : local.Copy is { } found ? fills.TakeAsync(found, name, remote, cancellationToken)
                : fills.FindAsync(name, remote, wish with { IsNotUnderItsKey = true }, cancellationToken);
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
                var verdict = await JudgeAsync(name, remote, copy, directives, cancellationToken);
                if (verdict.Use != CopyUse.Outdated)
                {
                    if (await AnswerFromCopyAsync(request, answer, name, copy, verdict, onlyHeld, cancellationToken) is not { } missing)
                    {
                        return true;
                    }

                    snapshot ??= missing.Before;
                    using var hits = ChunkHits.Of(copy, missing.Bytes);
                    using var read = fills.Follow();
                    try
                    {
                        var held = await fills.AttachAsync(name, remote, copy, read, cancellationToken);
                        await AnswerFromObjectAsync(held, missing.Bytes, missing.Ahead, answer, read, hits, cancellationToken);
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

            snapshot ??= new AnswerSnapshot(answer);
            try
            {
                await AnswerColdAsync(request, answer, name, remote, snapshot.Value, openings, newer, outdated, cancellationToken);
                return true;
            }
            catch (VersionChangedException) when (!answer.HasStarted && restarts < MaxRestarts)
            {
                snapshot.Value.Restore(answer);
            }
        }
    }

    private static bool IsKnownToBeThere(Task<bool> isDeleted) => isDeleted.IsCompletedSuccessfully && !isDeleted.Result;

    /// <summary>Waits for the word on the key's tombstone, which was asked for at the same time as its copy; a copy of a deleted key is left alone.</summary>
    private static async Task<bool> IsDeletedAsync(Task<bool> isDeleted, ValueTask<IHeldCopy?> finding)
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

    private static async Task LetGoAsync(ValueTask<IHeldCopy?> finding)
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
    private async ValueTask<CopyVerdict> JudgeAsync(
        ObjectName name, RemoteBucket remote, IHeldCopy copy, ReadDirectives directives, CancellationToken cancellationToken)
    {
        try
        {
            var isDoubted = directives.HasFlag(ReadDirectives.Compare);
            return !directives.HasFlag(ReadDirectives.OnlyHeld) ? await freshness.JudgeAsync(name, remote, copy, mayBeStale: true, isDoubted, cancellationToken)
                : !isDoubted && freshness.OfFresh(copy) is { } fresh ? fresh
                : throw new S3Exception(S3Errors.GatewayTimeout);
        }
        catch
        {
            await copy.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Answers from held bytes as far as they go, and disposes the copy where that is all. Otherwise says which bytes are still to be sent, and leaves the
    /// copy to the caller.
    /// </summary>
    private async ValueTask<Missing?> AnswerFromCopyAsync(
        S3Request request, S3Answer answer, ObjectName name, IHeldCopy copy, CopyVerdict verdict, bool onlyHeld, CancellationToken cancellationToken)
    {
        var isDone = true;
        try
        {
            var info = verdict.Info;
            if (request.IsHead || info.Size == 0 || WantedOf(request, info) is not { } likely)
            {
                using var ofInfo = Tracing.Start(SpanNames.CacheHit);
                AnswerOrigin.Held(answer, verdict);
                ObjectAnswer.Prepare(request, answer, info);
                return null;
            }

            // Who reads on from front to back is sent on to 5 though all it wants is held: the chunks after it may not be.
            var isCovered = HeldSending.Covers(copy, likely);
            var ahead = onlyHeld ? [] : readAhead.Note(name, copy, likely);
            AnswerSnapshot? clean = isCovered && ahead.Count == 0 ? null : new AnswerSnapshot(answer);
            using var hit = clean is null ? Tracing.Start(SpanNames.CacheHit) : null;
            AnswerOrigin.Held(answer, verdict);
            if (ObjectAnswer.Prepare(request, answer, info) is not { } wanted)
            {
                return null;
            }

            if (clean is not null)
            {
                if (!isCovered && onlyHeld)
                {
                    clean.Value.Restore(answer);
                    throw new S3Exception(S3Errors.GatewayTimeout);
                }

                if (!isCovered)
                {
                    AnswerOrigin.Miss(answer);
                }

                isDone = false;
                return new Missing(wanted, clean.Value, ahead);
            }

            using var hits = ChunkHits.Of(copy, wanted);
            var reached = await HeldSending.SendHeldAsync(copy, wanted, answer, hits, cancellationToken);
            hit?.SetTag(SpanAttributes.Bytes, reached - wanted.First);
            if (reached > wanted.Last)
            {
                return null;
            }

            hit.Fail("damaged");

            // A block was damaged. What was prepared stays true, but for where the bytes come from.
            var before = AnswerSnapshot.Without(info, answer);
            if (!answer.HasStarted)
            {
                if (onlyHeld)
                {
                    before.Restore(answer);
                    throw new S3Exception(S3Errors.GatewayTimeout);
                }

                AnswerOrigin.Miss(answer);
            }

            isDone = false;

            return new Missing(wanted with { First = reached }, before, []);
        }
        finally
        {
            if (isDone)
            {
                await copy.DisposeAsync();
            }
        }
    }

    /// <summary>The bytes wanted, conditions aside; null where none exist.</summary>
    private static ByteRange? WantedOf(S3Request request, ObjectInfo info) =>
        ObjectAnswer.EffectiveRange(request, info) is { } range ? range.Resolve(info.Size) : new ByteRange(0, info.Size - 1);

    /// <summary>Sends from an object in use, of which the caller is a reader.</summary>
    private async Task AnswerFromObjectAsync(
        HeldObject held, ByteRange wanted, IReadOnlyList<ByteRange> prefetched, S3Answer answer, Following read, ChunkHits? hits, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var ahead in prefetched)
            {
                held.Prefetch(ahead);
            }

            if (fills.Settings.Freshness.IsFrozen)
            {
                // What the remote may have no more is asked for before the client is sent what is held: a refusal can be told, a cut cannot be understood.
                await HeldSending.EnsureFirstMissingAsync(held, wanted, read, cancellationToken);
            }

            await HeldSending.SendAsync(held, wanted, answer, read, hits, cancellationToken);
        }
        finally
        {
            await held.LeaveAsync();
        }
    }

    /// <summary>Answers where nothing is held.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="before">The answer before anything was prepared.</param>
    /// <param name="openings">What <see cref="Fills.Openings"/> said before a copy was looked for.</param>
    /// <param name="known">What the remote has just said of the object; null where it was not asked.</param>
    /// <param name="outdated">The version that it has no more, by that; null for none.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    private async Task AnswerColdAsync(
        S3Request request, S3Answer answer, ObjectName name, RemoteBucket remote, AnswerSnapshot before, long openings, ObjectInfo? known, string? outdated,
        CancellationToken cancellationToken)
    {
        AnswerOrigin.Miss(answer);
        var range = RangeHeader.Parse(request.Header("Range"));
        if (request.IsHead || StreamedReads.NeedsInfoFirst(request))
        {
            var info = known ?? await HeadAsync(name, remote, cancellationToken);
            if (ObjectAnswer.Prepare(request, answer, info) is null)
            {
                return;
            }

            range = ObjectAnswer.EffectiveRange(request, info);
            before.Restore(answer);
            AnswerOrigin.Miss(answer);
        }

        if (!fills.Admits(name))
        {
            await absent.AskAsync(name, (streamed, request, answer, remote, cancellationToken), static async about =>
            {
                await about.streamed.AnswerAsync(
                    about.request, about.answer, about.remote, RemoteReads.Whole(about.remote, about.request.Key), about.cancellationToken);
                return true;
            });
            return;
        }

        using var read = fills.Follow();
        HeldObject? held;
        RemoteObject? unheld;
        try
        {
            (held, unheld) = await fills.OpenAsync(name, remote, range, openings, outdated, read, cancellationToken);
        }
        catch (RemoteException unsatisfiable) when (unsatisfiable is { Failure: RemoteFailure.InvalidRange, ActualSize: null })
        {
            // The client is owed the size, and this remote did not tell it.
            ObjectAnswer.Prepare(request, answer, await HeadAsync(name, remote, cancellationToken));
            throw new VersionChangedException(unsatisfiable);
        }

        if (unheld is not null)
        {
            await using (unheld)
            {
                AnswerOrigin.Bypass(answer);
                await StreamedReads.SendOpenedAsync(request, answer, unheld, cancellationToken);
            }
        }
        else if (held is null)
        {
            await streamed.AnswerAsync(request, answer, remote, RemoteReads.Whole(remote, name.Key), cancellationToken);
        }
        else
        {
            ByteRange? wanted;
            try
            {
                wanted = ObjectAnswer.Prepare(request, answer, held.Copy.Info);
            }
            catch
            {
                await held.LeaveAsync();
                throw;
            }

            if (wanted is { } bytes)
            {
                await AnswerFromObjectAsync(held, bytes, readAhead.Note(name, held.Copy, bytes), answer, read, null, cancellationToken);
            }
            else
            {
                await held.LeaveAsync();
            }
        }
    }

    private Task<ObjectInfo> HeadAsync(ObjectName name, RemoteBucket remote, CancellationToken cancellationToken) =>
        absent.AskAsync(name, (remote, name.Key, cancellationToken), static about => RemoteReads.HeadAsync(about.remote, about.Key, about.cancellationToken));

    /// <summary>What is left to send once the answer is prepared, how the answer was before, and what to fetch ahead.</summary>
    private readonly record struct Missing(ByteRange Bytes, AnswerSnapshot Before, IReadOnlyList<ByteRange> Ahead);
}
