using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Learns the checksums of an entry whose fill began with a range, because range responses carry none (rule T1). When a client asks for
/// them, one HEAD of exactly the cached version fetches them. If the remote fails or is slow, the response goes out without checksums, and
/// the remote is not asked again for a while.
/// </summary>
/// <remarks>
/// Learns checksums only; revalidation decides whether an entry is current (rules S1, S4). If an entry was renewed during the request, it
/// keeps the renewed headers, and the next request stores the checksums.
/// </remarks>
internal sealed class MissingChecksums(Fills fills, RevalidationBudget budget, TimeProvider time)
{
    /// <summary>How long a failed request is remembered.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Concurrent requests by object and ETag, and recent failures (null). A result is stored with the entry and removed from here.
    /// </summary>
    private readonly CoalescingCache<ObjectInfo?> _requests = new(Silence, time);

    /// <summary>The object's info with its checksums. Unchanged if they cannot be learned.</summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="info">What is known.</param>
    /// <param name="validatedAt">When this was the remote's current version.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<ObjectInfo> CompleteAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, DateTimeOffset validatedAt,
        CancellationToken cancellationToken)
    {
        if (info.AreChecksumsKnown)
        {
            return info;
        }

        // The key goes last because it may contain any character; buckets and ETags contain no line break.
        var learned = await _requests.FindAsync(
            $"{name.Bucket}\n{info.ETag}\n{name.Key}", (This: this, name, remote, info, validatedAt),
            static (id, about) => about.This.AskAsync(id, about.name, about.remote, about.info, about.validatedAt),
            cancellationToken);
        return learned is null ? info : info.OrChecksumsOf(learned);
    }

    /// <summary>
    /// Asks the remote within the revalidation budget. The time limit belongs to the request: a read that joins late waits only for the
    /// rest.
    /// </summary>
    private async Task<ObjectInfo?> AskAsync(string id, ObjectName name, RemoteBucket remote, ObjectInfo known,
        DateTimeOffset validatedAt)
    {
        var limit = budget.TimeoutFor(remote, name.Key);
        if (limit == TimeSpan.Zero)
        {
            // The remote was not asked: a later read may.
            _requests.Forget(id);
            return null;
        }

        if (await RequestAsync(name, remote, known, limit) is not { } learned)
        {
            return null;
        }

        await fills.RenewAsync(name, known.ETag, validatedAt, learned);
        _requests.Forget(id);
        return learned;
    }

    /// <summary>The info completed by a HEAD; null if the remote does not deliver it.</summary>
    private async Task<ObjectInfo?> RequestAsync(ObjectName name, RemoteBucket remote, ObjectInfo known, TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit, time);
        try
        {
            var head = await remote.Remote.TryHeadAsync(remote.Read(name.Key) with { IfMatch = known.ETag }, late.Token);
            if (head.Failure is { MeansGone: false } failure)
            {
                budget.NoteSilence(remote, name.Key, failure);
                return null;
            }

            // If the version is gone, whether the entry may still be used is decided elsewhere.
            budget.NoteVerdict(remote, name.Key);
            return head.Found?.Info is { AreChecksumsKnown: true } info && info.Size == known.Size && ETags.Same(info.ETag, known.ETag)
                ? known.OrChecksumsOf(info) : null;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            remote.Remote.Suspect(remote.Name);
            return null;
        }
    }
}
