using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// The checksums of copies that began with a range, whose answer named none (rule T1): asked for once, when somebody is to be shown them,
/// by one HEAD of exactly the version held. Nobody's answer depends on it: where the remote does not tell within a reader's patience, it is
/// as if the object had none, and it is not asked again for a while.
/// </summary>
/// <remarks>
/// Nothing but checksums is learned: whether the copy is current, and which headers the remote shows today, is for those to ask who may
/// replace it (rules S1, S4). Where a copy was renewed while the question was on its way, it keeps what the renewal told: those who asked
/// are shown the checksums, and the next reader's question finds them for the copy.
/// </remarks>
/// <param name="held">Keeps what is learned with the copy.</param>
/// <param name="patience">How long readers wait.</param>
/// <param name="time">The clock.</param>
internal sealed class MissingChecksums(ICachedVersions held, RevalidationBudget patience, TimeProvider time)
{
    /// <summary>How long it is remembered that the remote did not tell.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    /// <summary>
    /// By object and ETag what is known of the version with its checksums; null where the remote does not tell them. What it tells the copy
    /// keeps, and is forgotten here.
    /// </summary>
    private readonly CoalescingCache<ObjectInfo?> _answers = new(Silence, time);

    /// <summary>What is known of a version for a request of it: with its checksums, where the answer shows them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="remote">Where the object is.</param>
    /// <param name="info">What is known.</param>
    /// <param name="validatedAt">When that was the remote's current version.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    public ValueTask<ObjectInfo> ShownAsync(S3Request request, RemoteBucket remote, ObjectInfo info, DateTimeOffset validatedAt,
        CancellationToken cancellationToken) =>
        ObjectResponse.LacksChecksums(request, info)
            ? CompleteAsync(new ObjectName(request.Bucket, request.Key), remote, info, validatedAt, cancellationToken)
            : new(info);

    /// <summary>What is known of a version, with its checksums.</summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="info">What is known.</param>
    /// <param name="validatedAt">When that was the remote's current version.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    public async ValueTask<ObjectInfo> CompleteAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, DateTimeOffset validatedAt,
        CancellationToken cancellationToken)
    {
        if (info.AreChecksumsKnown)
        {
            return info;
        }

        // A key may have any character in it, so it is last; buckets and ETags have no line's end.
        var told = await _answers.FindAsync(
            $"{name.Bucket}\n{info.ETag}\n{name.Key}", (This: this, name, remote, info, validatedAt),
            static (question, about) => about.This.AskAsync(question, about.name, about.remote, about.info, about.validatedAt),
            cancellationToken);
        return told is null ? info : info.OrChecksumsOf(told);
    }

    /// <summary>
    /// Asks the remote within a reader's patience, which is the question's: whoever joins it later does not wait as long again.
    /// </summary>
    private async Task<ObjectInfo?> AskAsync(string question, ObjectName name, RemoteBucket remote, ObjectInfo known,
        DateTimeOffset validatedAt)
    {
        var limit = patience.With(remote, name.Key);
        if (limit == TimeSpan.Zero)
        {
            // It was not asked; whoever comes when it may be is to ask it.
            _answers.Forget(question);
            return null;
        }

        if (await ToldAsync(name, remote, known, limit) is not { } told)
        {
            return null;
        }

        await held.RenewAsync(name, known.ETag, validatedAt, told);
        _answers.Forget(question);
        return told;
    }

    /// <summary>What is known of a version with the checksums that the remote tells; null where it does not.</summary>
    private async Task<ObjectInfo?> ToldAsync(ObjectName name, RemoteBucket remote, ObjectInfo known, TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit, time);
        try
        {
            await using var head = await remote.Remote.HeadAsync(RemoteReads.Whole(remote, name.Key) with { IfMatch = known.ETag },
                late.Token);
            patience.Told(remote, name.Key);
            var info = head.Info;
            return info.AreChecksumsKnown && info.Size == known.Size && ETags.Same(info.ETag, known.ETag) ? known.OrChecksumsOf(info)
                : null;
        }
        catch (RemoteException gone) when (RemoteReads.MeansGone(gone))
        {
            // It may be there again when it is asked next; and whether the copy may still be served is not asked here.
            patience.Told(remote, name.Key);
            return null;
        }
        catch (RemoteException failure)
        {
            patience.NotTold(remote, name.Key, failure);
            return null;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            remote.Remote.Suspect(remote.Name);
            return null;
        }
    }
}
