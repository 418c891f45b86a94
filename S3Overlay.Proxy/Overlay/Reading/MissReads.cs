using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Reads of an object that is not cached: concurrent misses share one request to the remote.</summary>
internal sealed class MissReads(Fills fills, PassThroughReads passThrough, FillReader follower, ReadAhead readAhead,
    EntryFreshness freshness, NegativeCache absent, MissingChecksums checksums)
{
    /// <summary>Answers a miss.</summary>
    /// <param name="responder">Writes the response.</param>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="completions"><see cref="InFlightTable.Completions"/> before the lookup.</param>
    /// <param name="directives">The client's cache directives.</param>
    /// <param name="known">What the remote just said about the object; null if it was not asked.</param>
    /// <param name="outdated">The ETag of a version that the remote just replaced; null for none.</param>
    /// <param name="cancellationToken">Ends the wait, not the fill.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public async Task<ReadResult> ReadAsync(ReadResponder responder, ObjectName name, RemoteBucket remote, long completions,
        ReadDirectives directives, ObjectInfo? known, string? outdated, CancellationToken cancellationToken)
    {
        responder.From(ReadSource.Miss);
        var range = responder.Range;
        if (responder.Request.IsHead || PassThroughReads.NeedsInfoFirst(responder))
        {
            var info = known ?? await HeadAsync(name, remote, cancellationToken);
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
            return await absent.AskAsync(name, (passThrough, responder, remote, cancellationToken), static about =>
                about.passThrough.ReadAsync(about.responder, about.remote,
                    RemoteReads.Whole(about.remote, about.responder.Request.Key), about.cancellationToken));
        }

        using var read = fills.Telemetry.Follow();
        var start = await fills.OpenAsync(name, remote, range, completions, outdated, MustBeFromNow(directives), read, cancellationToken);
        if (start.Failure is { } failure)
        {
            if (failure is not { Failure: RemoteFailure.InvalidRange, ActualSize: null })
            {
                return new(ReadOutcome.Failed, failure);
            }

            // The client needs the size, and this remote did not send it with its 416.
            responder.Plan(await HeadAsync(name, remote, cancellationToken));
            return ReadResult.VersionChanged;
        }

        if (start.Uncached is { } uncached)
        {
            await using (uncached)
            {
                await PassThroughReads.SendOpenedAsync(responder, uncached, cancellationToken);
                return ReadResult.Sent;
            }
        }

        return start.Active is { } active
            ? await FollowAsync(responder, name, remote, active, start.IsOfAnother, directives, read, cancellationToken)
            : await passThrough.ReadAsync(responder, remote, RemoteReads.Whole(remote, name.Key), cancellationToken);
    }

    private async Task<ReadResult> FollowAsync(ReadResponder responder, ObjectName name, RemoteBucket remote, ActiveEntry active,
        bool isOfAnother, ReadDirectives directives, FillSubscription read, CancellationToken cancellationToken)
    {
        var isLeft = true;
        try
        {
            var info = active.Entry.Info;
            if (isOfAnother && MustBeFromNow(directives))
            {
                // Another read's request may be older than this read: judge its entry like any other.
                var verdict = await freshness.JudgeAsync(name, remote, active.Entry, mayBeStale: false, isDoubted: true, cancellationToken);
                if (verdict.Use == EntryUsability.Outdated)
                {
                    return ReadResult.VersionChanged;
                }

                info = verdict.Info;
            }

            info = await checksums.ShownAsync(responder.Request, remote, info, active.Entry.ValidatedAt, cancellationToken);
            if (responder.BodyOf(responder.Plan(info)) is not { } wanted)
            {
                responder.WriteHead();
                return ReadResult.Sent;
            }

            isLeft = false;
            return await follower.SendAsync(active, wanted, readAhead.Note(name, active.Entry, wanted), responder, read, null,
                cancellationToken);
        }
        finally
        {
            if (isLeft)
            {
                await active.LeaveAsync();
            }
        }
    }

    /// <summary>True if the remote must be asked after the read began.</summary>
    private bool MustBeFromNow(ReadDirectives directives) => freshness.AlwaysAsks || directives.HasFlag(ReadDirectives.Compare);

    private Task<ObjectInfo> HeadAsync(ObjectName name, RemoteBucket remote, CancellationToken cancellationToken) =>
        absent.AskAsync(name, (remote, name.Key, cancellationToken),
            static about => RemoteReads.HeadAsync(about.remote, about.Key, about.cancellationToken));
}
