using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>When cached entries are used and revalidated (rules S1, S4, table F).</summary>
public sealed record FreshnessSettings
{
    /// <summary>When entries are revalidated.</summary>
    public Revalidation Revalidation { get; init; } = Revalidation.Never;

    /// <summary>Whether entries are never replaced.</summary>
    public bool IsFrozen => Revalidation.Mode == RevalidationMode.Frozen;

    /// <summary>How long past its lifetime an entry may be used while the remote cannot be asked; null for any time.</summary>
    public TimeSpan? StaleIfError { get; init; }

    /// <summary>How long a 404 of the remote is remembered (rule S2); zero turns the negative cache off.</summary>
    public TimeSpan NegativeLife { get; init; }

    /// <summary>Whether clients may send cache directives (rule S3). Ignored when the cache is frozen.</summary>
    public bool AllowsDirectives { get; init; } = true;

    /// <summary>How long a read that could use a stale entry waits for the remote. The request itself goes on.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same, if the remote is unlikely to respond.</summary>
    public TimeSpan ShortTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often one read asks a remote that responds but gives no verdict. The other reads get stale entries at once.</summary>
    public TimeSpan SilentEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Takes the values from the proxy's options.</summary>
    public static FreshnessSettings From(ProxyOptions options) => new()
    {
        Revalidation = options.Cache.Revalidation,
        NegativeLife = options.Cache.NegativeLife,
        AllowsDirectives = options.Cache.AllowsDirectives,
        StaleIfError = options.Cache.StaleIfError,

        // A read that can fall back to an entry must not use up its whole budget first.
        Timeout = Shorter(new FreshnessSettings().Timeout, options.RemoteBudget / 2),
        ShortTimeout = Shorter(new FreshnessSettings().ShortTimeout, options.RemoteBudget / 2),
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
