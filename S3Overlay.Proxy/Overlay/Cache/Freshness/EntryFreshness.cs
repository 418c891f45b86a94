using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>Decides whether a cached entry may be used, and asks the remote if needed (rules S1, S4, table F).</summary>
/// <remarks>
/// <code>
///   an entry was found
///     fresh     used                                                                          HIT
///     ageing    used, and revalidated in the background                                       HIT
///     stale     the remote is asked
///     doubted   the remote is asked by a request that starts after the read
///                  same       used                                                            REVALIDATED
///                  changed    as a miss
///                  gone       as a miss: 404
///                  unknown    stale: used, within S3_OVERLAY_STALE_IF_ERROR                   STALE
///                             doubted: the read fails
/// </code>
/// </remarks>
internal sealed class EntryFreshness(FreshnessSettings settings, Revalidations revalidations, ICachedVersions versions,
    RevalidationBudget budget, TimeProvider time)
{
    private readonly EntryLifetime _life = new(settings);
    private readonly Refreshes _refreshes = new(settings, revalidations, versions, budget, time);

    /// <summary>Requests under way that ask whether an entry is current.</summary>
    public int Revalidating => revalidations.UnderWay;

    /// <summary>Background revalidations and refills under way.</summary>
    public int Refreshing => _refreshes.UnderWay;

    /// <summary>True if an entry may be used without asking the remote.</summary>
    public bool IsFresh(ICacheEntry entry) => _life.StateOf(time.GetUtcNow() - entry.ValidatedAt) is EntryState.Fresh or EntryState.Ageing;

    /// <summary>True if every read asks the remote, however young the entry.</summary>
    public bool AlwaysAsks => settings.Revalidation.Mode == RevalidationMode.Always;

    /// <summary>How an entry may be used without asking the remote; null if it may not.</summary>
    public FreshnessVerdict? OfFresh(ICacheEntry entry) =>
        IsFresh(entry) ? new FreshnessVerdict(EntryUsability.Hit, entry.Info, time.GetUtcNow() - entry.ValidatedAt) : null;

    /// <summary>Decides how an entry may be used. The caller keeps the entry.</summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="mayBeStale">Whether a stale entry may be used if the remote cannot be asked.</param>
    /// <param name="isDoubted">Whether to ask the remote regardless of the entry's age.</param>
    /// <param name="cancellationToken">Ends the wait, not the request.</param>
    /// <exception cref="RemoteException">The object is gone, or the remote was needed and failed.</exception>
    public ValueTask<FreshnessVerdict> JudgeAsync(ObjectName name, RemoteBucket remote, ICacheEntry entry, bool mayBeStale, bool isDoubted,
        CancellationToken cancellationToken)
    {
        var age = time.GetUtcNow() - entry.ValidatedAt;
        var state = isDoubted ? EntryState.Doubted : _life.StateOf(age);
        if (state == EntryState.Ageing)
        {
            _refreshes.Begin(name, remote, entry);
        }

        return state is EntryState.Fresh or EntryState.Ageing
            ? new(new FreshnessVerdict(EntryUsability.Hit, entry.Info, age))
            : AskAsync(name, remote, entry.Info, state, age, mayBeStale && state == EntryState.Stale
                && _life.IsOfUse(age), cancellationToken);
    }

    private async ValueTask<FreshnessVerdict> AskAsync(
        ObjectName name, RemoteBucket remote, ObjectInfo known, EntryState state, TimeSpan age, bool canFallBack,
        CancellationToken cancellationToken)
    {
        var limit = canFallBack ? budget.TimeoutFor(remote, name.Key) : Timeout.InfiniteTimeSpan;
        if (limit == TimeSpan.Zero)
        {
            return new(EntryUsability.Stale, known, age);
        }

        var (verdict, waiting) = revalidations.Ask(name, remote, known, isFromNow: state == EntryState.Doubted);

        // The time limit belongs to the request: a read that joins late waits only for the rest of it.
        var left = !canFallBack ? limit : limit > waiting ? limit - waiting : TimeSpan.Zero;
        RevalidationOutcome outcome;
        try
        {
            outcome = await verdict.WaitAsync(left, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            if (left > TimeSpan.Zero)
            {
                remote.Remote.Suspect(remote.Name);
            }

            return new(EntryUsability.Stale, known, age);
        }

        return outcome.Result switch
        {
            RevalidationResult.Same => new(EntryUsability.Revalidated, outcome.Info ?? known, TimeSpan.Zero),
            RevalidationResult.Changed => new(EntryUsability.Outdated, outcome.Info!, TimeSpan.Zero),
            RevalidationResult.Unknown when canFallBack => new(EntryUsability.Stale, known, age),
            _ => throw outcome.Failure!.Anew(),
        };
    }
}
