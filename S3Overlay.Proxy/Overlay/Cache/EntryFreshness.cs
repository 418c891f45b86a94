using System.Collections.Concurrent;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

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
///
///   validated                        4/5 of its lifetime        lifetime             lifetime + S3_OVERLAY_STALE_IF_ERROR
///      |------------ fresh -------------|------ ageing ----------|------- stale ---------|------ stale, and not usable ------
/// </code>
/// With <c>never</c> and <c>frozen</c> an entry is always fresh, with <c>always</c> it is always doubted. If a fully cached object changed,
/// the background revalidation fills its new version at once, so that no reader waits (rule S4).
/// </remarks>
internal sealed class EntryFreshness(ReadSettings settings, Revalidations revalidations, Fills fills,
    RevalidationBudget budget, TimeProvider time)
{
    /// <summary>Above this many remembered attempts, all are forgotten.</summary>
    private const int Limit = 10_000;

    /// <summary>
    /// Tolerated clock skew between machines that share a store. A date farther in the future means that a clock was set back.
    /// </summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    /// <summary>How long an entry is used without a background revalidation.</summary>
    private readonly TimeSpan _ageing = settings.Revalidation.Life / 5 * 4;
    private readonly ConcurrentDictionary<ObjectName, long> _tried = new();
    private int _refreshing;

    /// <summary>Requests under way that ask whether an entry is current.</summary>
    public int Revalidating => revalidations.UnderWay;

    /// <summary>Background revalidations and refills under way.</summary>
    public int Refreshing => Volatile.Read(ref _refreshing);

    /// <summary>True if an entry may be used without asking the remote.</summary>
    public bool IsFresh(ICacheEntry entry) => IsFresh(entry.ValidatedAt);

    /// <summary>True if an entry that was known to be current at a moment may be used without asking the remote.</summary>
    public bool IsFresh(DateTimeOffset validatedAt) => StateOf(time.GetUtcNow() - validatedAt) is EntryState.Fresh or EntryState.Ageing;

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
    public ValueTask<FreshnessVerdict> JudgeAsync(ObjectName name, RemoteBucket remote, ICacheEntry entry, bool mayBeStale, bool isDoubted,
        CancellationToken cancellationToken)
    {
        var age = time.GetUtcNow() - entry.ValidatedAt;
        var state = isDoubted ? EntryState.Doubted : StateOf(age);
        if (state == EntryState.Ageing)
        {
            Refresh(name, remote, entry);
        }

        return state is EntryState.Fresh or EntryState.Ageing
            ? new(new FreshnessVerdict(EntryUsability.Hit, entry.Info, age))
            : AskAsync(name, remote, entry.Info, state, age, mayBeStale && state == EntryState.Stale
                && IsOfUse(age), cancellationToken);
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
            _ => new(EntryUsability.Unusable, known, age, outcome.Failure),
        };
    }

    private EntryState StateOf(TimeSpan age) => settings.Revalidation.Mode switch
    {
        RevalidationMode.Never or RevalidationMode.Frozen => EntryState.Fresh,
        RevalidationMode.Always => EntryState.Doubted,
        _ when age < _ageing => age > -Ahead ? EntryState.Fresh : EntryState.Stale,
        _ => age < settings.Revalidation.Life ? EntryState.Ageing : EntryState.Stale,
    };

    /// <summary>True if a stale entry may be used while the remote cannot be asked.</summary>
    private bool IsOfUse(TimeSpan age) => settings.StaleIfError is not { } bound || age - settings.Revalidation.Life <= bound;

    /// <summary>Starts to revalidate an entry, unless this is under way or was tried.</summary>
    private void Refresh(ObjectName name, RemoteBucket remote, ICacheEntry entry)
    {
        if (WasTried(name) || budget.IsDoubtful(remote, name.Key))
        {
            return;
        }

        var (known, since) = (entry.Info, fills.PointOf(name));
        Interlocked.Increment(ref _refreshing);
        if (revalidations.TryAskAsync(name, remote, known) is not { } asked)
        {
            Interlocked.Decrement(ref _refreshing);
            return;
        }

        if (_tried.Count >= Limit)
        {
            _tried.Clear();
        }

        _tried[name] = time.GetTimestamp();
        var isWhole = entry.Identity.ChunkSize == 0
            && (known.Size == 0 || entry.FirstCached(0) is { First: 0 } all && all.Length == known.Size);
        _ = EndRefreshAsync(name, remote, known.ETag, isWhole ? since : null, asked);
    }

    private bool WasTried(ObjectName name) => !_tried.IsEmpty && _tried.TryGetValue(name, out var tried)
        && time.GetElapsedTime(tried) < settings.Revalidation.Life - _ageing;

    private async Task EndRefreshAsync(ObjectName name, RemoteBucket remote, string etag, RefillPoint? since,
        Task<RevalidationOutcome> asked)
    {
        try
        {
            var outcome = await asked;
            if (outcome.Result != RevalidationResult.Unknown)
            {
                _tried.TryRemove(name, out _);
                if (outcome is { Result: RevalidationResult.Changed, Info: { } newer } && since is { } point)
                {
                    await fills.RefillAsync(name, remote, newer, etag, point);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _refreshing);
        }
    }

    private enum EntryState
    {
        /// <summary>Used as it is.</summary>
        Fresh,

        /// <summary>Used, and revalidated in the background: its lifetime ends soon (rule S4).</summary>
        Ageing,

        /// <summary>Past its lifetime: revalidated before use, and used anyway if the remote cannot be asked (table F).</summary>
        Stale,

        /// <summary>Revalidated before use, at any age.</summary>
        Doubted,
    }
}

/// <summary>The decision about an entry.</summary>
/// <param name="Use">How it may be used.</param>
/// <param name="Info">
/// The object as now known: the entry's, with headers the remote may have updated; the new version's if outdated.
/// </param>
/// <param name="Age">Time since the entry was last known to be current.</param>
/// <param name="Failure">Why the entry is unusable; else null.</param>
internal readonly record struct FreshnessVerdict(EntryUsability Use, ObjectInfo Info, TimeSpan Age, RemoteException? Failure = null);

/// <summary>How an entry may be used.</summary>
internal enum EntryUsability
{
    /// <summary>Used: within its lifetime.</summary>
    Hit,

    /// <summary>Used: the remote just confirmed it.</summary>
    Revalidated,

    /// <summary>Used past its lifetime: the remote cannot be asked.</summary>
    Stale,

    /// <summary>Not used: the remote has another version.</summary>
    Outdated,

    /// <summary>Not used: the object is gone, or the remote was needed and failed.</summary>
    Unusable,
}

/// <summary>Where an object stood at a moment.</summary>
/// <param name="Generation">How often its key was written or deleted here.</param>
/// <param name="Completions">How often it was opened at the remote.</param>
internal readonly record struct RefillPoint(long Generation, long Completions);
