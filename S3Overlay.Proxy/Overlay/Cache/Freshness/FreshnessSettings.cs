using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>How far held copies are believed (rules S1, S4, table F).</summary>
public sealed record FreshnessSettings
{
    /// <summary>When copies are compared with the remote.</summary>
    public Revalidation Revalidation { get; init; } = Revalidation.Never;

    /// <summary>Whether what is held is never replaced.</summary>
    public bool IsFrozen => Revalidation.Mode == RevalidationMode.Frozen;

    /// <summary>How long past its life a copy may be served while the remote cannot be asked; null for any time.</summary>
    public TimeSpan? StaleIfError { get; init; }

    /// <summary>How long it is remembered that the remote lacks a key (rule S2); no time for not at all.</summary>
    public TimeSpan NegativeLife { get; init; }

    /// <summary>Whether clients may say how far a copy will do (rule S3). Where copies are frozen they may not in any case.</summary>
    public bool AllowsDirectives { get; init; } = true;

    /// <summary>
    /// How long a reader who could be given a copy past its life waits for the remote's word on it. The question goes on without him.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long he waits where there is reason to think that the remote will not tell.</summary>
    public TimeSpan ShortPatience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How often one such reader asks a remote that answers and does not tell. All others are given their copies at once.
    /// </summary>
    public TimeSpan SilentEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What the settings say.</summary>
    public static FreshnessSettings From(ProxyOptions options) => new()
    {
        Revalidation = options.Cache.Revalidation,
        NegativeLife = options.Cache.NegativeLife,
        AllowsDirectives = options.Cache.AllowsDirectives,
        StaleIfError = options.Cache.StaleIfError,

        // Who can be given a copy must not have spent all the time there is for an answer by then.
        Timeout = Shorter(new FreshnessSettings().Timeout, options.RemoteBudget / 2),
        ShortPatience = Shorter(new FreshnessSettings().ShortPatience, options.RemoteBudget / 2),
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
