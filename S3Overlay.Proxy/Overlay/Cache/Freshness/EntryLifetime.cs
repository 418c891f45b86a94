using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>Maps an entry's age, the time since it was last known to be current, to its state.</summary>
/// <remarks>
/// <code>
///   validated                        4/5 of its lifetime        lifetime             lifetime + S3_OVERLAY_STALE_IF_ERROR
///      |------------ fresh -------------|------ ageing ----------|------- stale ---------|------ stale, and not usable ------
/// </code>
/// With <c>never</c> and <c>frozen</c> an entry is always fresh, with <c>always</c> it is always doubted.
/// </remarks>
internal sealed class EntryLifetime(FreshnessSettings settings)
{
    /// <summary>
    /// Tolerated clock skew between machines that share a store. A date farther in the future means that a clock was set back.
    /// </summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _ageing = FreshOf(settings);

    /// <summary>How long an entry is used without a background revalidation.</summary>
    public static TimeSpan FreshOf(FreshnessSettings settings) => settings.Revalidation.Life / 5 * 4;

    public EntryState StateOf(TimeSpan age) => settings.Revalidation.Mode switch
    {
        RevalidationMode.Never or RevalidationMode.Frozen => EntryState.Fresh,
        RevalidationMode.Always => EntryState.Doubted,
        _ when age < _ageing => age > -Ahead ? EntryState.Fresh : EntryState.Stale,
        _ => age < settings.Revalidation.Life ? EntryState.Ageing : EntryState.Stale,
    };

    /// <summary>True if a stale entry may be used while the remote cannot be asked.</summary>
    public bool IsOfUse(TimeSpan age) => settings.StaleIfError is not { } bound || age - settings.Revalidation.Life <= bound;
}

internal enum EntryState
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
