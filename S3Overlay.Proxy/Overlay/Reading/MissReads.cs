using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Reads of an object of which nothing is held: the remote is asked, once for all who want the object meanwhile.</summary>
internal sealed class MissReads(Fills fills, PassThroughReads streamed, FillReader followed, ReadAhead readAhead, EntryFreshness freshness,
    NegativeCache absent, MissingChecksums checksums)
{
    /// <summary>Answers where nothing is held.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="before">The answer before anything was prepared.</param>
    /// <param name="openings">What <see cref="InFlightTable.Completions"/> said before a copy was looked for.</param>
    /// <param name="directives">What the client says of copies.</param>
    /// <param name="known">What the remote has just said of the object; null where it was not asked.</param>
    /// <param name="outdated">The version that it has no more, by that; null for none.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    public async Task AnswerAsync(
        S3Request request, S3Response answer, ObjectName name, RemoteBucket remote, ResponseSnapshot before, long openings,
        ReadDirectives directives, ObjectInfo? known,
        string? outdated, CancellationToken cancellationToken)
    {
        ResponseOrigin.Miss(answer);
        var range = RangeHeader.Parse(request.Header("Range"));
        if (request.IsHead || PassThroughReads.NeedsInfoFirst(request))
        {
            var info = known ?? await HeadAsync(name, remote, cancellationToken);
            ObjectResponse.Prepare(request, answer, info);
            if (!ObjectResponse.SendsBody(request, answer))
            {
                return;
            }

            range = ObjectResponse.EffectiveRange(request, info);
            before.Restore(answer);
            ResponseOrigin.Miss(answer);
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

        using var read = fills.Telemetry.Follow();
        ActiveEntry? held;
        RemoteObject? unheld;
        bool isOfAnother;
        try
        {
            (held, unheld, isOfAnother) = await fills.OpenAsync(name, remote, range, openings, outdated, MustBeFromNow(directives), read,
                cancellationToken);
        }
        catch (RemoteException unsatisfiable) when (unsatisfiable is { Failure: RemoteFailure.InvalidRange, ActualSize: null })
        {
            // The client is owed the size, and this remote did not tell it.
            ObjectResponse.Prepare(request, answer, await HeadAsync(name, remote, cancellationToken));
            throw new VersionChangedException(unsatisfiable);
        }

        if (unheld is not null)
        {
            await using (unheld)
            {
                ResponseOrigin.Bypass(answer);
                await PassThroughReads.SendOpenedAsync(request, answer, unheld, cancellationToken);
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
                var info = isOfAnother ? await InfoOfAnothersAsync(name, remote, held, directives, cancellationToken) : held.Entry.Info;
                info = await checksums.ShownAsync(request, remote, info, held.Entry.ValidatedAt, cancellationToken);
                wanted = ObjectResponse.Prepare(request, answer, info);
            }
            catch
            {
                await held.LeaveAsync();
                throw;
            }

            if (wanted is { } bytes)
            {
                await followed.AnswerAsync(held, bytes, readAhead.Note(name, held.Entry, bytes), answer, read, null, cancellationToken);
            }
            else
            {
                await held.LeaveAsync();
            }
        }
    }

    /// <summary>Whether a read must have the remote's word from after its own beginning.</summary>
    private bool MustBeFromNow(ReadDirectives directives) => freshness.AlwaysAsks || directives.HasFlag(ReadDirectives.Compare);

    /// <summary>
    /// What is sent of an object that another read asked for, perhaps before this one began: where this one must have the remote's word
    /// from after its own beginning, it is judged like a copy.
    /// </summary>
    /// <exception cref="VersionChangedException">The remote has another version by now.</exception>
    private async ValueTask<ObjectInfo> InfoOfAnothersAsync(
        ObjectName name, RemoteBucket remote, ActiveEntry held, ReadDirectives directives, CancellationToken cancellationToken)
    {
        if (!MustBeFromNow(directives))
        {
            return held.Entry.Info;
        }

        var verdict = await freshness.JudgeAsync(name, remote, held.Entry, mayBeStale: false, isDoubted: true, cancellationToken);
        return verdict.Use != EntryUsability.Outdated ? verdict.Info : throw new VersionChangedException();
    }

    private Task<ObjectInfo> HeadAsync(ObjectName name, RemoteBucket remote, CancellationToken cancellationToken) =>
        absent.AskAsync(name, (remote, name.Key, cancellationToken), static about => RemoteReads
            .HeadAsync(about.remote, about.Key, about.cancellationToken));
}
