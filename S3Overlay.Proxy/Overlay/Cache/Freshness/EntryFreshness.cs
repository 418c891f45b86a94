using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// Tells of every copy that is found whether it may be served, and asks the remote where that is not known (rules S1, S4, table F).
/// </summary>
/// <remarks>
/// <code>
///   a copy was found
///     fresh     served                                                                        HIT
///     ageing    served, and the remote is asked meanwhile                                     HIT
///     stale     the remote is asked
///     doubted   the remote is asked by a question put after the read began
///                  same       served                                                          REVALIDATED
///                  changed    as if nothing were held
///                  gone       as if the remote had been asked for it now: 404
///                  unknown    stale: served, within S3_OVERLAY_STALE_IF_ERROR                 STALE
///                             doubted: the failure is the answer
/// </code>
/// </remarks>
internal sealed class EntryFreshness(FreshnessSettings settings, Revalidations revalidations, ICachedVersions held,
    RevalidationBudget patience, TimeProvider time)
{
    private readonly EntryLifetime _life = new(settings);
    private readonly Refreshes _refreshes = new(settings, revalidations, held, patience, time);

    /// <summary>How many questions about copies are on their way.</summary>
    public int Revalidating => revalidations.UnderWay;

    /// <summary>How many copies are being compared while they are served, or fetched anew.</summary>
    public int Refreshing => _refreshes.UnderWay;

    /// <summary>Whether a copy may be served now without a word of the remote's.</summary>
    public bool IsFresh(ICacheEntry copy) => _life.StateOf(time.GetUtcNow() - copy.ValidatedAt) is EntryState.Fresh or EntryState.Ageing;

    /// <summary>Whether no copy is believed, however young: each read asks the remote after it began.</summary>
    public bool AlwaysAsks => settings.Revalidation.Mode == RevalidationMode.Always;

    /// <summary>How a copy may be used without a word of the remote's; null where it may not.</summary>
    public FreshnessVerdict? OfFresh(ICacheEntry copy) =>
        IsFresh(copy) ? new FreshnessVerdict(EntryUsability.Hit, copy.Info, time.GetUtcNow() - copy.ValidatedAt) : null;

    /// <summary>Tells how a copy may be used. The copy stays the caller's.</summary>
    /// <param name="name">Its object.</param>
    /// <param name="remote">Where that is.</param>
    /// <param name="copy">The copy.</param>
    /// <param name="mayBeStale">Whether it may be past its life where the remote cannot be asked.</param>
    /// <param name="isDoubted">Whether the remote is to be asked whatever the copy's age.</param>
    /// <param name="cancellationToken">Ends the wait, not the question.</param>
    /// <exception cref="RemoteException">The object is gone, or the remote was needed and did not tell.</exception>
    public ValueTask<FreshnessVerdict> JudgeAsync(ObjectName name, RemoteBucket remote, ICacheEntry copy, bool mayBeStale, bool isDoubted,
        CancellationToken cancellationToken)
    {
        var age = time.GetUtcNow() - copy.ValidatedAt;
        var state = isDoubted ? EntryState.Doubted : _life.StateOf(age);
        if (state == EntryState.Ageing)
        {
            _refreshes.Begin(name, remote, copy);
        }

        return state is EntryState.Fresh or EntryState.Ageing
            ? new(new FreshnessVerdict(EntryUsability.Hit, copy.Info, age))
            : AskAsync(name, remote, copy.Info, state, age, mayBeStale && state == EntryState.Stale
                && _life.IsOfUse(age), cancellationToken);
    }

    private async ValueTask<FreshnessVerdict> AskAsync(
        ObjectName name, RemoteBucket remote, ObjectInfo known, EntryState state, TimeSpan age, bool canFallBack,
        CancellationToken cancellationToken)
    {
        var limit = canFallBack ? patience.With(remote, name.Key) : Timeout.InfiniteTimeSpan;
        if (limit == TimeSpan.Zero)
        {
            return new(EntryUsability.Stale, known, age);
        }

        var (answer, waiting) = revalidations.Ask(name, remote, known, isFromNow: state == EntryState.Doubted);

        // The patience is the question's: whoever joins it when it is slow does not wait as long again.
        var left = !canFallBack ? limit : limit > waiting ? limit - waiting : TimeSpan.Zero;
        RevalidationOutcome outcome;
        try
        {
            outcome = await answer.WaitAsync(left, time, cancellationToken);
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
